// Package audit holds writes with and without an entry in the audit log.
package audit

import (
	"context"

	"openhouse.example/packages/db"
)

var (
	pool  *db.Pool
	scope db.Scope
)

func noted(ctx context.Context) (int, error) {
	return db.Write(ctx, pool, scope, db.Intent{}, func(_ context.Context, tx *db.Tx) (int, error) {
		if pool != nil {
			tx.Audit(db.Event{Action: "thing.change"})
		}
		return 1, nil
	})
}

func forgotten(ctx context.Context) (int, error) {
	return db.Write(ctx, pool, scope, db.Intent{}, func(context.Context, *db.Tx) (int, error) { return 1, nil }) // want "without an entry in the audit log"
}

func inAHelper(ctx context.Context) (int, error) {
	return db.Write[int](ctx, pool, scope, db.Intent{}, func(ctx context.Context, tx *db.Tx) (int, error) { return helper(ctx, tx, 3) })
}

func helper(ctx context.Context, tx *db.Tx, depth int) (int, error) {
	if depth > 0 {
		return helper(ctx, tx, depth-1)
	}
	return 0, deeper{}.note(tx)
}

type deeper struct{}

func (deeper) note(tx *db.Tx) error {
	tx.Audit(db.Event{Action: "thing.change"})
	return nil
}

// Another write's entry is not this one's.
func inAnotherWrite(ctx context.Context) (int, error) {
	return db.Write(ctx, pool, scope, db.Intent{}, func(ctx context.Context, _ *db.Tx) (int, error) { return noted(ctx) }) // want "without an entry in the audit log"
}

func byName(ctx context.Context) error {
	_, err := db.Write(ctx, pool, scope, db.Intent{}, callback)
	if err == nil {
		_, err = db.Write(ctx, pool, scope, db.Intent{}, silent) // want "without an entry in the audit log"
	}
	return err
}

func callback(_ context.Context, tx *db.Tx) (struct{}, error) { return struct{}{}, deeper{}.note(tx) }

func silent(context.Context, *db.Tx) (struct{}, error) { return struct{}{}, nil }

func wrapped(ctx context.Context, fn func(context.Context, *db.Tx) (int, error)) (int, error) {
	return db.Write(ctx, pool, scope, db.Intent{}, fn) // want "can't be followed"
}

func passedOn() any { return db.Write[int] } // want "passed on as a value"

var later = pool.WithClient // want "a variable of"

func byHand(ctx context.Context) error {
	return pool.WithClient(ctx, scope, func(context.Context, *db.Client) error { return nil }) // want "WithClient may write"
}

func excepted(ctx context.Context) (int, error) {
	return db.Write(ctx, pool, scope, db.Intent{}, func(context.Context, *db.Tx) (int, error) { return 1, nil })
}
