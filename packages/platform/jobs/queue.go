package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"openhouse.example/packages/db"
	"openhouse.example/packages/platform"
)

// Job is a piece of work that this worker has claimed.
type Job struct {
	TenantID, ID uuid.UUID
	Kind         string
	Payload      json.RawMessage
	Attempt      int // which try this is, from 1
	MaxAttempts  int
}

// Scope is the one that the job is done in.
func (j Job) Scope() db.Scope { return db.Scope{Role: platform.RoleWorker, TenantID: j.TenantID} }

// Effect is what a job changes. It runs in the transaction in which the job is
// marked as done, as a callback of db.Write does: it may run more than once, and is
// committed once.
type Effect func(ctx context.Context, tx *db.Tx) error

// Handler does one kind of job: first what needs no transaction (which happens
// again if this worker dies), then the Effect that it returns; nil for none. ctx
// ends when the lease is lost or the worker can't wait any longer.
type Handler func(ctx context.Context, j Job) (Effect, error)

// Permanent marks a failure that another try won't mend.
func Permanent(err error) error { return permanent{err} }

type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// Lease is how long a job is safe from other workers without a sign of life.
const Lease = time.Minute

// Queue is the Source of the table jobs.
type Queue struct {
	Pool     *db.Pool // of the worker's login, with the platform's ledger
	Handlers map[string]Handler
	// GaveUp is what a job of a kind leaves behind when it has failed for good, in the transaction that notes it; a kind
	// that leaves nothing isn't there. Its handler may never have been asked, if its workers died.
	GaveUp map[string]func(j Job) Effect
	Log    *slog.Logger
	Lease  time.Duration // 0 for Lease
}

const (
	claimJob = `select tenant_id, id, attempt from job_claim($1, make_interval(secs => $2))`

	readJob = `select kind, payload::text, max_attempts from jobs
		where tenant_id = $1 and id = $2 and attempts = $3 and state = 'running'`

	renewJob = `update jobs set run_at = now() + make_interval(secs => $4), lease_until = now() + make_interval(secs => $4)
		where tenant_id = $1 and id = $2 and attempts = $3 and state = 'running'`

	finishJob = `update jobs set state = 'done', finished_at = now(), lease_until = null, last_error = ''
		where tenant_id = $1 and id = $2 and attempts = $3 and state = 'running'`

	failJob = `update jobs set state = 'failed', finished_at = now(), lease_until = null, last_error = $4
		where tenant_id = $1 and id = $2 and attempts = $3 and state = 'running'`

	// Spread by a quarter either way, so that what failed together doesn't come back together.
	postponeJob = `update jobs set state = 'queued', run_at = now() + make_interval(secs => $5 * (0.75 + random() / 2)),
			lease_until = null, last_error = $4, max_attempts = max_attempts + $6
		where tenant_id = $1 and id = $2 and attempts = $3 and state = 'running'`
)

func (q *Queue) lease() time.Duration {
	if q.Lease > 0 {
		return q.Lease
	}
	return Lease
}

// Take claims the job that is due longest, of the kinds that there are handlers for.
func (q *Queue) Take(ctx context.Context) (func(context.Context), error) {
	kinds := make([]string, 0, len(q.Handlers))
	for kind := range q.Handlers {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	j, err := db.Door(ctx, q.Pool, func(ctx context.Context, h db.Querier) (Job, error) {
		var j Job
		return j, h.QueryRow(ctx, claimJob, kinds, q.lease().Seconds()).Scan(&j.TenantID, &j.ID, &j.Attempt)
	})
	switch {
	case errors.Is(err, db.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("claim a job: %w", err)
	}
	return func(ctx context.Context) { q.do(ctx, j) }, nil
}

// do does a claimed job and notes how it ended.
func (q *Queue) do(ctx context.Context, j Job) {
	j, err := q.read(ctx, j)
	if err == nil {
		if j.Attempt > j.MaxAttempts { // whoever had the last try died with it
			err = Permanent(fmt.Errorf("its worker ended %d times while it did this", j.MaxAttempts))
		} else {
			err = q.work(ctx, j)
		}
	}
	log := q.Log.With("kind", j.Kind, "job", j.ID, "tenant_id", j.TenantID, "attempt", j.Attempt)
	if err == nil {
		log.Info("job done")
		return
	}
	if errors.Is(err, platform.ErrLeaseLost) {
		log.Warn("job left to somebody else: the lease was lost")
		return
	}
	// The worker's end must not keep it from noting how far it came.
	noting, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteLimit)
	defer cancel()
	var final permanent
	switch {
	case ctx.Err() != nil: // not the job's fault: it may try as often as before
		log.Warn("job cut by the worker's end, it is tried again", "error", err)
		err = q.postpone(noting, j, 0, 1, err)
	case errors.As(err, &final) || j.MaxAttempts > 0 && j.Attempt >= j.MaxAttempts:
		log.Error("job failed for good", "error", err)
		err = q.fail(noting, j, err)
	default:
		wait := Backoff(j.Attempt)
		log.Warn("job failed, it is tried again", "in", wait.String(), "error", err)
		err = q.postpone(noting, j, wait, 0, err)
	}
	if err != nil && !errors.Is(err, platform.ErrLeaseLost) {
		log.Error("how a job ended can't be noted; it is done again when its lease is over", "error", err)
	}
}

// noteLimit is what it may take to note how work ended.
const noteLimit = 5 * time.Second

func (q *Queue) read(ctx context.Context, j Job) (Job, error) {
	return db.Read(ctx, q.Pool, j.Scope(), func(ctx context.Context, h db.Querier) (Job, error) {
		got, payload := j, ""
		err := h.QueryRow(ctx, readJob, j.TenantID, j.ID, j.Attempt).Scan(&got.Kind, &payload, &got.MaxAttempts)
		if errors.Is(err, db.ErrNotFound) {
			return j, platform.ErrLeaseLost
		}
		if err != nil {
			return j, fmt.Errorf("read a job: %w", err)
		}
		got.Payload = json.RawMessage(payload)
		return got, nil
	})
}

// work runs the handler while the lease is kept, then its effect.
func (q *Queue) work(ctx context.Context, j Job) error {
	working, stop := context.WithCancelCause(ctx)
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		q.keep(working, stop, j)
	}()
	effect, err := handle(working, q.Handlers[j.Kind], j)
	cause := context.Cause(working)
	stop(nil)
	<-kept
	if err != nil && errors.Is(cause, platform.ErrLeaseLost) {
		return platform.ErrLeaseLost
	}
	if err != nil {
		return err
	}
	return q.finish(ctx, j, effect)
}

// handle calls a handler, whose panic is a failure like another.
func handle(ctx context.Context, do Handler, j Job) (effect Effect, err error) {
	defer func() {
		if r := recover(); r != nil {
			effect, err = nil, fmt.Errorf("the handler panicked: %v\n%s", r, debug.Stack())
		}
	}()
	return do(ctx, j)
}

// keep renews the lease until ctx ends, and stops the work when it is lost.
func (q *Queue) keep(ctx context.Context, stop context.CancelCauseFunc, j Job) {
	tick := time.NewTicker(q.lease() / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		switch err := q.renew(ctx, j); {
		case errors.Is(err, platform.ErrLeaseLost):
			stop(err)
			return
		case err != nil && ctx.Err() == nil:
			q.Log.Warn("a lease can't be renewed", "job", j.ID, "error", err)
		}
	}
}

func (q *Queue) renew(ctx context.Context, j Job) error {
	_, err := db.Write(ctx, q.Pool, j.Scope(), db.Intent{}, func(ctx context.Context, tx *db.Tx) (struct{}, error) {
		tag, err := tx.Exec(ctx, renewJob, j.TenantID, j.ID, j.Attempt, q.lease().Seconds())
		if err == nil && tag.RowsAffected() == 0 {
			err = platform.ErrLeaseLost
		}
		return struct{}{}, err
	})
	return err
}

// finish commits the effect together with the job's end. The row is locked first:
// from then on nobody else can have the job.
func (q *Queue) finish(ctx context.Context, j Job, effect Effect) error {
	_, err := db.Write(ctx, q.Pool, j.Scope(), db.Intent{}, func(ctx context.Context, tx *db.Tx) (struct{}, error) {
		tag, err := tx.Exec(ctx, finishJob, j.TenantID, j.ID, j.Attempt)
		if err == nil && tag.RowsAffected() == 0 {
			err = platform.ErrLeaseLost
		}
		if err == nil && effect != nil {
			err = effect(ctx, tx)
		}
		tx.Audit(db.Event{Action: "job.done", Object: j.Kind, ObjectID: j.ID})
		return struct{}{}, err
	})
	return err
}

func (q *Queue) fail(ctx context.Context, j Job, why error) error {
	_, err := db.Write(ctx, q.Pool, j.Scope(), db.Intent{}, func(ctx context.Context, tx *db.Tx) (struct{}, error) {
		tag, err := tx.Exec(ctx, failJob, j.TenantID, j.ID, j.Attempt, line(why))
		if err == nil && tag.RowsAffected() == 0 {
			err = platform.ErrLeaseLost
		}
		if leave := q.GaveUp[j.Kind]; err == nil && leave != nil {
			if effect := leave(j); effect != nil {
				err = effect(ctx, tx)
			}
		}
		tx.Audit(db.Event{Action: "job.failed", Object: j.Kind, ObjectID: j.ID})
		return struct{}{}, err
	})
	return err
}

// postpone puts the job back for about wait, with so many tries more than it had.
func (q *Queue) postpone(ctx context.Context, j Job, wait time.Duration, more int, why error) error {
	_, err := db.Write(ctx, q.Pool, j.Scope(), db.Intent{}, func(ctx context.Context, tx *db.Tx) (struct{}, error) {
		tag, err := tx.Exec(ctx, postponeJob, j.TenantID, j.ID, j.Attempt, line(why), wait.Seconds(), more)
		if err == nil && tag.RowsAffected() == 0 {
			err = platform.ErrLeaseLost
		}
		return struct{}{}, err
	})
	return err
}

// line is an error as one short line for the table.
func line(err error) string {
	const most = 500
	text, _, _ := strings.Cut(err.Error(), "\n")
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most])
	}
	return text
}
