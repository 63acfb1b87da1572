package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"time"

	"openhouse.example/packages/db"
	"openhouse.example/packages/ui/text"
)

// outcome is what becomes of an error: the answer, and how loud the log is.
type outcome struct {
	status int
	code   string
	public text.Message
	fields map[string]text.Message
	retry  time.Duration
	level  slog.Level
}

// statusClientGone is what the log calls a request whose client hung up.
const statusClientGone = 499

var (
	internal   = outcome{500, "internal", text.M("answer.internal"), nil, 0, slog.LevelError}
	stopping   = outcome{503, "stopping", text.M("answer.stopping"), nil, time.Second, slog.LevelWarn}
	clientGone = outcome{status: statusClientGone, code: "client_gone", level: slog.LevelDebug}

	databaseAway  = outcome{503, "database_unavailable", text.M("answer.database-unavailable"), nil, time.Second, slog.LevelError}
	databaseShut  = outcome{503, "database_unavailable", text.M("answer.database-unavailable"), nil, time.Second, slog.LevelWarn}
	databaseUnfit = outcome{503, "database_unavailable", text.M("answer.database-unavailable"), nil, 5 * time.Second, slog.LevelError}
	queryTimeout  = outcome{504, "query_timeout", text.M("answer.query-timeout"), nil, time.Second, slog.LevelError}
)

// table is the one place where the database's sentinels become answers. The
// first match counts. Trouble of ours is an error in the log, what clients do to
// each other is not. Neutral words for constraints: which row is in the way may
// be somebody else's business.
var table = []struct {
	match error
	outcome
}{
	{db.ErrPoolExhausted, outcome{503, "pool_exhausted", text.M("answer.pool-exhausted"), nil, time.Second, slog.LevelError}},
	{db.ErrDatabaseDown, databaseAway},
	{db.ErrClosed, databaseShut},
	{db.ErrUnsafe, databaseUnfit},
	{db.ErrDiskFull, outcome{507, "disk_full", text.M("answer.disk-full"), nil, 5 * time.Second, slog.LevelError}},
	{db.ErrReadOnly, outcome{503, "read_only", text.M("answer.read-only"), nil, time.Second, slog.LevelError}},
	{db.ErrCommitUnknown, outcome{503, "commit_unknown", text.M("answer.commit-unknown"), nil, time.Second, slog.LevelError}},
	{db.ErrQueryTimeout, queryTimeout},
	{db.ErrLockTimeout, outcome{503, "lock_timeout", text.M("answer.lock-timeout"), nil, time.Second, slog.LevelWarn}},

	{db.ErrConflict, outcome{409, "conflict", text.M("answer.conflict"), nil, time.Second, slog.LevelWarn}},
	{db.ErrKeyBusy, outcome{409, "key_busy", text.M("answer.key-busy"), nil, time.Second, slog.LevelInfo}},
	{db.ErrKeyReused, outcome{422, "key_reused", text.M("answer.key-reused"), nil, 0, slog.LevelInfo}},
	{db.ErrUnique, outcome{409, "exists", text.M("answer.exists"), nil, 0, slog.LevelInfo}},
	{db.ErrForeignKey, outcome{409, "referenced", text.M("answer.referenced"), nil, 0, slog.LevelInfo}},
	{db.ErrCheck, outcome{422, "invalid", text.M("answer.out-of-range"), nil, 0, slog.LevelInfo}},
	{db.ErrNotFound, outcome{404, "not_found", text.M("error.404.text"), nil, 0, slog.LevelDebug}},
	{db.ErrScopeRefused, outcome{401, "unauthorized", text.M("answer.unauthorized"), nil, 0, slog.LevelInfo}},

	// A scope that can't be resolved, or a statement outside of it, is a mistake in this program.
	{db.ErrNoScope, internal},
	{db.ErrForbidden, internal},
	{db.ErrNestedAcquire, internal},
	{db.ErrHandleClosed, internal},

	{os.ErrDeadlineExceeded, outcome{408, "too_slow", text.M("answer.too-slow"), nil, 0, slog.LevelInfo}},
	{context.DeadlineExceeded, queryTimeout},
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
