package db

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// operation is one attempt at a Read, Write, Door or WithClient. It is the Querier behind all of them; they differ only
// in what goes in front of a statement.
type operation struct {
	lease  lease
	held   heldContext
	prefix prefix           // nil means that the next statement goes alone
	open   pgx.BatchResults // the last batch, closed when the attempt ends
	err    error            // the first failure, before a callback could wrap or drop it
	done   bool
}

// prefix is what has to stand before a statement, in the same batch.
type prefix interface {
	queue(b *pgx.Batch)
	// settle reads the results of what queue has put into the batch.
	settle(br pgx.BatchResults) error
}

// holding marks ctx, for a callback, as one whose caller has a connection of the pool.
func (o *operation) holding(ctx context.Context) context.Context {
	o.held = heldContext{ctx, o.lease.p}
	return &o.held
}

// fail translates an error and remembers the first one that decides whether the attempt may be repeated.
func (o *operation) fail(err error) error {
	if err == nil {
		return nil
	}
	if o.lease.raw().IsClosed() && isGarbled(err) {
		err = fmt.Errorf("%w: %w", errGarbled, err)
	}
	wrapped := o.lease.p.wrap(o.lease.op, err)
	if isBrokenWire(err) {
		o.lease.p.peers.died()
	}
	o.lease.p.suspectPooler(err)
	if o.err == nil {
		o.err = wrapped
	}
	return wrapped
}

// send puts the prefix and the caller's statements on the wire together, and reads the prefix' results.
func (o *operation) send(ctx context.Context, queue func(*pgx.Batch)) (pgx.BatchResults, error) {
	b := &pgx.Batch{}
	before := o.prefix
	before.queue(b)
	queue(b)
	br := o.lease.raw().SendBatch(ctx, b)
	o.open = br
	if err := before.settle(br); err != nil {
		_ = br.Close() // its error repeats err
		return nil, o.fail(err)
	}
	return br, nil
}

func (o *operation) ready(ctx context.Context, sql string) error {
	if o.done {
		return &Error{Op: o.lease.op, Kind: ErrHandleClosed}
	}
	o.lease.observe(ctx, StepStatement, sql, nil)
	return nil
}

func (o *operation) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if err := o.ready(ctx, sql); err != nil {
		return pgconn.CommandTag{}, err
	}
	if o.prefix == nil {
		tag, err := o.lease.raw().Exec(ctx, sql, args...)
		return tag, o.fail(err)
	}
	br, err := o.send(ctx, func(b *pgx.Batch) { b.Queue(sql, args...) })
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	tag, err := br.Exec()
	if closeErr := br.Close(); err == nil {
		err = closeErr
	}
	return tag, o.fail(err)
}

func (o *operation) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if err := o.ready(ctx, sql); err != nil {
		return failedRows{err: err}, err
	}
	if o.prefix == nil {
		rows, err := o.lease.raw().Query(ctx, sql, args...)
		if err != nil {
			err = o.fail(err)
			return failedRows{err: err}, err
		}
		return plainRows{Rows: rows, op: o}, nil
	}
	br, err := o.send(ctx, func(b *pgx.Batch) { b.Queue(sql, args...) })
	if err != nil {
		return failedRows{err: err}, err
	}
	rows, err := br.Query()
	if err != nil {
		_ = br.Close() // its error repeats err
		err = o.fail(err)
		return failedRows{err: err}, err
	}
	return &batchRows{Rows: rows, op: o, br: br}, nil
}

func (o *operation) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	if err := o.ready(ctx, sql); err != nil {
		return failedRow{err}
	}
	if o.prefix == nil {
		return plainRow{Row: o.lease.raw().QueryRow(ctx, sql, args...), op: o}
	}
	br, err := o.send(ctx, func(b *pgx.Batch) { b.Queue(sql, args...) })
	if err != nil {
		return failedRow{err}
	}
	return batchRow{Row: br.QueryRow(), op: o, br: br}
}

func (o *operation) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	first := ""
	if len(b.QueuedQueries) > 0 {
		first = b.QueuedQueries[0].SQL
	}
	if err := o.ready(ctx, first); err != nil {
		return pgx.FailedBatchResults(b, err)
	}
	if o.prefix == nil {
		br := o.lease.raw().SendBatch(ctx, b)
		o.open = br
		return batchResults{BatchResults: br, op: o}
	}
	br, err := o.send(ctx, func(all *pgx.Batch) { all.QueuedQueries = append(all.QueuedQueries, b.QueuedQueries...) })
	if err != nil {
		return pgx.FailedBatchResults(b, err)
	}
	return batchResults{BatchResults: br, op: o}
}

// finish ends the attempt: the handle is dead, and results that the callback left unread are read and dropped.
func (o *operation) finish() {
	o.done = true
	if o.open != nil {
		_ = o.open.Close() // a failure closes the connection, which release then replaces
		o.open = nil
	}
}

// decisive is the error that says whether the attempt may be repeated: the first one that the handle saw, since the
// callback may have wrapped it in words of its own.
func (o *operation) decisive(returned error) error {
	if o.err != nil {
		return o.err
	}
	return returned
}
