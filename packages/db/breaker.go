package db

import (
	"context"
	"sync/atomic"
	"time"
)

// breaker decides what a request does while the database is away. For the first DB_POOL_CONN_TIMEOUT_MS of an
// outage it is held: most restarts are over by then, and nobody notices them. After that it is refused at once,
// until the prober has reached the database again: a queue that can't be served helps nobody.
type breaker struct {
	hold    time.Duration
	current atomic.Pointer[outage] // nil while the database answers
	kick    chan struct{}          // wakes the prober
	onLong  func()                 // called when an outage has become too long to be waited out
}

// outage is one stretch of time in which the database is away.
type outage struct {
	over chan struct{} // closed when the database is back
	long chan struct{} // closed when it has lasted too long to be waited out
}

func newBreaker(hold time.Duration, onLong func()) *breaker {
	return &breaker{hold: hold, kick: make(chan struct{}, 1), onLong: onLong}
}

// trip says that the database has been away since a moment: that no connection could be opened, or that a probe got
// no answer. The prober finds out when it is over, so that waiting requests don't dial themselves.
func (b *breaker) trip(since time.Time) {
	o := &outage{over: make(chan struct{}), long: make(chan struct{})}
	if b.current.CompareAndSwap(nil, o) {
		time.AfterFunc(b.hold-time.Since(since), func() {
			select {
			case <-o.over:
			default:
				close(o.long)
				b.onLong()
			}
		})
	}
	select {
	case b.kick <- struct{}{}:
	default:
	}
}

// reset says that the database answers, and lets everybody go who waits for it.
func (b *breaker) reset() {
	if o := b.current.Swap(nil); o != nil {
		close(o.over)
	}
}

// wait returns true once the database is not known to be away, or false when the outage is too long to be waited
// out, the deadline has passed or ctx has ended.
func (b *breaker) wait(ctx context.Context, deadline time.Time) bool {
	o := b.current.Load()
	if o == nil {
		return true
	}
	select {
	case <-o.long: // without a timer of our own: this is the answer to most requests of a long outage
		return false
	default:
	}
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case <-o.over:
		return true
	case <-o.long:
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}
