package db

import (
	"context"
	"time"
)

// Door runs fn as the pool's login, without a scope. The login has no table grants, so fn can call the door
// functions and nothing else: what has to be found before there is a scope (a person by e-mail, a link by hash).
//
// fn is run again only if its statement never reached the server; a door function may write.
//
// Errors: ErrPoolExhausted, ErrDatabaseDown, ErrForbidden (a table was named), ErrNotFound, or what fn returned.
func Door[T any](ctx context.Context, p *Pool, fn func(ctx context.Context, q Querier) (T, error)) (T, error) {
	deadline := time.Now().Add(p.cfg.ConnTimeout.Duration())
	for attempt := 1; ; attempt++ {
		value, decisive, err := doorOnce(ctx, p, attempt, deadline, fn)
		if err == nil {
			return value, nil
		}
		v := judge(decisive) // of nil it is final
		if !v.mayCallAgain() || !p.mayGoOn(ctx, deadline, v) {
			var zero T
			return zero, p.wrap("door", err)
		}
		p.retried(ctx, "door", attempt, decisive)
		if !pause(ctx, attempt) {
			var zero T
			return zero, p.wrap("door", err)
		}
	}
}

func doorOnce[T any](ctx context.Context, p *Pool, attempt int, deadline time.Time, fn func(context.Context, Querier) (T, error)) (value T, decisive, err error) {
	o := &operation{lease: lease{op: "door", attempt: attempt}}
	if err := p.acquire(ctx, &o.lease, deadline); err != nil {
		return value, nil, err
	}
	defer o.lease.release(ctx)
	defer o.finish()
	value, err = fn(o.holding(ctx), o)
	return value, o.decisive(err), err
}
