package load

import (
	"context"
	"time"
)

// Visit is what one visitor does from beginning to end.
type Visit func(ctx context.Context, turn Turn, walk *Walk)

// Turn says whose visit it is.
type Turn struct {
	Number int // of the visit in this run, from 0
	Client int // who makes it, from 0; in an open model each visit is somebody else's
}

// Walk takes down the steps of one visit.
type Walk struct {
	steps  []step
	cause  string // of the first failure; "" = all went well
	status int    // the failure's, if there was an answer
}

type step struct {
	name string
	took time.Duration
	ok   bool
}

// Step takes one step and reports whether it went well; ask names the cause of a failure, "" if there is none, and the
// status of the answer, 0 if there was none. After a failure a visitor goes home.
func (w *Walk) Step(name string, ask func() (status int, cause string)) bool {
	began := time.Now()
	status, cause := ask()
	w.steps = append(w.steps, step{name, time.Since(began), cause == ""})
	if cause != "" && w.cause == "" {
		w.cause, w.status = name+": "+cause, status
	}
	return cause == ""
}
