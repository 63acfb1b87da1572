package db_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"openhouse.example/packages/db"
)

const benchSQL = "select body from notes where tenant_id = $1 order by body"

// BenchmarkScopedRead is what a caller pays.
func BenchmarkScopedRead(b *testing.B) {
	h := newHouse(b)
	p := open(b, settings(b, h.StaffURL()))
	b.ReportAllocs()
	for b.Loop() {
		notes, err := db.Read(b.Context(), p, scope(h.a), func(ctx context.Context, q db.Querier) ([]string, error) {
			return column(ctx, q, benchSQL, h.a)
		})
		if err != nil || len(notes) != 3 {
			b.Fatal(notes, err)
		}
	}
}

// BenchmarkHandWrittenBatch is the same scope and query on the driver's pool, without what the package adds.
func BenchmarkHandWrittenBatch(b *testing.B) {
	h := newHouse(b)
	p := rawPool(b, h.StaffURL())
	b.ReportAllocs()
	for b.Loop() {
		batch := &pgx.Batch{}
		batch.Queue("select set_config('role', $1, true), set_config('app.tenant_id', $2, true), set_config('transaction_read_only', 'on', true)", staff, h.a.String())
		batch.Queue(benchSQL, h.a)
		br := p.SendBatch(b.Context(), batch)
		if _, err := br.Exec(); err != nil {
			b.Fatal(err)
		}
		rows, err := br.Query()
		if err != nil {
			b.Fatal(err)
		}
		notes, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if closeErr := br.Close(); err != nil || closeErr != nil || len(notes) != 3 {
			b.Fatal(notes, err, closeErr)
		}
	}
}

// BenchmarkUnprotectedRead is the plain query as a superuser: no role, no row-level security.
func BenchmarkUnprotectedRead(b *testing.B) {
	h := newHouse(b)
	p := rawPool(b, h.AdminURL())
	b.ReportAllocs()
	for b.Loop() {
		rows, err := p.Query(b.Context(), benchSQL, h.a)
		if err != nil {
			b.Fatal(err)
		}
		notes, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil || len(notes) != 3 {
			b.Fatal(notes, err)
		}
	}
}

func rawPool(b *testing.B, url string) *pgxpool.Pool {
	b.Helper()
	p, err := pgxpool.New(b.Context(), url)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(p.Close)
	return p
}
