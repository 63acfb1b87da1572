package db

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// The outcomes that callers tell apart, with errors.Is. Every error that leaves this package wraps at most one of
// them; an error that wraps none is a bug or a plain SQL mistake.
var (
	ErrPoolExhausted = errors.New("no database connection became free in time")
	ErrDatabaseDown  = errors.New("the database can't be reached")
	ErrUnsafe        = errors.New("the database login or schema is not safe to serve with")
	ErrClosed        = errors.New("the pool is closed")
	ErrNestedAcquire = errors.New("a callback that holds a connection asked a full pool for another one")
	ErrHandleClosed  = errors.New("a database handle was used after its callback had returned")

	ErrNoScope      = errors.New("the statement ran without a scope")
	ErrScopeRefused = errors.New("the scope is not valid (any more)")
	ErrForbidden    = errors.New("the scope's role may not do this")
	ErrReadOnly     = errors.New("the database refused a write because the transaction is read-only")

	ErrQueryTimeout  = errors.New("the statement took too long")
	ErrLockTimeout   = errors.New("another transaction held the row for too long")
	ErrConflict      = errors.New("the transaction collided with another one")
	ErrCommitUnknown = errors.New("the connection was lost during COMMIT: the outcome is unknown")
	ErrDiskFull      = errors.New("the database has no space left")

	ErrNotFound   = errors.New("no such row")
	ErrUnique     = errors.New("a row with this key exists already")
	ErrForeignKey = errors.New("the row refers to one that does not exist, or is referred to")
	ErrCheck      = errors.New("a value is outside what the column allows")

	ErrKeyReused = errors.New("the idempotency key was used for another request")
	ErrKeyBusy   = errors.New("the first request with this idempotency key is still running")
)

// Error is what every operation of this package returns: which operation, what kind of failure, and, where the
// pool is the cause, its figures at that moment. It carries no argument values.
type Error struct {
	Op         string        // "read", "write", "door", "withclient", "acquire", "open"
	Kind       error         // one of the sentinels above, or nil
	Code       string        // SQLSTATE, or ""
	Constraint string        // name of the violated constraint, or ""
	Limit      time.Duration // the limit that was exceeded, or 0
	Stats      PoolStats     // figures when the error arose
	Attempts   int           // how often the work was started
	Cause      error         // what the driver said
}

// Error names the operation, the kind, and for a pool problem the limit, the figures and the cure.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("db: ")
	b.WriteString(e.Op)
	if e.Kind != nil {
		b.WriteString(": ")
		b.WriteString(e.Kind.Error())
	}
	switch {
	case errors.Is(e.Kind, ErrPoolExhausted):
		fmt.Fprintf(&b, ": waited %v (total %d, idle %d, waiting %d): look for slow statements or raise DB_POOL_MAX",
			e.Limit, e.Stats.TotalCount, e.Stats.IdleCount, e.Stats.WaitingCount)
	case errors.Is(e.Kind, ErrDatabaseDown) && e.Limit > 0:
		fmt.Fprintf(&b, " within %v (%d attempts)", e.Limit, e.Attempts)
	}
	if e.Code != "" {
		fmt.Fprintf(&b, " (SQLSTATE %s)", e.Code)
	}
	if e.Constraint != "" {
		fmt.Fprintf(&b, " (constraint %s)", e.Constraint)
	}
	if e.Cause != nil && !errors.Is(e.Cause, e.Kind) {
		b.WriteString(": ")
		b.WriteString(e.Cause.Error())
	}
	return b.String()
}

// Unwrap gives errors.Is and errors.As both the sentinel and the driver's error.
func (e *Error) Unwrap() []error {
	out := make([]error, 0, 2)
	if e.Kind != nil {
		out = append(out, e.Kind)
	}
	if e.Cause != nil {
		out = append(out, e.Cause)
	}
	return out
}

// wrap is the one place where a driver's error becomes ours. An error that is ours already passes unchanged, so a
// callback may return what a handle gave it.
func (p *Pool) wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	var ours *Error
	if errors.As(err, &ours) {
		return err
	}
	kind, code, constraint := classify(err)
	if kind == nil && code == "" && !isDriverError(err) {
		return err // the callback's own error: not a database matter
	}
	return &Error{Op: op, Kind: kind, Code: code, Constraint: constraint, Stats: p.GetPoolStats(), Attempts: 1, Cause: err}
}

func isDriverError(err error) bool {
	var connect *pgconn.ConnectError
	return errors.As(err, &connect) || pgconn.SafeToRetry(err) || isBrokenWire(err)
}

// classify maps what the driver reports to a sentinel, the SQLSTATE and the constraint's name.
func classify(err error) (kind error, code, constraint string) {
	for _, known := range []error{ErrNotFound, ErrKeyReused, ErrKeyBusy, ErrScopeRefused, ErrHandleClosed} {
		if errors.Is(err, known) {
			return known, "", ""
		}
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return kindOfState(pg), pg.Code, pg.ConstraintName
	}
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return ErrNotFound, "", ""
	case errors.Is(err, context.Canceled):
		return context.Canceled, "", ""
	case errors.Is(err, context.DeadlineExceeded):
		return ErrQueryTimeout, "", ""
	case isBrokenWire(err):
		return ErrDatabaseDown, "", ""
	}
	return nil, "", ""
}

// kindOfState reads a SQLSTATE (PostgreSQL documentation, appendix A).
func kindOfState(pg *pgconn.PgError) error {
	switch pg.Code {
	case "23505":
		return ErrUnique
	case "23503":
		return ErrForeignKey
	case "23514", "23502", "22001", "22003":
		return ErrCheck
	case "25006":
		return ErrReadOnly
	case "57014":
		return ErrQueryTimeout
	case "55P03":
		return ErrLockTimeout
	case "40001", "40P01":
		return ErrConflict
	case "53100":
		return ErrDiskFull
	case "42704":
		if strings.Contains(pg.Message, `"app.`) { // a fresh connection has never heard of the setting
			return ErrNoScope
		}
	case "22P02":
		if strings.Contains(pg.Message, `uuid: ""`) { // a reused one has it left behind as ''
			return ErrNoScope
		}
	case "42501":
		return ErrForbidden
	case "57P01", "57P02", "57P03", "53300", "28P01", "28000", "3D000":
		return ErrDatabaseDown
	}
	if strings.HasPrefix(pg.Code, "08") {
		return ErrDatabaseDown
	}
	return nil
}
