package db

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// How a peer that has silently gone is noticed. Sources and measurements: docs/decisions/0009-dead-peers.md.
const (
	idleBeforePing = time.Second           // a connection that rested longer is asked before it is lent
	suspicion      = 2 * time.Second       // after a connection died, every one is asked
	userTimeout    = 5 * time.Second       // TCP gives up on bytes that nobody acknowledges
	resetPeriod    = time.Second           // at most one reset of the pool in this time
	cancelDelay    = 50 * time.Millisecond // a statement that ends by itself needs no cancel request
	maxDials       = 4                     // connections being opened at once: a starting server is not stormed
)

// peers watches connections for death.
type peers struct {
	lastDeath atomic.Int64 // when a connection last died, in Unix nanoseconds
	lastReset atomic.Int64
	gate      chan struct{} // one token for each dial under way
}

func newPeers() *peers { return &peers{gate: make(chan struct{}, maxDials)} }

func (w *peers) died() { w.lastDeath.Store(time.Now().UnixNano()) }

func (w *peers) suspicious() bool {
	return time.Since(time.Unix(0, w.lastDeath.Load())) < suspicion
}

// dial opens a socket, behind the gate. The token goes back when the connection is ready or closed.
func (w *peers) dial(ctx context.Context, network, address string) (net.Conn, error) {
	select {
	case w.gate <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	dialer := &net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 3 * time.Second, Count: 3},
		Control:         setUserTimeout,
	}
	c, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		<-w.gate
		return nil, err
	}
	// The driver's cancel requests are sent over this dial too and have no limit of their own. For a connection
	// that is to stay, ready lifts it.
	if err := c.SetReadDeadline(time.Now().Add(dialLimit)); err != nil {
		<-w.gate
		return nil, err
	}
	return &gatedConn{Conn: c, leave: sync.OnceFunc(func() { <-w.gate })}, nil
}

// gatedConn holds a token of the gate until the connection is ready, or closed because it never got ready.
type gatedConn struct {
	net.Conn
	leave func()
}

func (c *gatedConn) Close() error {
	c.leave()
	return c.Conn.Close()
}

// socket is the TCP connection below TLS.
func socket(conn *pgx.Conn) net.Conn {
	c := conn.PgConn().Conn()
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	return c
}

// ready is called for a connection that has logged in.
func (w *peers) ready(conn *pgx.Conn) error {
	c := socket(conn)
	if g, ok := c.(*gatedConn); ok {
		g.leave()
	}
	return c.SetDeadline(time.Time{})
}

// cut closes the socket under the driver. The driver's own way of closing a broken connection drains it for up to
// 15 s and holds the pool's slot meanwhile; with TLS it also tries to say goodbye.
func cut(conn *pgx.Conn) { _ = socket(conn).Close() }

// shouldPing is the driver's hook before a connection is lent. It asks the connection itself, with a limit of its
// own, and leaves it closed if there is no answer; then prepare makes the driver take another one.
func (p *Pool) shouldPing(ctx context.Context, params pgxpool.ShouldPingParams) bool {
	if params.IdleDuration < idleBeforePing && !p.peers.suspicious() {
		return false
	}
	conn := params.Conn
	// A deadline on the socket, not a context: an abandoned context would send a cancel request first and wait.
	_ = socket(conn).SetDeadline(time.Now().Add(pingLimit))
	err := conn.Ping(ctx)
	if err == nil {
		_ = socket(conn).SetDeadline(time.Time{})
		return false
	}
	cut(conn)
	if ctx.Err() == nil {
		p.peers.died()
		if pgconn.Timeout(err) || isTimeout(err) {
			p.resetOnce()
		}
	}
	return false
}

// prepare refuses a connection that shouldPing has found dead; the driver destroys it and takes another one.
func prepare(_ context.Context, conn *pgx.Conn) (bool, error) { return !conn.IsClosed(), nil }

// resetOnce drops all idle connections after one of them gave no sign of life: a firewall, a balancer or a dead
// primary forgets them all at once, and finding that out one by one costs a request each.
func (p *Pool) resetOnce() {
	last, now := p.peers.lastReset.Load(), time.Now().UnixNano()
	if now-last > int64(resetPeriod) && p.peers.lastReset.CompareAndSwap(last, now) {
		p.pool.Reset()
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
