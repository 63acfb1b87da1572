package db

import "sync/atomic"

// budget keeps retries from multiplying the load on a database that is in trouble: over time at most one statement
// in five is a repetition, with a reserve that a restart under full load doesn't use up. Waiting for a connection
// costs nothing.
type budget struct{ left atomic.Int64 }

const (
	retryCost    = 5    // what one repetition takes; each request gives one back
	retryReserve = 1000 // 200 repetitions
)

func newBudget() *budget {
	b := &budget{}
	b.left.Store(retryReserve)
	return b
}

// earn is called for each request.
func (b *budget) earn() {
	if b.left.Load() < retryReserve {
		b.left.Add(1)
	}
}

// spend reports whether work may be repeated.
func (b *budget) spend() bool {
	if b.left.Add(-retryCost) >= 0 {
		return true
	}
	b.left.Add(retryCost)
	return false
}
