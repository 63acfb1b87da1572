package db

import (
	"context"
	"time"
)

// Step is one moment in the life of an operation, in the order in which they follow each other.
type Step string

const (
	StepWaiting    Step = "waiting"     // all connections are held: the caller queues
	StepAcquired   Step = "acquired"    // a connection was assigned
	StepStatement  Step = "statement"   // a statement was answered; for a batch, its first statement
	StepCommitted  Step = "committed"   // COMMIT was acknowledged
	StepLost       Step = "commit lost" // the answer to COMMIT did not come; Err says why
	StepRolledBack Step = "rolled back" // the transaction was undone
	StepCleaned    Step = "cleaned"     // WithClient wiped what its callback had left on the session
	StepReleased   Step = "released"    // the connection is back in the pool, or destroyed
	StepRetry      Step = "retry"       // the work is run again; Err says why
)

// Observation is what happened at a Step. It carries no argument values.
type Observation struct {
	Op      string        // "read", "write", "door", "withclient"
	Step    Step          //
	SQL     string        // text of the statement, for StepStatement
	Backend uint32        // process id of the Postgres backend, or 0
	Took    time.Duration // since the step before
	Attempt int           // 1 for the first try
	Err     error         // for StepRetry, the failure that is answered by trying again
}

// Observer receives every observation, on the goroutine that does the work. ctx is the operation's, so that an
// observer can add the route or the request id. It must be fast and must not use the pool.
type Observer func(ctx context.Context, o Observation)

func (l *lease) observe(ctx context.Context, step Step, sql string, err error) {
	if l.p.observer == nil {
		return
	}
	now := time.Now()
	o := Observation{Op: l.op, Step: step, SQL: sql, Took: now.Sub(l.last), Attempt: l.attempt, Err: err}
	if l.conn != nil {
		o.Backend = l.conn.pid
	}
	l.last = now
	l.p.observer(ctx, o)
}
