package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"time"

	"openhouse.example/packages/db"
)

// outcome is what becomes of an error: the answer, and how loud the log is.
type outcome struct {
	status int
	code   string
	public string
	fields map[string]string
	retry  time.Duration
	level  slog.Level
}

// statusClientGone is what the log calls a request whose client hung up.
const statusClientGone = 499

var (
	internal   = outcome{status: 500, code: "internal", public: textInternal, level: slog.LevelError}
	stopping   = outcome{status: 503, code: "stopping", public: textDown, retry: time.Second, level: slog.LevelWarn}
	clientGone = outcome{status: statusClientGone, code: "client_gone", level: slog.LevelDebug}
)

// table is the one place where the database's sentinels become answers. The
// first match counts. Trouble of ours is an error in the log, what clients do to
// each other is not. Neutral words for constraints: which row is in the way may
// be somebody else's business.
var table = []struct {
	match error
	outcome
}{
	{db.ErrPoolExhausted, outcome{status: 503, code: "busy", public: textBusy, retry: time.Second, level: slog.LevelError}},
	{db.ErrDatabaseDown, outcome{status: 503, code: "unavailable", public: textDown, retry: time.Second, level: slog.LevelError}},
	{db.ErrClosed, outcome{status: 503, code: "unavailable", public: textDown, retry: time.Second, level: slog.LevelWarn}},
	{db.ErrUnsafe, outcome{status: 503, code: "unavailable", public: textDown, retry: 5 * time.Second, level: slog.LevelError}},
	{db.ErrDiskFull, outcome{status: 503, code: "read_only", public: textReadOnly, retry: 5 * time.Second, level: slog.LevelError}},
	{db.ErrReadOnly, outcome{status: 503, code: "read_only", public: textReadOnly, retry: time.Second, level: slog.LevelError}},
	{db.ErrCommitUnknown, outcome{status: 503, code: "outcome_unknown", public: textUnknown, retry: time.Second, level: slog.LevelError}},
	{db.ErrQueryTimeout, outcome{status: 503, code: "timeout", public: textTimeout, retry: time.Second, level: slog.LevelError}},

	{db.ErrLockTimeout, outcome{status: 409, code: "locked", public: textLocked, retry: time.Second, level: slog.LevelWarn}},
	{db.ErrConflict, outcome{status: 409, code: "locked", public: textLocked, retry: time.Second, level: slog.LevelWarn}},
	{db.ErrKeyBusy, outcome{status: 409, code: "key_busy", public: textKeyBusy, retry: time.Second, level: slog.LevelInfo}},
	{db.ErrKeyReused, outcome{status: 422, code: "key_reused", public: textKeyReused, level: slog.LevelInfo}},
	{db.ErrUnique, outcome{status: 409, code: "exists", public: textExists, level: slog.LevelInfo}},
	{db.ErrForeignKey, outcome{status: 409, code: "referenced", public: textReferenced, level: slog.LevelInfo}},
	{db.ErrCheck, outcome{status: 422, code: "invalid", public: textCheck, level: slog.LevelInfo}},
	{db.ErrNotFound, outcome{status: 404, code: "not_found", public: textNotFound, level: slog.LevelDebug}},
	{db.ErrScopeRefused, outcome{status: 401, code: "unauthorized", public: textUnauthorized, level: slog.LevelInfo}},

	// A scope that can't be resolved, or a statement outside of it, is a mistake in this program.
	{db.ErrNoScope, internal},
	{db.ErrForbidden, internal},
	{db.ErrNestedAcquire, internal},
	{db.ErrHandleClosed, internal},

	{os.ErrDeadlineExceeded, outcome{status: 408, code: "too_slow", public: textTooSlow, level: slog.LevelInfo}},
	{context.DeadlineExceeded, outcome{status: 503, code: "timeout", public: textTimeout, retry: time.Second, level: slog.LevelError}},
}

// decide turns an error into its outcome. An *Error is its own; what nobody
// knows is 500 without details.
func decide(err error) outcome {
	var own *Error
	if errors.As(err, &own) {
		level := slog.LevelDebug
		if own.Status >= 500 {
			level = slog.LevelError
		}
		return outcome{own.Status, own.Code, own.Public, own.Fields, own.RetryAfter, level}
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return decide(TooLarge(tooLarge.Limit))
	}
	if e, ok := asDatabase(err); ok && e.Op == "read" && errors.Is(e.Kind, db.ErrReadOnly) {
		return internal // a Read that writes is a mistake in this program, not a demoted primary
	}
	for _, row := range table {
		if errors.Is(err, row.match) {
			return row.outcome
		}
	}
	return internal
}

func asDatabase(err error) (e *db.Error, ok bool) {
	ok = errors.As(err, &e)
	return e, ok
}

// isSlowBody reports whether the client's own slowness ended the request.
func isSlowBody(err error) bool {
	_, ours := asDatabase(err)
	return !ours && errors.Is(err, os.ErrDeadlineExceeded)
}
