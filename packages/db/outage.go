package db

import "time"

// outage is whether the database is away, and for how long. It is guarded by conns.mu.
//
// While it is away nobody dials but the prober. For the first DB_POOL_CONN_TIMEOUT_MS requests are held: most restarts
// are over by then, and nobody notices them. After that they are refused at once, until the prober has reached the
// database again: a queue that can't be served helps nobody (docs/decisions/0008-hold-then-refuse.md).
type outage struct {
	away   bool
	long   bool // it has lasted too long to be waited out
	number int  // of outages so far
	why    error
}

// lost says that the database has been away since a moment: that no connection could be opened and none is open, or
// that a probe got no answer.
func (s *conns) lost(since time.Time, why error) {
	s.mu.Lock()
	s.outage.why = why
	if !s.outage.away && !s.closed {
		s.outage.away = true
		s.outage.number++
		number := s.outage.number
		time.AfterFunc(s.p.cfg.ConnTimeout.Duration()-time.Since(since), func() { s.giveUp(number) })
	}
	s.mu.Unlock()
	s.look()
}

// look wakes the prober.
func (s *conns) look() {
	select {
	case s.kick <- struct{}{}:
	default: // it has been woken already
	}
}

// giveUp ends the waiting when an outage is not over by now. Nobody may wait any longer for an answer on a connection
// that was open before, either: a server that hangs keeps it open.
func (s *conns) giveUp(number int) {
	s.mu.Lock()
	if !s.outage.away || s.outage.number != number {
		s.mu.Unlock()
		return
	}
	s.outage.long = true
	s.failWaiters(s.unreachable())
	s.sweep(func(*conn) bool { return true })
	s.mu.Unlock()
	s.cutLent()
}

// turnedDown says that the database answers the prober with a "no" that trying again doesn't change. It isn't away:
// connections that are open go on serving, and whoever finds none is told why at once.
func (s *conns) turnedDown(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outage.away, s.outage.long = false, false
	s.dials.failure, s.dials.refused, s.dials.prober = why, true, true
	if len(s.all) == 0 {
		s.failWaiters(why)
	}
}

// found says that the database lets us in: everybody who waits is dialled for again.
func (s *conns) found() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.outage.away && !s.dials.prober {
		return
	}
	s.outage.away, s.outage.long = false, false
	s.dials = dials{waking: s.dials.waking, warned: s.dials.warned}
	s.grow()
}

// cutLent closes the sockets of all connections that are lent.
func (s *conns) cutLent() {
	s.eachLent(func(c *conn) { cut(c.pg) }) // safe beside a running statement, which then fails
}
