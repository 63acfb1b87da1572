package web

import (
	"context"
	"errors"
	"sync"
	"time"

	"openhouse.example/packages/db"
)

// How long work for people who have been answered may wait and take.
const (
	laterQueue = 256              // wishes that may wait; a mail takes a few milliseconds
	laterLimit = 30 * time.Second // for one of them, waiting for a database that restarts included
	laterTries = 3
)

// Later does what people have asked for after they have been answered, so that the time of the answer tells nothing:
// who lives where, who has an account. Make it with NewLater, end it with Close.
type Later[T any] struct {
	queue chan wish[T]
	done  sync.WaitGroup
	shut  sync.Once
}

type wish[T any] struct {
	ctx  context.Context // the request's values (language, request id) without its end
	what T
}

// NewLater calls do for every wish, workers at once. ctx ends after 30 s.
func NewLater[T any](workers int, do func(ctx context.Context, what T)) *Later[T] {
	return newLater(laterQueue, workers, do)
}

func newLater[T any](most, workers int, do func(ctx context.Context, what T)) *Later[T] {
	l := &Later[T]{queue: make(chan wish[T], most)}
	for range workers {
		l.done.Go(func() {
			for w := range l.queue {
				ctx, cancel := context.WithTimeout(w.ctx, laterLimit)
				do(ctx, w.what)
				cancel()
			}
		})
	}
	return l
}

// Add takes a wish, or returns false when too many are waiting.
func (l *Later[T]) Add(ctx context.Context, what T) bool {
	select {
	case l.queue <- wish[T]{context.WithoutCancel(ctx), what}:
		return true
	default:
		return false
	}
}

// Close returns once every wish is fulfilled, or with an error when ctx ends before that; no Add may follow.
func (l *Later[T]) Close(ctx context.Context) error {
	l.shut.Do(func() { close(l.queue) })
	done := make(chan struct{})
	go func() { l.done.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return errors.New("web: what people have asked for could not be done in time")
	}
}

// Again repeats what failed because the database was away or busy: nobody waits for the answer, and what it does may
// be done twice, as a second mail does no harm.
func Again[T any](ctx context.Context, do func() (T, error)) (T, error) {
	for try := 1; ; try++ {
		value, err := do()
		away := errors.Is(err, db.ErrDatabaseDown) || errors.Is(err, db.ErrPoolExhausted) || errors.Is(err, db.ErrLockTimeout)
		if !away || try == laterTries || ctx.Err() != nil {
			return value, err
		}
	}
}
