package db_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"openhouse.example/packages/config"
	"openhouse.example/packages/db"
)

// hold occupies n connections until the returned function is called.
func hold(t *testing.T, p *db.Pool, h house, n int) (letGo func()) {
	t.Helper()
	release := make(chan struct{})
	var held, done sync.WaitGroup
	held.Add(n)
	for range n {
		done.Go(func() {
			_, err := db.Read(context.Background(), p, scope(h.a), func(ctx context.Context, q db.Querier) (int, error) {
				held.Done()
				<-release
				return 0, nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	held.Wait()
	return sync.OnceFunc(func() { close(release); done.Wait() })
}

func TestWaitingIsCountedExactly(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := open(t, settings(t, h.StaffURL(), size(2)))
	letGo := hold(t, p, h, 2)
	defer letGo()
	if got := p.GetPoolStats(); got != (db.PoolStats{TotalCount: 2, IdleCount: 0, WaitingCount: 0}) {
		t.Errorf("full pool, nobody waiting: %+v", got)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := db.Read(t.Context(), p, scope(h.a), bodies); err != nil {
				t.Error(err)
			}
		})
	}
	eventually(t, 2*time.Second, "eight waiting", func() bool { return p.GetPoolStats().WaitingCount == 8 })
	letGo()
	wg.Wait()
	if got := p.GetPoolStats(); got != (db.PoolStats{TotalCount: 2, IdleCount: 2, WaitingCount: 0}) {
		t.Errorf("after all: %+v", got)
	}
}

func TestAFullPoolSaysSoWithItsFigures(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := open(t, settings(t, h.StaffURL(), size(1), patience(300*time.Millisecond)))
	letGo := hold(t, p, h, 1)
	defer letGo()
	start := time.Now()
	_, err := db.Read(t.Context(), p, scope(h.a), bodies)
	took := time.Since(start)
	var ours *db.Error
	if !errors.Is(err, db.ErrPoolExhausted) || !errors.As(err, &ours) {
		t.Fatalf("%v, want ErrPoolExhausted", err)
	}
	if ours.Limit != 300*time.Millisecond || ours.Stats.TotalCount != 1 || ours.Stats.IdleCount != 0 {
		t.Errorf("error carries %+v", ours)
	}
	if !strings.Contains(err.Error(), "waited 300ms (total 1, idle 0, waiting") || !strings.Contains(err.Error(), "DB_POOL_MAX") {
		t.Errorf("error reads: %v", err)
	}
	if took < 300*time.Millisecond || took > 3*time.Second {
		t.Errorf("waited %v", took)
	}
}

// The wait for a connection is limited apart from the query: a slow statement may take longer than that limit.
func TestTheWaitIsLimitedApartFromTheQuery(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := open(t, settings(t, h.StaffURL(), patience(250*time.Millisecond)))
	_, err := db.Read(t.Context(), p, scope(h.a), func(ctx context.Context, q db.Querier) (string, error) {
		var s string
		err := q.QueryRow(ctx, "select pg_sleep(0.5)::text").Scan(&s)
		return s, err
	})
	if err != nil {
		t.Errorf("a statement of 0.5 s: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = db.Read(ctx, p, scope(h.a), func(ctx context.Context, q db.Querier) (int, error) {
		_, err := q.Exec(ctx, "select pg_sleep(5)")
		return 0, err
	})
	if !errors.Is(err, db.ErrQueryTimeout) {
		t.Errorf("a request that ran out of time: %v, want ErrQueryTimeout", err)
	}
}

func TestAWaiterWhoseClientLeftStopsWaiting(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := open(t, settings(t, h.StaffURL(), size(1)))
	letGo := hold(t, p, h, 1)
	defer letGo()
	ctx, cancel := context.WithCancel(t.Context())
	var err error
	done := make(chan struct{})
	go func() { defer close(done); _, err = db.Read(ctx, p, scope(h.a), bodies) }()
	eventually(t, time.Second, "one waiting", func() bool { return p.GetPoolStats().WaitingCount == 1 })
	cancel()
	<-done
	if !errors.Is(err, context.Canceled) || p.GetPoolStats().WaitingCount != 0 {
		t.Errorf("%v, waiting %d", err, p.GetPoolStats().WaitingCount)
	}
}

func TestANestedAcquireOnAFullPoolFailsAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := open(t, settings(t, h.StaffURL(), size(1)))
	start := time.Now()
	_, err := db.Read(t.Context(), p, scope(h.a), func(ctx context.Context, q db.Querier) ([]string, error) {
		return db.Read(ctx, p, scope(h.a), bodies)
	})
	if !errors.Is(err, db.ErrNestedAcquire) || time.Since(start) > time.Second {
		t.Errorf("%v after %v, want ErrNestedAcquire at once", err, time.Since(start))
	}
}

func TestTheFirstRequestsFindWarmConnections(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := open(t, settings(t, h.StaffURL(), func(c *db.Config) { c.AppName = "warm" }))
	warm := h.backends("warm")
	for range 5 {
		if _, err := db.Read(t.Context(), p, scope(h.a), bodies); err != nil {
			t.Fatal(err)
		}
	}
	if got := h.backends("warm"); len(got) != len(warm) || !sameKeys(got, warm) {
		t.Errorf("backends %v before, %v after: a request dialled", warm, got)
	}
}

// backends are the process ids of this database's connections, without our own administration.
func (h house) backends(app string) map[int]bool {
	out := map[int]bool{}
	for _, pid := range h.column("select pid from pg_stat_activity where datname = $1 and pid <> pg_backend_pid() and application_name = $2", h.Name, app) {
		out[pid] = true
	}
	return out
}

func sameKeys(a, b map[int]bool) bool {
	for k := range a {
		if !b[k] {
			return false
		}
	}
	return true
}

func TestAHundredClientsNeverOpenMoreThanMax(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for name, test := range map[string]struct {
		change func(*db.Config)
		most   int
	}{
		"pool of 20":    {func(*db.Config) {}, 20},
		"single client": {func(c *db.Config) { c.SingleClient = true }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			app := "test " + strings.ReplaceAll(name, " ", "-")
			p := open(t, settings(t, h.StaffURL(), test.change, func(c *db.Config) { c.AppName = app }))
			stop := make(chan struct{})
			var most atomic.Int64
			watched := make(chan struct{})
			go func() {
				defer close(watched)
				for {
					most.Store(max(most.Load(), int64(len(h.backends(app))), int64(p.GetPoolStats().TotalCount)))
					select {
					case <-stop:
						return
					case <-time.After(5 * time.Millisecond):
					}
				}
			}()
			var wg sync.WaitGroup
			for range 100 {
				wg.Go(func() {
					for range 10 {
						if _, err := db.Read(t.Context(), p, scope(h.a), bodies); err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			close(stop)
			<-watched
			if most.Load() > int64(test.most) {
				t.Errorf("%d connections, at most %d are allowed", most.Load(), test.most)
			}
		})
	}
}

// After a spike the pool shrinks to its minimum and then leaves those connections alone.
func TestThePoolReturnsToItsMinimumWithoutChurn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const idle = time.Second
	p := open(t, settings(t, h.StaffURL(), func(c *db.Config) { c.IdleTime = config.Millis(idle); c.AppName = "churn" }))
	letGo := hold(t, p, h, 10)
	letGo()
	if n := p.GetPoolStats().TotalCount; n < 10 {
		t.Fatalf("%d connections after ten at once", n)
	}
	eventually(t, idle+10*time.Second, "back to two", func() bool { return p.GetPoolStats().TotalCount == 2 })
	before := h.backends("churn")
	time.Sleep(6 * time.Second) // one upkeep period more, in which nothing may happen
	if after := h.backends("churn"); len(after) != 2 || !sameKeys(after, before) {
		t.Errorf("backends %v, then %v: idle connections are closed and opened again", before, after)
	}
}

func TestCloseIsBoundedAndNamesTheHolder(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p, err := db.Open(t.Context(), settings(t, h.StaffURL(), size(2)), db.WithRole(staff))
	if err != nil {
		t.Fatal(err)
	}
	release, held, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = db.Read(context.Background(), p, scope(h.a), func(context.Context, db.Querier) (int, error) {
			close(held)
			<-release // the leak
			return 0, nil
		})
	}()
	<-held
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	err = p.ClosePool(ctx)
	if err == nil || !strings.Contains(err.Error(), "TestCloseIsBoundedAndNamesTheHolder") {
		t.Errorf("the holder is not named: %v", err)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("closing took %v", took)
	}
	if _, err := db.Read(t.Context(), p, scope(h.a), bodies); !errors.Is(err, db.ErrClosed) {
		t.Errorf("a closed pool: %v, want ErrClosed", err)
	}
	if h := p.HealthCheck(t.Context()); h.Healthy {
		t.Error("a closed pool is healthy")
	}
	close(release)
	<-ended
}
