// Package sql holds violations for the SQL search, and what it must let through.
package sql

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"openhouse.example/packages/db"
)

const constant = "select 1"

// ours is an interface as generated code declares it.
type ours interface {
	Query(context.Context, string, ...any) (pgx.Rows, error)
	Exec(context.Context, string, ...any) (pgconn.CommandTag, error)
}

type entry struct {
	name string
	sql  string
}

func good(ctx context.Context, q db.Querier, o ours) {
	_, _ = q.Exec(ctx, constant)
	_, _ = q.Exec(ctx, constant+" as one")
	_, _ = o.Query(ctx, "select 2")
	local := "select 3"
	if ctx.Err() != nil {
		local = "select 4"
	}
	_ = q.QueryRow(ctx, local)
	passesOn(ctx, q, "select 5")
	deep(ctx, q, "select 6")
	for _, each := range []string{"select 7", "select 8"} {
		_, _ = q.Exec(ctx, each)
	}
	for _, e := range []entry{{"nine", "select 9"}, {sql: "select 10"}} {
		_, _ = q.Exec(ctx, e.sql)
	}
	_ = db.Guard{SQL: "select 11"}
	b := &pgx.Batch{}
	b.Queue("select 12")
	q.SendBatch(ctx, b)
}

func passesOn(ctx context.Context, q db.Querier, text string) {
	func() { _, _ = q.Exec(ctx, text) }()
}

func deep(ctx context.Context, q db.Querier, text string) { passesOn(ctx, q, text) }

func bad(ctx context.Context, q db.Querier, o ours, order string) {
	_, _ = q.Exec(ctx, "select 1 order by "+name())                // want "not a constant"
	_, _ = o.Query(ctx, fmt.Sprintf("select %s", order))           // want "not a constant"
	passesOn(ctx, q, name())                                       // want "not a constant"
	deep(ctx, q, "select "+order)                                  // want "not a constant"
	_ = db.Guard{SQL: name()}                                      // want "not a constant"
	_ = entry{"unnamed", name()}                                   // want "not a constant"
	(&pgx.Batch{}).Queue(order + "!")                              // want "not a constant"
	run := q.Exec                                                  // want "passed on as a value"
	_, _ = run(ctx, name())                                        // seen above
	with := func(text string) { _, _ = q.Exec(ctx, text) }         // want "not a constant"
	with(name())                                                   // seen above
	grown := "select 1"                                            //
	grown += name()                                                //
	_, _ = q.Exec(ctx, grown)                                      // want "not a constant"
	_, _ = q.Exec(ctx, variable)                                   // want "not a constant"
	_, _ = (*pgx.Conn)(nil).Prepare(ctx, "name", "select "+name()) // want "not a constant"
}

var variable = "select 1"

func name() string { return "name" }

func excepted(ctx context.Context, q db.Querier) { _, _ = q.Exec(ctx, name()) }
