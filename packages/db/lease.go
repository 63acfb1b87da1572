package db

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// lease is one connection, lent to one operation. It is not safe for concurrent use.
type lease struct {
	p       *Pool
	conn    *pgxpool.Conn
	pid     uint32
	op      string
	attempt int
	since   time.Time
	last    time.Time
	callers [12]uintptr
	warned  bool // under Pool.mu
}

func (l *lease) raw() *pgx.Conn { return l.conn.Conn() }

// acquire lends a connection. It waits at most until deadline: in the queue when every connection is held
// (ErrPoolExhausted), and for the database to come back when none can be opened (ErrDatabaseDown).
func (p *Pool) acquire(ctx context.Context, op string, attempt int, deadline time.Time) (*lease, error) {
	l := &lease{p: p, op: op, attempt: attempt, last: time.Now()}
	if err := p.takeSlot(ctx, l, deadline); err != nil {
		return nil, err
	}
	conn, err := p.connect(ctx, op, deadline)
	if err != nil {
		<-p.slots
		return nil, err
	}
	l.conn, l.pid, l.since = conn, conn.Conn().PgConn().PID(), time.Now()
	runtime.Callers(3, l.callers[:])
	p.mu.Lock()
	p.leases[l] = struct{}{}
	p.mu.Unlock()
	l.observe(ctx, StepAcquired, "", nil)
	return l, nil
}

// takeSlot waits for one of DB_POOL_MAX slots, first come, first served. The slots stand in front of the driver's
// pool so that waiting callers are counted exactly and a full pool is told apart from a database that is away.
func (p *Pool) takeSlot(ctx context.Context, l *lease, deadline time.Time) error {
	if p.closing.Load() {
		return &Error{Op: l.op, Kind: ErrClosed}
	}
	select {
	case p.slots <- struct{}{}:
		return nil
	default:
	}
	if isHolding(ctx, p) {
		return &Error{Op: l.op, Kind: ErrNestedAcquire, Stats: p.GetPoolStats()}
	}
	p.waiting.Add(1)
	defer p.waiting.Add(-1)
	l.observe(ctx, StepWaiting, "", nil)
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-p.closed:
		return &Error{Op: l.op, Kind: ErrClosed}
	case <-ctx.Done():
		return p.wrap(l.op, ctx.Err())
	case <-timer.C:
		return &Error{Op: l.op, Kind: ErrPoolExhausted, Limit: p.cfg.ConnTimeout.Duration(), Stats: p.GetPoolStats(), Attempts: 1}
	}
}

// connect takes an idle connection or opens one. While the database is away the request is held rather than
// refused, because a restart is over sooner than a person has pressed "reload"; the prober says when it is over.
func (p *Pool) connect(ctx context.Context, op string, deadline time.Time) (*pgxpool.Conn, error) {
	limited, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	var last error
	for attempt := 1; ; attempt++ {
		if r := p.refused.Load(); r != nil && time.Since(r.at) < refusalLife && p.pool.Stat().IdleConns() == 0 {
			return nil, p.unreachable(op, attempt, r.err)
		}
		if !p.waitOut(limited, deadline) {
			if ctx.Err() != nil {
				return nil, p.wrap(op, ctx.Err())
			}
			return nil, p.unreachable(op, attempt, last)
		}
		conn, err := p.pool.Acquire(limited)
		if err == nil {
			return conn, nil
		}
		last = err
		switch {
		case ctx.Err() != nil:
			return nil, p.wrap(op, ctx.Err())
		case !isWorthWaiting(err):
			p.refused.Store(&refusal{at: time.Now(), err: err})
			return nil, p.unreachable(op, attempt, err)
		case isDown(err):
			p.breaker.trip(time.Now())
		}
		if !pause(limited, attempt) {
			return nil, p.unreachable(op, attempt, err)
		}
	}
}

// waitOut waits for the end of an outage, if there is one. Whoever is held is waiting for a connection and counted.
func (p *Pool) waitOut(ctx context.Context, deadline time.Time) bool {
	if p.breaker.current.Load() == nil {
		return true
	}
	p.waiting.Add(1)
	defer p.waiting.Add(-1)
	return p.breaker.wait(ctx, deadline)
}

// refusal is a "no" that trying again doesn't change: a wrong password, no TLS, no such database. It is remembered
// for a moment, so that a busy portal does not try its wrong password hundreds of times a second.
type refusal struct {
	at  time.Time
	err error
}

const refusalLife = time.Second

// unreachable says why no connection could be opened.
func (p *Pool) unreachable(op string, attempts int, cause error) error {
	if errors.Is(cause, ErrUnsafe) {
		return cause
	}
	var pg *pgconn.PgError
	code := ""
	if errors.As(cause, &pg) {
		code = pg.Code
	}
	if cause == nil {
		cause = errHeld
	}
	if cure := tlsCure(cause); cure != "" {
		cause = fmt.Errorf("%s (%w)", cure, cause)
	}
	return &Error{
		Op: op, Kind: ErrDatabaseDown, Code: code, Limit: p.cfg.ConnTimeout.Duration(),
		Stats: p.GetPoolStats(), Attempts: attempts, Cause: cause,
	}
}

var errHeld = errors.New("no connection could be opened for longer than a request is held")

// isWorthWaiting tells a database that is away from one that refuses us for good (password, TLS, missing database).
func isWorthWaiting(err error) bool {
	if errors.Is(err, ErrUnsafe) {
		return false
	}
	return isTransient(err) || isBrokenWire(err) || strings.Contains(err.Error(), "too many failed attempts acquiring connection")
}

// release gives the connection back. The driver destroys it if a transaction or a result is still open on it.
func (l *lease) release(ctx context.Context) {
	l.p.mu.Lock()
	delete(l.p.leases, l)
	l.p.mu.Unlock()
	l.conn.Release()
	<-l.p.slots
	l.observe(ctx, StepReleased, "", nil)
}

// destroy closes the connection instead of giving it back.
func (l *lease) destroy(ctx context.Context) {
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupLimit)
	defer cancel()
	_ = l.raw().Close(closing) // the pool replaces it
}

// holder describes who holds the connection, innermost caller first, for a person who looks for a leak.
func (l *lease) holder() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s for %v", l.op, time.Since(l.since).Round(time.Millisecond))
	frames := runtime.CallersFrames(l.callers[:])
	for more := true; more; {
		var frame runtime.Frame
		frame, more = frames.Next()
		if frame.Function != "" && !strings.Contains(frame.Function, "/packages/db.") && !strings.HasPrefix(frame.Function, "runtime.") {
			fmt.Fprintf(&b, " < %s (%s:%d)", frame.Function, filepath.Base(frame.File), frame.Line)
		}
	}
	return b.String()
}

// cutAll closes the sockets of all connections that are lent. When an outage has become too long to be waited out,
// nobody may wait any longer for an answer on a connection that was open before: a server that hangs keeps it open.
func (p *Pool) cutAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.leases {
		cut(l.raw()) // safe beside a running statement, which then fails
	}
}

// warnOfLeaks names everybody who has held a connection for longer than DB_LEAK_WARN_MS, once.
func (p *Pool) warnOfLeaks() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.leases {
		if !l.warned && time.Since(l.since) > p.cfg.LeakWarn.Duration() {
			l.warned = true
			s := p.GetPoolStats()
			p.log.Warn("a connection is held for long: a slow statement, or a callback that does not return",
				"holder", l.holder(), "total", s.TotalCount, "idle", s.IdleCount, "waiting", s.WaitingCount)
		}
	}
}
