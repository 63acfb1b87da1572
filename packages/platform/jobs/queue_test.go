package jobs_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"openhouse.example/packages/db"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform/jobs"
)

func TestTwoWorkersDoEachJobOnceInItsCompany(t *testing.T) {
	t.Parallel()
	w := newWorks(t)
	const each = 100
	p := w.pool()
	for i := range 2 * each {
		w.add(p, jobs.New{TenantID: w.companies[i%2], Kind: "count", Payload: map[string]int{"n": i}})
	}
	var calls atomic.Int64
	do := func(_ context.Context, j jobs.Job) (jobs.Effect, error) {
		calls.Add(1)
		return leave(j), nil
	}
	for range 2 {
		w.run(&jobs.Queue{Pool: w.pool(), Handlers: map[string]jobs.Handler{"count": do}}, 4, patience)
	}
	w.until("all jobs done", func() bool {
		return pgtest.Value[int64](w.DB, `select count(*) from jobs where state = 'done'`) == 2*each
	})
	if n := pgtest.Value[int64](w.DB, `select count(*) from (select 1 from audit_log a join jobs j on j.id = a.object_id and j.tenant_id = a.tenant_id
		where a.action = 'test.effect' and a.actor_kind = 'worker' group by j.id having count(*) = 1) as once`); n != 2*each || calls.Load() != 2*each || w.effects() != 2*each {
		t.Errorf("%d jobs had one effect in their company, %d effects and %d calls in all, want %d of each", n, w.effects(), calls.Load(), 2*each)
	}
}

func TestAHandlerSeesItsJob(t *testing.T) {
	t.Parallel()
	w := newWorks(t)
	p := w.pool()
	id := w.add(p, jobs.New{TenantID: w.companies[1], Kind: "look", Payload: map[string]string{"page": "four"}, Attempts: 3})
	seen := make(chan jobs.Job, 1)
	w.run(&jobs.Queue{Pool: p, Handlers: map[string]jobs.Handler{"look": func(_ context.Context, j jobs.Job) (jobs.Effect, error) {
		seen <- j
		return nil, nil
	}}}, 1, patience)
	j := <-seen
	if j.ID != id || j.TenantID != w.companies[1] || j.Kind != "look" || string(j.Payload) != `{"page": "four"}` || j.Attempt != 1 || j.MaxAttempts != 3 {
		t.Errorf("the handler saw %+v %s", j, j.Payload)
	}
	w.until("done without an effect", func() bool { return w.row(id).State == "done" })
}

func TestWhatIsNotDueOrNotKnownWaits(t *testing.T) {
	t.Parallel()
	w := newWorks(t)
	p := w.pool()
	later := w.add(p, jobs.New{TenantID: w.companies[0], Kind: "known", RunAt: time.Now().Add(time.Hour)})
	strange := w.add(p, jobs.New{TenantID: w.companies[0], Kind: "unknown"})
	q := &jobs.Queue{Pool: p, Log: quiet, Handlers: map[string]jobs.Handler{"known": func(_ context.Context, j jobs.Job) (jobs.Effect, error) { return leave(j), nil }}}
	if do, err := q.Take(t.Context()); do != nil || err != nil {
		t.Errorf("something was taken (%v)", err)
	}
	for _, id := range []uuid.UUID{later, strange} {
		if r := w.row(id); r.State != "queued" || r.Attempts != 0 {
			t.Errorf("%+v", r)
		}
	}
}

// A worker that is killed says nothing any more. Its lease ends, another worker does the job; and should the first one
// only have been asleep, what it then does has no effect.
func TestADeadWorkersJobIsDoneByAnother(t *testing.T) {
	t.Parallel()
	w := newWorks(t)
	p := w.pool()
	handlers := map[string]jobs.Handler{"count": func(_ context.Context, j jobs.Job) (jobs.Effect, error) { return leave(j), nil }}
	id := w.add(p, jobs.New{TenantID: w.companies[0], Kind: "count"})
	asleep, err := (&jobs.Queue{Pool: p, Log: quiet, Handlers: handlers, Lease: time.Hour}).Take(t.Context())
	if err != nil || asleep == nil {
		t.Fatalf("nothing was taken: %v", err)
	}
	other := &jobs.Queue{Pool: p, Log: quiet, Handlers: handlers}
	if do, err := other.Take(t.Context()); do != nil || err != nil {
		t.Fatalf("it was taken although its lease holds (%v)", err)
	}
	w.Exec(`update jobs set run_at = now()`) // an hour later
	do, err := other.Take(t.Context())
	if err != nil || do == nil {
		t.Fatalf("the lease is over, and nothing was taken: %v", err)
	}
	asleep(t.Context()) // while the other one works
	if w.effects() != 0 || w.row(id).State != "running" {
		t.Errorf("a worker without a lease had %d effects, %+v", w.effects(), w.row(id))
	}
	do(t.Context())
	asleep(t.Context())
	if w.effects() != 1 || w.row(id).State != "done" {
		t.Errorf("%d effects, %+v", w.effects(), w.row(id))
	}
}

func TestALongJobKeepsItsLease(t *testing.T) {
	t.Parallel()
	w := newWorks(t)
	p := w.pool()
	w.add(p, jobs.New{TenantID: w.companies[0], Kind: "long"})
	begun, end := make(chan struct{}), make(chan struct{})
	stop := w.run(&jobs.Queue{Pool: p, Lease: 3 * time.Second, Handlers: map[string]jobs.Handler{"long": func(_ context.Context, j jobs.Job) (jobs.Effect, error) {
		close(begun)
		<-end
		return leave(j), nil
	}}}, 1, patience)
	<-begun
	first := pgtest.Value[time.Time](w.DB, `select lease_until from jobs`)
	w.until("the lease is renewed twice", func() bool {
		return pgtest.Value[time.Time](w.DB, `select lease_until from jobs`).Sub(first) > 1500*time.Millisecond
	})
	close(end)
	w.until("done", func() bool { return w.effects() == 1 })
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestALostLeaseStopsTheWork(t *testing.T) {
	t.Parallel()
	w := newWorks(t)
	p := w.pool()
	id := w.add(p, jobs.New{TenantID: w.companies[0], Kind: "long"})
	begun, stopped := make(chan struct{}), make(chan struct{})
	stop := w.run(&jobs.Queue{Pool: p, Lease: 300 * time.Millisecond, Handlers: map[string]jobs.Handler{"long": func(ctx context.Context, j jobs.Job) (jobs.Effect, error) {
		close(begun)
		<-ctx.Done()
		close(stopped)
		return leave(j), ctx.Err()
	}}}, 1, patience)
	<-begun
	w.Exec(`update jobs set attempts = attempts + 1, run_at = now() + interval '1 hour'`) // somebody else's claim
	<-stopped
	if err := stop(); err != nil {
		t.Error(err)
	}
	if r := w.row(id); w.effects() != 0 || r.State != "running" || r.LastError != "" {
		t.Errorf("%d effects, %+v", w.effects(), r)
	}
}

// A worker that finds out too late that its job is somebody else's: what it did is thrown away.
func TestWhoLostTheLeaseCantCommit(t *testing.T) {
	t.Parallel()
	w := newWorks(t)
	p := w.pool()
	id := w.add(p, jobs.New{TenantID: w.companies[0], Kind: "slow"})
	do, err := (&jobs.Queue{Pool: p, Log: quiet, Lease: time.Hour, Handlers: map[string]jobs.Handler{"slow": func(_ context.Context, j jobs.Job) (jobs.Effect, error) {
		w.Exec(`update jobs set attempts = attempts + 1`) // somebody else's claim
		return leave(j), nil
	}}}).Take(t.Context())
	if err != nil || do == nil {
		t.Fatalf("nothing was taken: %v", err)
	}
	do(t.Context())
	if r := w.row(id); w.effects() != 0 || r.State != "running" || r.LastError != "" {
		t.Errorf("%d effects, %+v", w.effects(), r)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ż", 1000)
	for name, c := range map[string]struct {
		do       func(ctx context.Context, j jobs.Job) (jobs.Effect, error)
		attempts int
		state    string
		says     string
	}{
		"an error is tried again": {func(context.Context, jobs.Job) (jobs.Effect, error) {
			return nil, errors.New("not now\nand a second line")
		}, 2, "queued", "not now"},
		"the last try":      {func(context.Context, jobs.Job) (jobs.Effect, error) { return nil, errors.New("not now") }, 1, "failed", "not now"},
		"a permanent error": {func(context.Context, jobs.Job) (jobs.Effect, error) { return nil, jobs.Permanent(errors.New("never")) }, 5, "failed", "never"},
		"a panic":           {func(context.Context, jobs.Job) (jobs.Effect, error) { panic("oh") }, 2, "queued", "the handler panicked: oh"},
		"a long text":       {func(context.Context, jobs.Job) (jobs.Effect, error) { return nil, errors.New(long) }, 2, "queued", long[:2*500]},
		"an effect that fails": {func(_ context.Context, j jobs.Job) (jobs.Effect, error) {
			return func(ctx context.Context, tx *db.Tx) error {
				return errors.Join(leave(j)(ctx, tx), errors.New("no effect"))
			}, nil
		}, 2, "queued", "no effect"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorks(t)
			p := w.pool()
			id := w.add(p, jobs.New{TenantID: w.companies[0], Kind: "fail", Attempts: c.attempts})
			do, err := (&jobs.Queue{Pool: p, Log: quiet, Handlers: map[string]jobs.Handler{"fail": c.do}}).Take(t.Context())
			if err != nil || do == nil {
				t.Fatalf("nothing was taken: %v", err)
			}
			do(t.Context())
			r := w.row(id)
			if r.State != c.state || r.LastError != c.says || r.MaxAttempts != c.attempts || w.effects() != 0 {
				t.Errorf("%+v, %d effects", r, w.effects())
			}
			if r.State == "queued" && (r.InSeconds < -patience.Seconds() || r.InSeconds > 2.5) {
				t.Errorf("it is tried again in %.1f s", r.InSeconds)
			}
			ends := pgtest.Value[int64](w.DB, `select count(*) from audit_log where action = 'job.failed'`)
			if want := map[bool]int64{true: 1}[c.state == "failed"]; ends != want {
				t.Errorf("%d entries about its end, want %d", ends, want)
			}
		})
	}
}

// A job that kills its worker must not kill one after the other for ever.
func TestAJobThatKillsItsWorkersEnds(t *testing.T) {
	t.Parallel()
	w := newWorks(t)
	p := w.pool()
	id := w.add(p, jobs.New{TenantID: w.companies[0], Kind: "kill", Attempts: 2})
	q := &jobs.Queue{Pool: p, Log: quiet, Handlers: map[string]jobs.Handler{"kill": func(context.Context, jobs.Job) (jobs.Effect, error) {
		t.Error("it was begun a third time")
		return nil, nil
	}}}
	for try := range 3 {
		do, err := q.Take(t.Context())
		if err != nil || do == nil {
			t.Fatalf("try %d: nothing was taken: %v", try, err)
		}
		if try == 2 {
			do(t.Context())
		}
		w.Exec(`update jobs set run_at = now() where state = 'running'`)
	}
	if r := w.row(id); r.State != "failed" || !strings.Contains(r.LastError, "its worker ended 2 times") {
		t.Errorf("%+v", r)
	}
}

// Whoever adds the job decides with its transaction whether there is one.
func TestAJobGoesWithItsReason(t *testing.T) {
	t.Parallel()
	w := newWorks(t)
	p := w.pool()
	_, err := db.Write(t.Context(), p, db.Scope{Role: "openhouse_worker", TenantID: w.companies[0]}, db.Intent{}, func(ctx context.Context, tx *db.Tx) (int, error) {
		if _, err := jobs.Add(ctx, tx, jobs.New{TenantID: w.companies[0], Kind: "count"}); err != nil {
			return 0, err
		}
		return 0, context.DeadlineExceeded
	})
	if n := pgtest.Value[int64](w.DB, `select count(*) from jobs`); err == nil || n != 0 {
		t.Errorf("%d jobs although their reason was rolled back (%v)", n, err)
	}
	for name, n := range map[string]jobs.New{
		"another company":   {TenantID: w.companies[1], Kind: "count"},
		"no JSON":           {TenantID: w.companies[0], Kind: "count", Payload: func() {}},
		"no object":         {TenantID: w.companies[0], Kind: "count", Payload: 4},
		"a kind of no form": {TenantID: w.companies[0], Kind: "Count!"},
	} {
		if _, err := db.Write(t.Context(), p, db.Scope{Role: "openhouse_worker", TenantID: w.companies[0]}, db.Intent{}, func(ctx context.Context, tx *db.Tx) (uuid.UUID, error) {
			return jobs.Add(ctx, tx, n)
		}); err == nil {
			t.Errorf("%s: it was taken", name)
		}
	}
}
