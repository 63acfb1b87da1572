package printing

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

const (
	mostAtOnce = 2 // prints, each on one core
	// expireEvery is how long a file may outlive its time on the disk; it can't be had any more anyway.
	expireEvery = 10 * time.Minute
)

// The notes that a failed print leaves behind.
const (
	NoteFailed  = "failed"   // a mistake of ours; the log knows more
	NoteNoHomes = "no-homes" // the homes that were to get codes are gone
)

// Runner makes prints in the background. Make it with New, end it with Close.
type Runner struct {
	store *store.Store
	work  *background.Runner
}

// New returns a runner without work. From now on it clears away files whose time is over.
func New(s *store.Store, log *slog.Logger) *Runner {
	r := &Runner{store: s, work: background.New(log.With("work", "print"), mostAtOnce)}
	r.work.Every(expireEvery, func(ctx context.Context) error {
		_, err := s.ExpireFiles(ctx)
		return err
	})
	return r
}

// Start begins the work on a print, unless this process is at it already. in is the request's; its key isn't used again.
func (r *Runner) Start(who store.Staff, in db.Intent, id uuid.UUID) {
	in.Key, in.BodyHash = "", nil
	r.work.Start(id, background.Work{
		TenantID: who.TenantID,

		Do:   func(ctx context.Context) error { return r.print(ctx, who, in, id) },
		Left: func(err error) bool { return errors.Is(err, store.ErrChanged) || errors.Is(err, db.ErrNotFound) },
		Failed: func(ctx context.Context) error {
			return r.store.FailPrint(ctx, who, id, NoteFailed)
		},
	})
}

// Wait returns when this process has no work on the print (any more), or after most.
func (r *Runner) Wait(ctx context.Context, id uuid.UUID, most time.Duration) {
	r.work.Wait(ctx, id, most)
}

// Close stops all work and waits for its end, at most until ctx ends. What was cut is taken up again by whoever looks
// at the print next.
func (r *Runner) Close(ctx context.Context) error { return r.work.Close(ctx) }
