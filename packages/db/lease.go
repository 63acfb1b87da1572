package db

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// lease is one connection, lent to one operation. It is not safe for concurrent use.
type lease struct {
	p       *Pool
	conn    *conn
	op      string
	attempt int
	urgent  bool // it goes in front of everybody who waits
	last    time.Time
	callers [12]uintptr

	ready  chan handover // while it waits
	queued *list.Element // under conns.mu
}

func (l *lease) raw() *pgx.Conn { return l.conn.pg }

// acquire lends a connection to l. It waits at most until deadline: in the queue when every connection is held
// (ErrPoolExhausted), and for the database to come back when none can be opened (ErrDatabaseDown).
func (p *Pool) acquire(ctx context.Context, l *lease, deadline time.Time) error {
	l.p, l.last = p, time.Now()
	runtime.Callers(3, l.callers[:])
	for attempt := 1; ; attempt++ {
		queued, err := p.conns.take(ctx, l)
		if queued {
			err = l.wait(ctx, deadline)
		}
		if err != nil {
			return p.notAcquired(ctx, l.op, attempt, err)
		}
		if p.isAlive(ctx, l.conn) {
			l.observe(ctx, StepAcquired, "", nil)
			return nil
		}
		p.conns.giveBack(l.conn) // which finds it closed
		l.conn = nil
		if err := ctx.Err(); err != nil {
			return p.wrap(l.op, err)
		}
		if time.Now().After(deadline) {
			return p.notAcquired(ctx, l.op, attempt, errHeld)
		}
	}
}

// wait waits for a connection. While the database is away a request waits as well, because a restart is over sooner
// than a person has pressed "reload".
func (l *lease) wait(ctx context.Context, deadline time.Time) error {
	l.observe(ctx, StepWaiting, "", nil)
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case h := <-l.ready:
		l.conn = h.conn
		return h.err
	case <-ctx.Done():
		if h := l.p.conns.leave(l); h.conn != nil {
			l.p.conns.giveBack(h.conn)
		}
		return ctx.Err()
	case <-timer.C:
		h := l.p.conns.leave(l)
		l.conn = h.conn
		return h.err
	}
}

// notAcquired says why no connection could be had.
func (p *Pool) notAcquired(ctx context.Context, op string, attempts int, cause error) error {
	e := &Error{Op: op, Limit: p.cfg.ConnTimeout.Duration(), Stats: p.GetPoolStats(), Attempts: attempts}
	switch {
	case ctx.Err() != nil: // whoever asked is gone; a dial that ran out of its own time is another matter
		return p.wrap(op, ctx.Err())
	case errors.Is(cause, ErrUnsafe):
		return cause
	case errors.Is(cause, ErrClosed) || errors.Is(cause, ErrNestedAcquire) || errors.Is(cause, ErrPoolExhausted):
		e.Kind = cause
		return e
	}
	e.Kind, e.Cause = ErrDatabaseDown, cause
	var pg *pgconn.PgError
	if errors.As(cause, &pg) {
		e.Code = pg.Code
	}
	if cure := tlsCure(cause); cure != "" {
		e.Cause = fmt.Errorf("%s (%w)", cure, cause)
	}
	return e
}

var errHeld = errors.New("no connection could be opened for longer than a request is held")

// release gives the connection back. One with a transaction or a result still open on it is closed. A second call does
// nothing.
func (l *lease) release(ctx context.Context) {
	if l.conn == nil {
		return
	}
	l.p.conns.giveBack(l.conn)
	l.observe(ctx, StepReleased, "", nil)
	l.conn = nil
}

// destroy closes the connection instead of giving it back.
func (l *lease) destroy(ctx context.Context) {
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupLimit)
	defer cancel()
	_ = l.raw().Close(closing) // the pool replaces it
}

// warnOfLeaks names everybody who has held a connection for longer than DB_LEAK_WARN_MS, once.
func (p *Pool) warnOfLeaks() {
	var holders []string
	p.conns.eachLent(func(c *conn) {
		if !c.warned && time.Since(c.lent) > p.cfg.LeakWarn.Duration() {
			c.warned = true
			holders = append(holders, c.holder())
		}
	})
	for _, holder := range holders {
		s := p.GetPoolStats()
		p.log.Warn("a connection is held for long: a slow statement, or a callback that does not return",
			"holder", holder, "total", s.TotalCount, "idle", s.IdleCount, "waiting", s.WaitingCount)
	}
}
