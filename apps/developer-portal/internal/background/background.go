// Package background runs work that outlives the request it was asked for in: each piece by its id, once at a time in
// this process, a few pieces at once, and again while the database is away.
//
// The work itself must bear to be cut at any point and to be begun anew, here or in another process: whatever it has
// done is in the database. The package refuses to know what the work is.
package background

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"openhouse.example/packages/db"
)

const (
	// patience is how long work is tried again while the database is away.
	patience = 10 * time.Minute
	longest  = 5 * time.Second // between two tries
)

// Work is one piece of it. Do is called again after an error that passes. Left reports errors that leave the piece to
// somebody else; after any other Failed is called, once.
type Work struct {
	TenantID uuid.UUID // whose it is, for the log
	Again    bool      // who asks for it while it goes on has it done once more: its state may have been read before that

	Do     func(ctx context.Context) error
	Left   func(err error) bool
	Failed func(ctx context.Context) error
}

// Runner runs work in the background. Make it with New, end it with Close.
type Runner struct {
	log    *slog.Logger
	ctx    context.Context
	cancel context.CancelFunc
	slots  chan struct{}
	wg     sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	running map[uuid.UUID]*task
}

// task is a piece of work that this process is at.
type task struct {
	done  chan struct{} // closed at its end
	again bool          // asked for once more since it began
}

// New returns a runner for most pieces of work at once.
func New(log *slog.Logger, most int) *Runner {
	r := &Runner{log: log, slots: make(chan struct{}, most), running: map[uuid.UUID]*task{}}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

// Start begins the work on id, unless this process is at it already. It returns at once.
func (r *Runner) Start(id uuid.UUID, w Work) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	if t := r.running[id]; t != nil {
		t.again = t.again || w.Again
		return
	}
	t := &task{done: make(chan struct{})}
	r.running[id] = t
	r.wg.Go(func() {
		defer close(t.done)
		for again := true; again; again = r.ended(id, t) {
			select {
			case r.slots <- struct{}{}:
				r.run(r.log.With("id", id, "tenant_id", w.TenantID), w)
				<-r.slots
			case <-r.ctx.Done():
			}
		}
	})
}

// ended takes a task off the list, unless it was asked for once more.
func (r *Runner) ended(id uuid.UUID, t *task) (again bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t.again && r.ctx.Err() == nil {
		t.again = false
		return true
	}
	delete(r.running, id)
	return false
}

// Every calls do after each pause until Close.
func (r *Runner) Every(pause time.Duration, do func(ctx context.Context) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	r.wg.Go(func() {
		tick := time.NewTicker(pause)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-r.ctx.Done():
				return
			}
			if err := do(r.ctx); err != nil && r.ctx.Err() == nil {
				r.log.Warn("what is done now and then has failed; it will be tried again", "error", err)
			}
		}
	})
}

// Wait returns when this process has no work on id (any more), or after most.
func (r *Runner) Wait(ctx context.Context, id uuid.UUID, most time.Duration) {
	r.mu.Lock()
	t := r.running[id]
	r.mu.Unlock()
	if t == nil {
		return
	}
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-t.done:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// Close stops all work and waits for its end, at most until ctx ends.
func (r *Runner) Close(ctx context.Context) error {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.cancel()
	done := make(chan struct{})
	go func() { r.wg.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return errors.New("background: work was still going on at the end of the time to stop")
	}
}

// run works until there is nothing left to do, and sits out a database that is away.
func (r *Runner) run(log *slog.Logger, w Work) {
	end, wait := time.Now().Add(patience), 100*time.Millisecond
	for {
		err := w.Do(r.ctx)
		switch {
		case err == nil:
			return
		case r.ctx.Err() != nil:
			log.Info("work interrupted: it will be taken up again", "error", err)
			return
		case w.Left(err):
			log.Info("work left to somebody else", "error", err)
			return
		case !passing(err) || time.Now().After(end):
			log.Error("work failed", "error", err)
			if err := w.Failed(r.ctx); err != nil {
				log.Error("work failed, and so did writing that down", "error", err)
			}
			return
		}
		log.Warn("work waits for the database", "error", err)
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-r.ctx.Done():
			timer.Stop()
			return
		}
		wait = min(2*wait, longest)
	}
}

// passing reports errors that say "not now".
func passing(err error) bool {
	for _, kind := range []error{
		db.ErrDatabaseDown, db.ErrPoolExhausted, db.ErrCommitUnknown, db.ErrConflict, db.ErrLockTimeout,
		db.ErrQueryTimeout, db.ErrReadOnly,
	} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}
