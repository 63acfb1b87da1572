package db

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// Read runs fn with a handle whose statements are read-only and scoped by s, and returns what fn returns.
//
// Each statement is a transaction of its own, one round trip: scope, guard (before the first) and statement travel
// together. When the connection dies under it, fn is run again on another one, within DB_POOL_CONN_TIMEOUT_MS: it
// may be called more than once and must have no effect but its result.
//
// Errors: ErrPoolExhausted, ErrDatabaseDown, ErrScopeRefused, ErrNotFound, ErrQueryTimeout, or what fn returned.
func Read[T any](ctx context.Context, p *Pool, s Scope, fn func(ctx context.Context, q Querier) (T, error)) (T, error) {
	var zero T
	if err := s.validate(); err != nil {
		return zero, &Error{Op: "read", Kind: ErrNoScope, Cause: err}
	}
	deadline := time.Now().Add(p.cfg.ConnTimeout.Duration())
	p.budget.earn()
	for attempt := 1; ; attempt++ {
		value, decisive, err := readOnce(ctx, p, s, attempt, deadline, fn)
		if err == nil {
			return value, nil
		}
		v := judge(decisive) // of nil it is final
		if !v.mayReadAgain() || !p.mayGoOn(ctx, deadline, v) {
			return zero, p.wrap("read", err)
		}
		p.retried(ctx, "read", attempt, decisive)
		if !pause(ctx, attempt) {
			return zero, p.wrap("read", err)
		}
	}
}

// readOnce is one attempt. decisive is nil when no connection could be had: acquire has waited already.
func readOnce[T any](ctx context.Context, p *Pool, s Scope, attempt int, deadline time.Time, fn func(context.Context, Querier) (T, error)) (value T, decisive, err error) {
	r := &reading{operation: operation{lease: lease{op: "read", attempt: attempt}}, scope: s}
	if err := p.acquire(ctx, &r.lease, deadline); err != nil {
		return value, nil, err
	}
	defer r.lease.release(ctx)
	defer r.finish()
	r.prefix = r
	value, err = fn(r.holding(ctx), r)
	return value, r.decisive(err), err
}

// reading is an attempt at a Read: every statement is scoped, the first one guarded as well.
type reading struct {
	operation
	scope   Scope
	guarded bool // the guard has been asked
}

func (r *reading) queue(b *pgx.Batch) { r.scope.queue(b, true, !r.guarded) }

func (r *reading) settle(br pgx.BatchResults) error {
	first := !r.guarded
	r.guarded = true
	return r.scope.settle(br, first)
}
