package db

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// verdict is what a failure says about the work that it ended. judge is the one place where it is made;
// docs/decisions/0010-lost-commits.md has the table.
type verdict int

const (
	final   verdict = iota // it was carried out, is wrong, or nobody waits for it any more
	unsent                 // it never left this program
	unrun                  // the server refused the statement before running it: its plan is not (or not yet) known
	undone                 // the transaction was rolled back for no fault of its own: it collided with another one
	severed                // the connection died under it: nobody knows whether it was carried out
	demoted                // the server accepts no writes any more: it was not carried out
	away                   // no connection could be opened: the server isn't there, or isn't ready
	crowded                // no connection could be opened: the server has no slot left
	refused                // no connection could be opened, and trying again doesn't change that: password, TLS, no such database
)

// mayReadAgain reports whether a read can be run again.
func (v verdict) mayReadAgain() bool { return v.mayCallAgain() || v == undone || v == severed }

// mayWriteAgain reports whether a whole transaction can be run again, of which COMMIT was not sent: then a severed
// connection means that nothing was committed.
func (v verdict) mayWriteAgain() bool { return v.mayReadAgain() || v == demoted }

// mayCallAgain reports whether a single statement that may write can be run again.
func (v verdict) mayCallAgain() bool { return v == unsent || v == unrun || v.isWorthWaiting() }

// isWorthWaiting reports whether a connection that could not be opened may be had in a moment.
func (v verdict) isWorthWaiting() bool { return v == away || v == crowded }

// errNotOpened marks what went wrong between a dial and the first statement of a caller's.
var errNotOpened = errors.New("no connection was opened")

// judge reads a failure.
func judge(err error) verdict {
	var connect *pgconn.ConnectError
	opening := errors.Is(err, errNotOpened) || errors.As(err, &connect)
	var pg *pgconn.PgError
	switch {
	case err == nil:
		return final
	case errors.Is(err, ErrUnsafe), errors.Is(err, errNoSuchHost), opening && isTLSFailure(err):
		return refused
	case errors.Is(err, errStandby):
		return away
	case errors.Is(err, errAborted):
		return undone
	case errors.As(err, &pg):
		return judgeState(pg, opening)
	case opening:
		return away
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return final
	case strings.Contains(err.Error(), "conn busy"): // a mistake of ours, which the driver calls safe to retry
		return final
	case pgconn.SafeToRetry(err):
		return unsent
	case isBrokenWire(err):
		return severed
	}
	return final
}

// judgeState reads a SQLSTATE (PostgreSQL documentation, appendix A). PgBouncer reports its own troubles as 08P01.
func judgeState(pg *pgconn.PgError, opening bool) verdict {
	switch pg.Code {
	case "53300":
		return crowded
	case "08P01":
		if opening && strings.HasPrefix(pg.Message, "no more connections allowed") {
			return crowded
		}
	case "57P03":
		return away
	case "25006":
		return demoted
	case "26000", "42P05":
		return unrun
	case "40001", "40P01":
		return undone
	case "0A000":
		if strings.Contains(pg.Message, "cached plan must not change result type") {
			return unrun // the driver has dropped the statement, so that the next execution works
		}
	}
	switch gone := pg.Code == "57P01" || pg.Code == "57P02" || strings.HasPrefix(pg.Code, "08"); {
	case gone && opening:
		return away
	case gone:
		return severed
	case opening:
		return refused
	}
	return final
}

// errGarbled is an answer that ended in the middle and went on with something else. PgBouncer says that its server has
// crashed wherever it is just then, also inside a row that it has passed on half.
var errGarbled = errors.New("the connection broke inside an answer")

// isGarbled reports, of an error that has made the driver close the connection, that it is about the answer's form.
func isGarbled(err error) bool {
	var pg *pgconn.PgError
	return !errors.As(err, &pg) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) && judge(err) == final
}

// isBrokenWire reports that the connection itself failed.
func isBrokenWire(err error) bool {
	var netErr *net.OpError
	return errors.Is(err, errGarbled) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, pgconn.ErrConnClosed) ||
		errors.As(err, &netErr)
}

// mayGoOn reports whether there is time, somebody who waits, and budget for another attempt. A collision is no trouble
// of the database's, and costs none.
func (p *Pool) mayGoOn(ctx context.Context, deadline time.Time, v verdict) bool {
	return ctx.Err() == nil && time.Now().Before(deadline) && (v == undone || p.budget.spend())
}

// collisions is how often a transaction may collide before it waits for its turn.
const collisions = 2

// takeTurn lets transactions that keep colliding run one after another, so that each of them gets through however many
// there are. It returns nil when the turn did not come in time.
func (p *Pool) takeTurn(ctx context.Context, deadline time.Time) (leave func()) {
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case p.turn <- struct{}{}:
		return func() { <-p.turn }
	case <-timer.C:
	case <-ctx.Done():
	}
	return nil
}

// Backoff between attempts: doubling with full jitter, so that many waiters don't return at the same moment.
const (
	firstBackoff = 5 * time.Millisecond
	maxBackoff   = 200 * time.Millisecond
)

// pause waits before attempt n (1 = before the second try) and reports false when ctx ended first.
func pause(ctx context.Context, n int) bool {
	timer := time.NewTimer(backoff(n, firstBackoff, maxBackoff))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// backoff is a random time up to first, doubled with every n after the first, but not above most.
func backoff(n int, first, most time.Duration) time.Duration {
	return rand.N(min(first<<min(n-1, 10), most)) + time.Millisecond
}

// retried tells the observer that work is run again, and why.
func (p *Pool) retried(ctx context.Context, op string, attempt int, why error) {
	if p.observer != nil {
		p.observer(ctx, Observation{Op: op, Step: StepRetry, Attempt: attempt, Err: why})
	}
}
