package db

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// How a peer that has silently gone is noticed. Sources and measurements: docs/decisions/0009-dead-peers.md.
const (
	idleBeforePing = time.Second           // a connection that rested longer is asked before it is lent
	suspicion      = 2 * time.Second       // after a connection died, every one is asked
	freshFor       = 20 * time.Millisecond // unless it has just given an answer
	userTimeout    = 5 * time.Second       // TCP gives up on bytes that nobody acknowledges
	resetPeriod    = time.Second           // in this time all idle connections are dropped at most once
)

// peers watches connections for death.
type peers struct {
	lastDeath atomic.Int64 // when a connection last died, in Unix nanoseconds
	lastReset atomic.Int64
}

func (w *peers) died() { w.lastDeath.Store(time.Now().UnixNano()) }

func (w *peers) suspicious() bool {
	return time.Since(time.Unix(0, w.lastDeath.Load())) < suspicion
}

// mayReset reports true once in resetPeriod: what a reset has opened anew must not be dropped for the same reason.
func (w *peers) mayReset() bool {
	last, now := w.lastReset.Load(), time.Now().UnixNano()
	return now-last > int64(resetPeriod) && w.lastReset.CompareAndSwap(last, now)
}

// dial opens a socket.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := &net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 3 * time.Second, Count: 3},
		Control:         setUserTimeout,
	}
	c, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	// The driver's cancel requests are sent over this dial too and have no limit of their own. For a connection
	// that is to stay, welcome lifts it.
	if err := c.SetReadDeadline(time.Now().Add(dialLimit)); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// socket is the TCP connection below TLS.
func socket(conn *pgx.Conn) net.Conn {
	c := conn.PgConn().Conn()
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	return c
}

// cut closes the socket under the driver. The driver's own way of closing a broken connection drains it for up to
// 15 s and holds the pool's slot meanwhile; with TLS it also tries to say goodbye.
func cut(conn *pgx.Conn) { _ = socket(conn).Close() }

// isAlive asks a connection for a sign of life before it is lent, if there is reason for doubt. One that gives none is
// closed.
func (p *Pool) isAlive(ctx context.Context, c *conn) bool {
	rested := time.Since(c.returned)
	if rested < idleBeforePing && (rested < freshFor || !p.peers.suspicious()) {
		return true
	}
	// A deadline on the socket, not a context: an abandoned context would send a cancel request first and wait.
	_ = socket(c.pg).SetDeadline(time.Now().Add(pingLimit))
	err := c.pg.Ping(ctx)
	if err == nil {
		_ = socket(c.pg).SetDeadline(time.Time{})
		return true
	}
	cut(c.pg)
	if ctx.Err() == nil {
		p.peers.died()
		if pgconn.Timeout(err) || isTimeout(err) {
			p.dropIdleOnce()
		}
	}
	return false
}

// dropIdleOnce drops all idle connections after one of them gave no sign of life: a firewall, a balancer or a dead
// primary forgets them all at once, and finding that out one by one costs a request each.
func (p *Pool) dropIdleOnce() {
	if p.peers.mayReset() {
		p.conns.dropIdle()
	}
}

// retireOnce drops the idle connections and those that are lent, as they come back: their server has become
// read-only, and only new ones can find the new primary.
func (p *Pool) retireOnce() {
	if p.peers.mayReset() {
		p.conns.retire(func(*conn) bool { return true })
	}
}

// onPgError closes a connection whose backend is ending, and one to a primary that has become read-only: only a
// new connection can find the new primary.
func (p *Pool) onPgError(_ *pgconn.PgConn, e *pgconn.PgError) bool {
	fatal := strings.EqualFold(e.Severity, "FATAL") || strings.EqualFold(e.SeverityUnlocalized, "FATAL") || e.Code == "25006"
	if fatal {
		p.peers.died()
	}
	return !fatal
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}
