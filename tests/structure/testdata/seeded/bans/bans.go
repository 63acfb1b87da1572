// Package bans holds one violation of each ban, and what looks like one.
package bans

import (
	"context"
	"database/sql"
	"encoding/csv"
	"math/rand/v2"
	"net/http"
	"os"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool" // the import alone is harmless
)

func connections(ctx context.Context) {
	_, _ = pgx.Connect(ctx, "")        // want "outside the pool"
	_, _ = pgx.ConnectConfig(ctx, nil) // want "outside the pool"
	p, _ := pgxpool.New(ctx, "")       // want "outside the pool"
	c, _ := p.Acquire(ctx)             // want "outside the pool"
	_ = c.Hijack()                     // want "outside the pool"
	_, _ = sql.Open("", "")            // want "outside the pool"
	b := &pgx.Batch{}
	b.QueuedQueries = nil // want "filled by hand"
}

func session(ctx context.Context, tx pgx.Tx) {
	_, _ = tx.Exec(ctx, "SET SESSION statement_timeout = 0")             // want "changes the session"
	_, _ = tx.Exec(ctx, "set "+"role openhouse_staff")                   // want "changes the session"
	_, _ = tx.Exec(ctx, "select set_config('app.tenant_id', $1, false)") // want "changes the session"
	_, _ = tx.Exec(ctx, "select set_config('app.tenant_id', $1, true)")  // ends with the transaction
	_, _ = tx.Exec(ctx, "update staff set role = 'admin' where id = $1") // a column
}

func surroundings() {
	_ = os.Getenv("HOME")                       // want "the environment"
	_ = http.ListenAndServe("127.0.0.1:0", nil) // want "a server of one's own"
	_ = &http.Server{}                          // want "a server of one's own"
	_, _ = http.Get("http://127.0.0.1")         // want "without a time limit"
	_ = csv.NewWriter(os.Stdout)                // want "a CSV file"
	_ = rand.IntN(6)                            // want "guessable"
	os.Exit(1)                                  // want "an end of the program"
}
