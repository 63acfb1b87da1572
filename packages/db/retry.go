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

// Backoff between attempts: doubling with full jitter, so that many waiters don't return at the same moment.
const (
	firstBackoff = 5 * time.Millisecond
	maxBackoff   = 200 * time.Millisecond
)

// isBrokenWire reports that the connection itself failed: nobody knows what the server did with the statement.
func isBrokenWire(err error) bool {
	var netErr *net.OpError
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, pgconn.ErrConnClosed) ||
		errors.As(err, &netErr)
}

// mayReadAgain reports whether a read that ended with err can be run again: the connection died under it, or the
// server refused it before it ran.
func mayReadAgain(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrUnsafe) {
		return false
	}
	return isTransient(err) || isBrokenWire(err) || isStalePlan(err)
}

// mayWriteAgain reports whether a whole write transaction can be run again. The caller has made sure that COMMIT
// was not sent, so a broken wire means that nothing was committed.
func mayWriteAgain(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01" || pg.Code == "25006") {
		return true
	}
	return errors.Is(err, errAborted) || mayReadAgain(err)
}

// mayGoOn reports whether there is time, somebody who waits, and budget for another attempt.
func (p *Pool) mayGoOn(ctx context.Context, deadline time.Time) bool {
	return ctx.Err() == nil && time.Now().Before(deadline) && p.budget.spend()
}

// isDown tells a database that can't be reached at all from one that is only short of slots.
func isDown(err error) bool {
	return !tooMany(err) && (isTransient(err) || isBrokenWire(err))
}

// isTransient reports errors that say "not now": the backend was ended, the server starts, or has no slot.
func isTransient(err error) bool {
	if errors.Is(err, errStandby) {
		return true
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code {
		case "57P01", "57P02", "57P03", "53300":
			return true
		}
		return strings.HasPrefix(pg.Code, "08")
	}
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) {
		return !isTLSFailure(err)
	}
	// "conn busy" is a programming mistake, which the driver calls safe to retry.
	return pgconn.SafeToRetry(err) && !strings.Contains(err.Error(), "conn busy")
}

// isStalePlan reports the first execution of a cached statement after DDL: the driver has dropped the statement, so
// that the next execution works.
func isStalePlan(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	return pg.Code == "26000" || pg.Code == "0A000" && strings.Contains(pg.Message, "cached plan must not change result type")
}

// pause waits before attempt n (1 = before the second try) and reports false when ctx ended first.
func pause(ctx context.Context, n int) bool {
	limit := min(firstBackoff<<min(n-1, 10), maxBackoff)
	timer := time.NewTimer(time.Duration(rand.Int64N(int64(limit))) + time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// wasNeverSent reports errors that arose before the statement could reach the server.
func wasNeverSent(err error) bool {
	return pgconn.SafeToRetry(err) && !strings.Contains(err.Error(), "conn busy")
}

// retried tells the observer that work is run again, and why.
func (p *Pool) retried(ctx context.Context, op string, attempt int, why error) {
	if p.observer != nil {
		p.observer(ctx, Observation{Op: op, Step: StepRetry, Attempt: attempt, Err: why})
	}
}
