package db

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Querier is the small handle that a callback works with. It is valid only until the callback returns and not safe
// for concurrent use. sqlc's generated code accepts it as DBTX.
type Querier interface {
	// Exec runs a statement and returns how many rows it touched.
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	// Query runs a statement; the caller reads the rows to their end or closes them.
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	// QueryRow runs a statement of which Scan reads the first row; none is ErrNotFound.
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	// SendBatch runs several statements in one round trip; the caller closes the results.
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// batchRows are the rows of the last statement of a batch. Reading them to the end closes the batch, so that the
// connection is free for the next statement.
type batchRows struct {
	pgx.Rows
	op     *operation
	br     pgx.BatchResults
	closed bool
	err    error
}

func (r *batchRows) Next() bool {
	if r.Rows.Next() {
		return true
	}
	r.Close()
	return false
}

func (r *batchRows) Close() {
	if r.closed {
		return
	}
	r.closed = true
	r.Rows.Close()
	if err := r.br.Close(); err != nil {
		r.err = r.op.fail(err)
	}
}

func (r *batchRows) Err() error {
	if err := r.Rows.Err(); err != nil {
		return r.op.fail(err)
	}
	return r.err
}

// Conn hides the driver's connection: it must not outlive the callback, nor be used past the scope.
func (r *batchRows) Conn() *pgx.Conn { return nil }

// batchRow is the first row of the last statement of a batch.
type batchRow struct {
	pgx.Row
	op *operation
	br pgx.BatchResults
}

func (r batchRow) Scan(dest ...any) error {
	err := r.Row.Scan(dest...)
	if closeErr := r.br.Close(); err == nil {
		err = closeErr
	}
	return r.op.fail(err)
}

// plainRows and plainRow translate the errors of a statement that was sent alone.
type plainRows struct {
	pgx.Rows
	op *operation
}

func (r plainRows) Err() error { return r.op.fail(r.Rows.Err()) }

// Conn hides the driver's connection, as batchRows does.
func (r plainRows) Conn() *pgx.Conn { return nil }

type plainRow struct {
	pgx.Row
	op *operation
}

func (r plainRow) Scan(dest ...any) error { return r.op.fail(r.Row.Scan(dest...)) }

// failedRow is a row whose statement could not be sent.
type failedRow struct{ err error }

func (r failedRow) Scan(...any) error { return r.err }

// failedRows are rows whose statement could not be sent: they are empty and Err says why, as the driver's own are.
type failedRows struct {
	pgx.Rows
	err error
}

func (r failedRows) Close()                        {}
func (r failedRows) Next() bool                    { return false }
func (r failedRows) Err() error                    { return r.err }
func (r failedRows) Scan(...any) error             { return r.err }
func (r failedRows) Values() ([]any, error)        { return nil, r.err }
func (r failedRows) CommandTag() pgconn.CommandTag { return pgconn.CommandTag{} }
func (r failedRows) RawValues() [][]byte           { return nil }
func (r failedRows) Conn() *pgx.Conn               { return nil }

func (r failedRows) FieldDescriptions() []pgconn.FieldDescription { return nil }

// batchResults are the caller's part of a batch that starts with a scope.
type batchResults struct {
	pgx.BatchResults
	op *operation
}

func (r batchResults) Exec() (pgconn.CommandTag, error) {
	tag, err := r.BatchResults.Exec()
	return tag, r.op.fail(err)
}

func (r batchResults) Query() (pgx.Rows, error) {
	rows, err := r.BatchResults.Query()
	if err != nil {
		err = r.op.fail(err)
		return failedRows{err: err}, err
	}
	return plainRows{Rows: rows, op: r.op}, nil
}

func (r batchResults) QueryRow() pgx.Row {
	return plainRow{Row: r.BatchResults.QueryRow(), op: r.op}
}

func (r batchResults) Close() error { return r.op.fail(r.BatchResults.Close()) }

// Tx hides the driver's transaction: it must not outlive the callback.
func (r batchResults) Tx() pgx.Tx { return nil }
