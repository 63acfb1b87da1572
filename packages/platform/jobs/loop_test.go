package jobs_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"openhouse.example/packages/platform/jobs"
)

func TestBackoff(t *testing.T) {
	t.Parallel()
	for attempt, want := range map[int]time.Duration{
		1: 2 * time.Second, 2: 4 * time.Second, 5: 32 * time.Second, 9: 512 * time.Second, 10: 10 * time.Minute, 1000: 10 * time.Minute,
	} {
		if got := jobs.Backoff(attempt); got != want {
			t.Errorf("after attempt %d: %v, want %v", attempt, got, want)
		}
	}
}

// source is a queue without a database.
type source func(ctx context.Context) (func(context.Context), error)

func (s source) Take(ctx context.Context) (func(context.Context), error) { return s(ctx) }

func TestALoopDoesNoMoreAtOnceThanItMay(t *testing.T) {
	t.Parallel()
	const atOnce, all = 3, 30
	var taken, running, most, done atomic.Int64
	finished := make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	full := sync.OnceFunc(func() { close(finished) })
	loop := &jobs.Loop{Name: "x", AtOnce: atOnce, Log: quiet, Poll: time.Millisecond, Stop: patience, Source: source(func(context.Context) (func(context.Context), error) {
		if taken.Add(1) > all {
			return nil, nil
		}
		return func(context.Context) {
			if n := running.Add(1); n > most.Load() {
				most.Store(n)
			}
			time.Sleep(2 * time.Millisecond)
			running.Add(-1)
			if done.Add(1) == all {
				full()
			}
		}, nil
	})}
	ended := make(chan error, 1)
	go func() { ended <- loop.Run(ctx) }()
	<-finished
	stop()
	if err := <-ended; err != nil || most.Load() > atOnce {
		t.Errorf("%d at once, may be %d; %v", most.Load(), atOnce, err)
	}
}

func TestALoopOutlivesAQueueThatCantBeAsked(t *testing.T) {
	t.Parallel()
	asked := 0
	ctx, stop := context.WithCancel(t.Context())
	loop := &jobs.Loop{Name: "x", AtOnce: 1, Log: quiet, Poll: time.Millisecond, Stop: patience, Source: source(func(context.Context) (func(context.Context), error) {
		if asked++; asked == 1 {
			return nil, errors.New("the database is away")
		}
		return func(context.Context) { stop() }, nil
	})}
	if err := loop.Run(ctx); err != nil || asked < 2 {
		t.Errorf("asked %d times, %v", asked, err)
	}
}

func TestStopping(t *testing.T) {
	t.Parallel()
	unhurried := func(ctx context.Context, _ chan struct{}) {
		select {
		case <-ctx.Done():
			t.Error("it was told to end, though it had time")
		case <-time.After(50 * time.Millisecond):
		}
	}
	for name, c := range map[string]struct {
		work func(ctx context.Context, release chan struct{})
		stop time.Duration
		want error
	}{
		"what has begun ends":        {unhurried, patience, nil},
		"what is late is told so":    {func(ctx context.Context, _ chan struct{}) { <-ctx.Done() }, time.Millisecond, nil},
		"what doesn't listen is cut": {func(_ context.Context, release chan struct{}) { <-release }, time.Millisecond, jobs.ErrCut},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			release := make(chan struct{})
			var working sync.WaitGroup
			ctx, stop := context.WithCancel(t.Context())
			begun := false
			loop := &jobs.Loop{Name: "x", AtOnce: 2, Log: quiet, Poll: time.Millisecond, Stop: c.stop, Source: source(func(context.Context) (func(context.Context), error) {
				if begun {
					return nil, nil
				}
				begun = true
				working.Add(1)
				return func(ctx context.Context) {
					defer working.Done()
					stop()
					c.work(ctx, release)
				}, nil
			})}
			if err := loop.Run(ctx); !errors.Is(err, c.want) {
				t.Errorf("it ended with %v, want %v", err, c.want)
			}
			close(release)
			working.Wait()
		})
	}
}

// A stop that cuts a job's last try short must not cost it that try.
func TestACutTryIsGivenBack(t *testing.T) {
	t.Parallel()
	w := newWorks(t)
	p := w.pool()
	id := w.add(p, jobs.New{TenantID: w.companies[0], Kind: "slow", Attempts: 1})
	begun := make(chan struct{})
	stop := w.run(&jobs.Queue{Pool: p, Handlers: map[string]jobs.Handler{"slow": func(ctx context.Context, _ jobs.Job) (jobs.Effect, error) {
		close(begun)
		<-ctx.Done()
		return nil, ctx.Err()
	}}}, 1, time.Millisecond)
	<-begun
	if err := stop(); err != nil && !errors.Is(err, jobs.ErrCut) { // noting may take longer than the grace on a busy machine
		t.Error(err)
	}
	w.until("it waits again", func() bool { return w.row(id).State == "queued" })
	if r := w.row(id); r.MaxAttempts != 2 || r.InSeconds > 0 {
		t.Errorf("%+v", r)
	}
	w.run(&jobs.Queue{Pool: p, Handlers: map[string]jobs.Handler{"slow": func(_ context.Context, j jobs.Job) (jobs.Effect, error) { return leave(j), nil }}}, 1, patience)
	w.until("another worker has done it", func() bool { return w.effects() == 1 })
}
