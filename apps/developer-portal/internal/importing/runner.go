package importing

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/background"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/db"
)

// mostAtOnce bounds the imports that one process works on: each holds a file in memory and now and then a connection,
// of which requests want most.
const mostAtOnce = 2

// The notes that a failed try leaves at an import.
const (
	NoteChanged = "changed" // homes changed since the preview: it was made anew
	NoteFailed  = "failed"  // a mistake of ours; the log knows more
)

// Runner works on imports in the background. Make it with New, end it with Close.
type Runner struct {
	store *store.Store
	log   *slog.Logger
	tasks *background.Runner
}

// New returns a runner without work.
func New(s *store.Store, log *slog.Logger) *Runner {
	return &Runner{store: s, log: log, tasks: background.New(log.With("work", "import"), mostAtOnce)}
}

// job is one import to be worked on, for whom, and what the audit log shall say about from where.
type job struct {
	who store.Staff
	in  db.Intent
	id  uuid.UUID
}

// Start begins the work that the import's state asks for. in is the request's; its key isn't used again. It returns at
// once.
func (r *Runner) Start(who store.Staff, in db.Intent, id uuid.UUID) {
	in.Key, in.BodyHash = "", nil
	r.tasks.Start(id, background.Work{
		TenantID: who.TenantID, Again: true,
		Do: func(ctx context.Context) error {
			err := r.work(ctx, job{who: who, in: in, id: id})
			if errors.Is(err, db.ErrNotFound) { // taken back meanwhile
				return nil
			}
			return err
		},
		Left: func(err error) bool { return errors.Is(err, store.ErrChanged) },
		Failed: func(ctx context.Context) error {
			return r.store.FailImport(ctx, who, id, NoteFailed)
		},
	})
}

// Wait returns when this process has no work on the import (any more), or after most.
func (r *Runner) Wait(ctx context.Context, id uuid.UUID, most time.Duration) {
	r.tasks.Wait(ctx, id, most)
}

// Close stops all work and waits for its end, at most until ctx ends. What was cut is taken up again by whoever looks
// at the import next.
func (r *Runner) Close(ctx context.Context) error { return r.tasks.Close(ctx) }

// work does what the import's state asks for. After an error it can be called again.
func (r *Runner) work(ctx context.Context, j job) error {
	i, err := r.store.ImportInBackground(ctx, j.who, j.id)
	if err != nil {
		return err
	}
	switch i.State {
	case store.ImportUploaded:
		return r.stage(ctx, j, i)
	case store.ImportCommitting:
		err := r.commit(ctx, j, i)
		if !outdated(err) {
			return err
		}
		r.log.Info("import compared anew", "import", j.id, "reason", err)
		if _, err := r.store.ReopenImport(ctx, j.who, j.id); err != nil {
			return err
		}
		return r.work(ctx, j)
	}
	return nil
}

// outdated reports that a commit met other homes than its preview: those it found changed, or those that appeared
// while it was at it.
func outdated(err error) bool {
	return errors.Is(err, store.ErrStale) || errors.Is(err, db.ErrUnique) || errors.Is(err, db.ErrForeignKey)
}
