package db

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// conns is every connection of a pool, idle, lent or being opened, and the callers that wait for one.
//
// A caller that finds no idle connection waits for whatever comes first: one that is given back, or one that is newly
// opened on its behalf. So a slow dial, a refused one or a server without a free slot keeps nobody waiting while other
// connections work, and a burst of short statements is served by the connections that are there. Why not the driver's
// own pool: docs/decisions/0011-own-free-list.md.
type conns struct {
	p        *Pool
	ctx      context.Context // of everything that is opened; ends with close
	cancel   context.CancelFunc
	max, min int
	kick     chan struct{} // wakes the prober

	mu      sync.Mutex
	all     map[*conn]struct{} // open: idle or lent
	idle    []*conn            // the one used last is at the end, and is lent first
	waiters *list.List         // of *lease, first come, first served
	opening int

	dials   dials
	outage  outage
	closed  bool
	emptied chan struct{}  // closed when the last connection of a closed pool is gone
	work    sync.WaitGroup // connections being opened and closed
}

// handover is what a waiting caller gets: a connection, or the reason why there is none.
type handover struct {
	conn *conn
	err  error
}

func newConns(p *Pool, maxConns, minConns int) *conns {
	s := &conns{
		p: p, max: maxConns, min: minConns,
		all: make(map[*conn]struct{}, maxConns), waiters: list.New(), kick: make(chan struct{}, 1), emptied: make(chan struct{}),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// take lends an idle connection to l, or puts l into the queue: then it is handed one over l.ready.
func (s *conns) take(ctx context.Context, l *lease) (queued bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch lent := len(s.all) - len(s.idle); {
	case s.closed:
		return false, ErrClosed
	case s.outage.long:
		return false, s.unreachable()
	case len(s.idle) > 0:
		c := s.idle[len(s.idle)-1]
		s.idle = s.idle[:len(s.idle)-1]
		c.lend(l)
		l.conn = c
		return false, nil
	case lent == 0 && s.turnedAway():
		return false, s.unreachable()
	case lent == s.max && isHolding(ctx, s.p):
		return false, ErrNestedAcquire
	}
	l.ready = make(chan handover, 1)
	if l.urgent {
		l.queued = s.waiters.PushFront(l)
	} else {
		l.queued = s.waiters.PushBack(l)
	}
	s.grow()
	return true, nil
}

// leave ends l's waiting. It returns what l has been handed in the last moment, and otherwise why there was nothing.
func (s *conns) leave(l *lease) handover {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case h := <-l.ready:
		return h
	default:
	}
	s.waiters.Remove(l.queued)
	if lent := len(s.all) - len(s.idle); lent == 0 || s.outage.away {
		return handover{err: s.unreachable()}
	}
	return handover{err: ErrPoolExhausted}
}

// giveBack takes a connection that nobody uses any more, and hands it to whoever has waited longest.
func (s *conns) giveBack(c *conn) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	c.lease = nil
	if s.closed || c.retired || !c.isClean() || now.After(c.expires) {
		s.drop(c)
		return
	}
	c.returned = now
	s.place(c)
}

// place is called under mu: it hands c to the first waiter, or lays it down.
func (s *conns) place(c *conn) {
	first := s.waiters.Front()
	if first == nil {
		s.idle = append(s.idle, c)
		return
	}
	l := s.waiters.Remove(first).(*lease)
	c.lend(l)
	l.ready <- handover{conn: c}
}

// drop is called under mu, for a connection that is not among the idle ones (any more).
func (s *conns) drop(c *conn) {
	delete(s.all, c)
	s.work.Go(c.close)
	if len(s.all) == 0 {
		if s.closed {
			close(s.emptied)
		}
		if s.turnedAway() { // whoever has waited for this last one need not wait for the next refusal
			s.failWaiters(s.unreachable())
		}
	}
	s.grow()
}

// turnedAway is called under mu: the server doesn't let us in, and nobody asks again for now.
func (s *conns) turnedAway() bool {
	return s.dials.refused && (s.dials.prober || time.Now().Before(s.dials.paused))
}

// retire closes the idle connections that match, and the lent ones when they are given back.
func (s *conns) retire(match func(*conn) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.all {
		c.retired = c.retired || match(c)
	}
	s.sweep(func(c *conn) bool { return c.retired })
}

// dropIdle closes every idle connection.
func (s *conns) dropIdle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(func(*conn) bool { return true })
}

// sweep is called under mu: it closes the idle connections for which done is true.
func (s *conns) sweep(done func(*conn) bool) {
	kept, gone := s.idle[:0], []*conn(nil)
	for _, c := range s.idle {
		if done(c) {
			gone = append(gone, c)
		} else {
			kept = append(kept, c)
		}
	}
	clear(s.idle[len(kept):])
	s.idle = kept
	for _, c := range gone {
		s.drop(c)
	}
}

// failWaiters is called under mu: it sends everybody away who waits.
func (s *conns) failWaiters(err error) {
	for e := s.waiters.Front(); e != nil; e = s.waiters.Front() {
		s.waiters.Remove(e).(*lease).ready <- handover{err: err}
	}
}

// unreachable is called under mu: it is the reason why no connection can be had.
func (s *conns) unreachable() error {
	if s.outage.away && s.outage.why != nil {
		return s.outage.why
	}
	if s.dials.failure != nil {
		return s.dials.failure
	}
	return errHeld
}

// eachLent calls f for every connection that is lent. It must be quick, and must not use the pool.
func (s *conns) eachLent(f func(*conn)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.all {
		if c.lease != nil {
			f(c)
		}
	}
}

func (s *conns) stats() PoolStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return PoolStats{TotalCount: len(s.all) + s.opening, IdleCount: len(s.idle), WaitingCount: s.waiters.Len()}
}

// close ends everything but the connections that are lent: those are closed as they come back. emptied is closed when
// the last one is gone.
func (s *conns) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.cancel()
	s.failWaiters(ErrClosed)
	if len(s.all) == 0 {
		close(s.emptied)
		return
	}
	s.sweep(func(*conn) bool { return true })
}

const upkeepPeriod = 5 * time.Second

// upkeep closes, every now and then until the pool is closed, what has been idle for too long, is too old, or leads where
// the names in DATABASE_URL lead no longer.
func (s *conns) upkeep(idleTime time.Duration) {
	ticker := time.NewTicker(upkeepPeriod)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-s.ctx.Done():
			return
		}
		s.p.names.refresh(s.ctx)
		s.retire(func(c *conn) bool { return s.p.names.left(c.address) })
		now := time.Now()
		s.mu.Lock()
		spare := len(s.all) + s.opening - s.min
		s.sweep(func(c *conn) bool { // from the one that has rested longest
			if spare > 0 && now.Sub(c.returned) > idleTime {
				spare--
				return true
			}
			return now.After(c.expires)
		})
		s.grow()
		s.mu.Unlock()
	}
}
