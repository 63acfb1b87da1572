package knowledge_test

import (
	"context"
	"fmt"
	"io"

	"github.com/google/uuid"

	"openhouse.example/packages/db"
	"openhouse.example/packages/knowledge"
)

// The worker reads a file and hands on what to do in the transaction in which its job ends.
func ExampleIndex() {
	read := func(ctx context.Context, e *knowledge.Extractor, v knowledge.Version, file io.ReaderAt, size int64) (func(context.Context, *db.Tx) error, error) {
		doc, err := e.Extract(ctx, file, size)
		if err != nil {
			return nil, err // another try may mend it
		}
		return func(ctx context.Context, tx *db.Tx) error { return knowledge.Index(ctx, tx, v, doc) }, nil
	}
	_ = read
}

// A portal asks on behalf of whoever the scope stands for.
func ExampleAsk() {
	ask := func(ctx context.Context, pool *db.Pool, scope db.Scope, unitID uuid.UUID, question string) error {
		answer, err := db.Read(ctx, pool, scope, func(ctx context.Context, q db.Querier) (knowledge.Answer, error) {
			return knowledge.Ask(ctx, q, scope.TenantID, unitID, question)
		})
		if err != nil {
			return err
		}
		for _, quote := range answer.Quotes {
			fmt.Printf("“%s”: %s, version %d, page %d\n", quote.Quote, quote.Title, quote.Number, quote.Page)
		}
		return nil
	}
	_ = ask
}
