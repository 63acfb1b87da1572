package pgtest

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Value answers the one value of the one row that sql selects, as the superuser
// sees it. It fails the test on an error, on no row and on several.
func Value[T any](db *DB, sql string, args ...any) T {
	db.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), stepLimit)
	defer cancel()
	// A connection of its own, for tests that ask from several goroutines.
	conn, err := db.host.connect(ctx, db.Name)
	if err != nil {
		db.t.Fatalf("pgtest: %v", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	rows, _ := conn.Query(ctx, sql, args...) // CollectExactlyOneRow reports its error
	value, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[T])
	if err != nil {
		db.t.Fatalf("pgtest: %v\nin %s", err, sql)
	}
	return value
}
