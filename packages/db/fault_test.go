package db_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"openhouse.example/packages/db"
	"openhouse.example/packages/pgdev/pgtest"
)

// readers read until stop is closed and count what happened.
type readers struct {
	stop         chan struct{}
	done         sync.WaitGroup
	ok, failed   atomic.Int64
	worst        atomic.Int64
	firstFailure atomic.Pointer[error]
}

func startReaders(p *db.Pool, tenant uuid.UUID, n int) *readers {
	r := &readers{stop: make(chan struct{})}
	for range n {
		r.done.Go(func() {
			for {
				select {
				case <-r.stop:
					return
				default:
				}
				start := time.Now()
				_, err := db.Read(context.Background(), p, scope(tenant), bodies)
				took := time.Since(start)
				if err != nil {
					r.failed.Add(1)
					r.firstFailure.CompareAndSwap(nil, &err)
				} else {
					r.ok.Add(1)
				}
				for w := r.worst.Load(); int64(took) > w && !r.worst.CompareAndSwap(w, int64(took)); w = r.worst.Load() {
				}
			}
		})
	}
	return r
}

func (r *readers) end(t *testing.T) {
	t.Helper()
	close(r.stop)
	r.done.Wait()
	t.Logf("%d ok, %d failed, worst %v", r.ok.Load(), r.failed.Load(), time.Duration(r.worst.Load()).Round(time.Millisecond))
}

func (r *readers) noFailure(t *testing.T) {
	t.Helper()
	if n := r.failed.Load(); n > 0 {
		t.Errorf("%d reads failed, the first with: %v", n, *r.firstFailure.Load())
	}
}

const killOne = `select count(pg_terminate_backend(pid)) from (select pid from pg_stat_activity
 where datname = $1 and usename = 'openhouse_developer_portal' order by random() limit $2) k`

func TestKilledBackendsFailNoRead(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := open(t, settings(t, h.StaffURL()))
	r := startReaders(p, h.a, 16)
	for i := range 20 {
		many := 1
		if i%5 == 4 {
			many = 1000
		}
		h.Count(killOne, h.Name, many)
		time.Sleep(50 * time.Millisecond)
	}
	r.end(t)
	r.noFailure(t)
}

func TestAnOutageIsHeldThenRefusedAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouseOn(t, pgtest.Server(t))
	const hold = 2 * time.Second
	p := open(t, settings(t, h.StaffURL(), patience(hold)))
	began := time.Now()
	if err := h.Server().Halt(fast); err != nil {
		t.Fatal(err)
	}
	down := time.Now()
	_, err := db.Read(t.Context(), p, scope(h.a), bodies)
	// The outage's clock is read from the last good probe, which is at most a second older than the halt.
	if !errors.Is(err, db.ErrDatabaseDown) || time.Since(began) < hold-time.Second || time.Since(down) > hold+5*time.Second {
		t.Errorf("the first request of an outage: %v after %v, want ErrDatabaseDown after about %v", err, time.Since(down), hold)
	}
	for range 20 {
		start := time.Now()
		if _, err := db.Read(t.Context(), p, scope(h.a), bodies); !errors.Is(err, db.ErrDatabaseDown) {
			t.Errorf("in a long outage: %v", err)
		}
		if took := time.Since(start); took > 500*time.Millisecond {
			t.Errorf("refused after %v", took)
		}
	}
	if err := h.Server().Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	back := time.Now()
	eventually(t, 5*time.Second, "reading again", func() bool {
		_, err := db.Read(t.Context(), p, scope(h.a), bodies)
		return err == nil
	})
	t.Logf("first success %v after the return", time.Since(back).Round(time.Millisecond))
	eventually(t, 5*time.Second, "healthy again", func() bool { return p.HealthCheck(t.Context()).Healthy })
}

// A connection that is killed while it commits: the answer must be true, and nothing may be done twice.
func TestALostCommitIsResolved(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*db.Config){
		"pool of 20":    func(*db.Config) {},
		"single client": func(c *db.Config) { c.SingleClient = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testLostCommits(t, change)
		})
	}
}

func testLostCommits(t *testing.T, change func(*db.Config)) {
	h := newHouse(t)
	p := open(t, settings(t, h.StaffURL(), change))
	stop := make(chan struct{})
	var killer sync.WaitGroup
	killer.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
				h.Count(killOne, h.Name, 1000)
			}
		}
	})
	const writers, each = 8, 40
	var acknowledged sync.Map
	var unknown atomic.Int64
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				body := fmt.Sprintf("written %d-%d", w, i)
				_, err := db.Write(t.Context(), p, scope(h.a), db.Intent{}, addNoteQuietly(h.a, body))
				switch {
				case err == nil:
					acknowledged.Store(body, true)
				case errors.Is(err, db.ErrCommitUnknown):
					unknown.Add(1)
				case errors.Is(err, db.ErrUnique):
					t.Errorf("%s was done twice: %v", body, err)
				default:
					t.Errorf("%s: %v", body, err)
				}
			}
		})
	}
	wg.Wait()
	close(stop)
	killer.Wait()
	n := 0
	acknowledged.Range(func(body, _ any) bool {
		n++
		if h.Count("select count(*) from notes where body = $1", body) != 1 {
			t.Errorf("%q was acknowledged and is not there", body)
		}
		return true
	})
	rows := h.Count("select count(*) from notes where body like 'written %'")
	if rows < n || rows > n+int(unknown.Load()) {
		t.Errorf("%d rows for %d acknowledged and %d unknown", rows, n, unknown.Load())
	}
	t.Logf("%d acknowledged, %d unknown, %d rows", n, unknown.Load(), rows)
}

func addNoteQuietly(tenant uuid.UUID, body string) func(context.Context, *db.Tx) (made, error) {
	return func(ctx context.Context, tx *db.Tx) (made, error) {
		id := uuid.New()
		_, err := tx.Exec(ctx, "insert into notes values ($1, $2, $3)", tenant, id, body)
		return made{id}, err
	}
}
