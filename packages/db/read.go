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
		if decisive == nil || !mayReadAgain(decisive) || !p.mayGoOn(ctx, deadline) {
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
	l, err := p.acquire(ctx, "read", attempt, deadline)
	if err != nil {
		return value, nil, err
	}
	defer l.release(ctx)
	o := &operation{lease: l}
	defer o.finish()
	guarded := true
	o.prefix = func(b *pgx.Batch) func(pgx.BatchResults) error {
		first := guarded
		guarded = false
		s.queue(b, true, first)
		return func(br pgx.BatchResults) error { return s.settle(br, first) }
	}
	value, err = fn(holding(ctx, p), o)
	return value, o.decisive(err), err
}
