package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Source is a queue that a Loop works off.
type Source interface {
	// Take claims what is due and returns how to do it; nil if nothing is due. The work notes its own end.
	Take(ctx context.Context) (do func(ctx context.Context), err error)
}

// Loop takes work from a Source and does a limited number of pieces at once.
type Loop struct {
	Name   string // for the log
	Source Source
	AtOnce int // how many pieces of work at once, at least 1
	Log    *slog.Logger

	Poll time.Duration // how often an empty queue is asked; 0 for Poll
	Stop time.Duration // how long begun work may take once Run's context has ended
}

// Poll is how often an empty queue is asked. Asking is one look into an index of
// what is due, in one round trip, and needs no session of its own: it works through
// every pooler and after every outage, which LISTEN does not.
const Poll = 200 * time.Millisecond

// ErrCut is returned by Run when work was still going on at the end of Stop.
var ErrCut = errors.New("work was still going on when the worker had to stop; it is done again when its lease is over")

const (
	troubleWait = 2 * time.Second // between two tries while the queue can't be asked
	cutGrace    = time.Second     // what work gets to return once its context was cancelled
)

// Run works until ctx ends; then it takes nothing new and waits for what it has
// begun. It returns nil after an orderly stop, else ErrCut.
func (l *Loop) Run(ctx context.Context) error {
	working, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	var running sync.WaitGroup
	l.take(ctx, working, &running)

	ended := make(chan struct{})
	go func() {
		running.Wait()
		close(ended)
	}()
	for _, limit := range []time.Duration{l.Stop, cutGrace} {
		select {
		case <-ended:
			return nil
		case <-time.After(limit):
			cut()
		}
	}
	return fmt.Errorf("%s: %w", l.Name, ErrCut)
}

// take claims work and begins it, until ctx ends.
func (l *Loop) take(ctx, working context.Context, running *sync.WaitGroup) {
	slots := make(chan struct{}, l.AtOnce)
	trouble := false
	for {
		select {
		case <-ctx.Done():
			return
		case slots <- struct{}{}:
		}
		// Not under ctx: a claim whose answer nobody reads would block its work until the lease is over.
		do, err := l.Source.Take(working)
		if do != nil {
			running.Go(func() {
				defer func() { <-slots }()
				do(working)
			})
			continue
		}
		<-slots
		wait := l.Poll
		if wait == 0 {
			wait = Poll
		}
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			if !trouble {
				l.Log.Warn("the queue can't be asked; it is asked again", "queue", l.Name, "error", err)
			}
			trouble, wait = true, troubleWait
		case trouble:
			l.Log.Info("the queue answers again", "queue", l.Name)
			trouble = false
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}
