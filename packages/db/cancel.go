package db

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// canceller stops a statement whose request was abandoned: it asks the server to cancel it, and closes the connection
// only if that doesn't help in time. It is the driver's CancelRequestContextWatcherHandler with one difference: a cancel
// request that is under way is never hung up, also when the statement has ended meanwhile. PgBouncer 1.18.0 and 1.19.0
// end in a crash over one that is (pgbouncer pull request 846), and take everybody's connections with them.
type canceller struct {
	conn     *pgconn.PgConn
	grace    time.Duration // until the connection is closed
	deadline time.Time
	ended    chan struct{} // closed when the statement has ended
	finished chan struct{} // closed when no cancel request can arrive any more
}

const (
	cancelDelay = 50 * time.Millisecond // a statement that ends by itself needs no cancel request
	// cancelEcho is how long a cancel request that was acknowledged may take to reach its backend. Until then the
	// connection's next statement could be the one that is cancelled.
	cancelEcho = 100 * time.Millisecond
)

// HandleCancel is called when the context of a running statement ends.
func (c *canceller) HandleCancel(context.Context) {
	c.deadline = time.Now().Add(c.grace)
	_ = c.conn.Conn().SetDeadline(c.deadline)
	ended, finished := make(chan struct{}), make(chan struct{})
	c.ended, c.finished = ended, finished
	go func() {
		defer close(finished)
		select {
		case <-ended:
			return
		case <-time.After(cancelDelay):
		}
		ctx, cancel := context.WithTimeout(context.Background(), dialLimit)
		defer cancel()
		_ = c.conn.CancelRequest(ctx) // if it fails, the deadline ends the statement
		time.Sleep(cancelEcho)
	}()
}

// HandleUnwatchAfterCancel is called when the statement has ended, and returns when the connection can be used again,
// or is closed.
func (c *canceller) HandleUnwatchAfterCancel() {
	close(c.ended)
	timer := time.NewTimer(time.Until(c.deadline) + cancelEcho)
	defer timer.Stop()
	select {
	case <-c.finished:
		_ = c.conn.Conn().SetDeadline(time.Time{})
	case <-timer.C: // the request is still under way: what it meets here must not be somebody's statement
		_ = c.conn.Conn().Close()
	}
}
