package web

import "time"

// askAgain is how long an answer about a reader's rights holds while a file is sent.
const askAgain = time.Second

// every is due once in a while, and at the first time.
type every struct {
	d    time.Duration
	next time.Time
}

func newEvery(d time.Duration) *every { return &every{d: d} }

func (e *every) due() bool {
	now := time.Now()
	if now.Before(e.next) {
		return false
	}
	e.next = now.Add(e.d)
	return true
}
