package importing

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/db"
)

const (
	// mostAtOnce bounds the imports that one process works on: each holds a file in memory and now and then a
	// connection, of which requests want most.
	mostAtOnce = 2
	// patience is how long work is tried again while the database is away.
	patience = 10 * time.Minute
	longest  = 5 * time.Second // between two tries
)

// The notes that a failed try leaves at an import.
const (
	NoteChanged = "changed" // homes changed since the preview: it was made anew
	NoteFailed  = "failed"  // a mistake of ours; the log knows more
)

// Runner works on imports in the background. Make it with New, end it with Close.
type Runner struct {
	store *store.Store
	log   *slog.Logger

	ctx    context.Context
	cancel context.CancelFunc
	slots  chan struct{}
	wg     sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	running map[uuid.UUID]*task
}

// task is the work on one import in this process.
type task struct {
	done  chan struct{} // closed at its end
	again bool          // asked for once more since it began
}

// New returns a runner without work.
func New(s *store.Store, log *slog.Logger) *Runner {
	r := &Runner{store: s, log: log, slots: make(chan struct{}, mostAtOnce), running: map[uuid.UUID]*task{}}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

// job is one import to be worked on, for whom, and what the audit log shall say about from where.
type job struct {
	who store.Staff
	in  db.Intent
	id  uuid.UUID
}

// Start begins the work that the import's state asks for, unless this process is at it already. in is the request's;
// its key isn't used again. It returns at once.
func (r *Runner) Start(who store.Staff, in db.Intent, id uuid.UUID) {
	in.Key, in.BodyHash = "", nil
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	if t := r.running[id]; t != nil {
		t.again = true // it may have read the import's state before this changed
		return
	}
	t := &task{done: make(chan struct{})}
	r.running[id] = t
	r.wg.Go(func() {
		defer close(t.done)
		for again := true; again; again = r.ended(id, t) {
			select {
			case r.slots <- struct{}{}:
				r.run(job{who: who, in: in, id: id})
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

// Wait returns when this process has no work on the import (any more), or after most.
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

// Close stops all work and waits for its end, at most until ctx ends. What was cut is taken up again by whoever looks
// at the import next.
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
		return errors.New("importing: work was still going on at the end of the time to stop")
	}
}

// run works until there is nothing left to do, and sits out a database that is away.
func (r *Runner) run(j job) {
	log := r.log.With("import", j.id, "tenant_id", j.who.TenantID)
	end, wait := time.Now().Add(patience), 100*time.Millisecond
	for {
		err := r.work(j)
		switch {
		case err == nil, errors.Is(err, db.ErrNotFound):
			return
		case r.ctx.Err() != nil:
			log.Info("import interrupted: it will be taken up again", "error", err)
			return
		case errors.Is(err, store.ErrChanged):
			log.Info("import left to another process", "error", err)
			return
		case !passing(err) || time.Now().After(end):
			log.Error("import failed", "error", err)
			if err := r.store.FailImport(r.ctx, j.who, j.id, NoteFailed); err != nil {
				log.Error("import failed, and so did writing that down", "error", err)
			}
			return
		}
		log.Warn("import waits for the database", "error", err)
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

// work does what the import's state asks for. After an error it can be called again.
func (r *Runner) work(j job) error {
	i, err := r.store.ImportInBackground(r.ctx, j.who, j.id)
	if err != nil {
		return err
	}
	switch i.State {
	case store.ImportUploaded:
		return r.stage(j, i)
	case store.ImportCommitting:
		err := r.commit(j, i)
		if !outdated(err) {
			return err
		}
		r.log.Info("import compared anew", "import", j.id, "reason", err)
		if _, err := r.store.ReopenImport(r.ctx, j.who, j.id); err != nil {
			return err
		}
		return r.work(j)
	}
	return nil
}

// outdated reports that a commit met other homes than its preview: those it found changed, or those that appeared
// while it was at it.
func outdated(err error) bool {
	return errors.Is(err, store.ErrStale) || errors.Is(err, db.ErrUnique) || errors.Is(err, db.ErrForeignKey)
}
