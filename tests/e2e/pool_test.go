package e2e

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/tests/stack"
)

// census counts the backends of a login until it is ended, and keeps the largest number.
type census struct {
	most atomic.Int64
	end  func()
}

func countBackends(t testing.TB, db *pgtest.DB, login string) *census {
	t.Helper()
	conn := connect(t, db)
	ctx, cancel := context.WithCancel(t.Context())
	c := &census{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			var n int64
			err := conn.QueryRow(ctx, "select count(*) from pg_stat_activity where datname = current_database() and usename = $1", login).Scan(&n)
			if err == nil && n > c.most.Load() {
				c.most.Store(n)
			}
		}
	}()
	var once sync.Once
	c.end = func() {
		once.Do(func() {
			cancel()
			<-done
			_ = conn.Close(context.WithoutCancel(ctx))
		})
	}
	t.Cleanup(c.end)
	return c
}

// TestHundredAtOnce sends 100 requests at once, again and again: none fails, and the database never sees more
// backends than the pool's limit and the one of the health check.
func TestHundredAtOnce(t *testing.T) {
	t.Parallel()
	const atOnce, rounds = 100, 8
	for _, c := range []struct {
		name string
		env  []string
		max  int64
	}{
		{"pool of 20", []string{"DB_POOL_MAX=20"}, 20},
		{"single client", []string{"DB_USE_SINGLE_CLIENT=true"}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, c.env...)
			company := s.NewCompany("Harbour Homes")
			token := s.Token(t, company)
			resident, home := s.NewResident(t, company)
			callers := []*caller{
				newCaller(t, s.Developer, developmentsPath, token, atOnce),
				newCaller(t, s.Tenant, "/api/home", resident, atOnce),
			}
			staff := countBackends(t, s.DB, "openhouse_developer_portal")
			residents := countBackends(t, s.DB, "openhouse_tenant_portal")

			var failed, succeeded, crossed atomic.Int64
			var example atomic.Value
			for range rounds {
				var all sync.WaitGroup
				release := make(chan struct{})
				for i := range atOnce {
					all.Go(func() {
						<-release
						status, body, err := callers[i%2].get(t.Context())
						switch {
						case err != nil || status != http.StatusOK:
							failed.Add(1)
							example.Store(fmt.Sprint(status, " ", body, errorText(err)))
						case i%2 == 1 && !containsHome(body, home):
							crossed.Add(1)
						default:
							succeeded.Add(1)
						}
					})
				}
				close(release)
				all.Wait()
			}
			staff.end()
			residents.end()
			if failed.Load() != 0 || crossed.Load() != 0 || succeeded.Load() != atOnce*rounds {
				t.Errorf("%d succeeded, %d failed, %d saw something else; for example %v", succeeded.Load(), failed.Load(), crossed.Load(), example.Load())
			}
			for login, seen := range map[string]int64{"the developer portal": staff.most.Load(), "the tenant portal": residents.most.Load()} {
				if seen == 0 || seen > c.max+1 {
					t.Errorf("%s had up to %d backends, want 1 to %d", login, seen, c.max+1)
				}
			}
		})
	}
}

// TestFullPoolAnswersInTime: while every connection is held, the next request is refused after the configured wait,
// with a reason that is not the database's health.
func TestFullPoolAnswersInTime(t *testing.T) {
	t.Parallel()
	s := start(t, "DB_POOL_MAX=2", "DB_POOL_MIN=1", "DB_POOL_CONN_TIMEOUT_MS=400")
	token := s.Token(t, s.NewCompany("Harbour Homes"))
	c := newCaller(t, s.Developer, developmentsPath, token, 10)
	barrier := block(t, s.DB)
	first := held(t, s, c)
	second := held(t, s, c)
	waitFor(t, "two held connections", func() bool {
		return lookUp[int](t, s.DB, "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") == 2
	})
	begin := time.Now()
	response, body := ask(t, c)
	took := time.Since(begin)
	if response.StatusCode != http.StatusServiceUnavailable || errorCode(t, body) != "pool_exhausted" || response.Header.Get("Retry-After") == "" {
		t.Errorf("a full pool answers %d %s", response.StatusCode, body)
	}
	if took < 350*time.Millisecond || took > 2*time.Second {
		t.Errorf("it took %v, DB_POOL_CONN_TIMEOUT_MS says 0.4 s", took)
	}
	if status, body := s.Developer.Health(); status != http.StatusOK {
		t.Errorf("a busy portal is not an unhealthy one, but health answers %d %s", status, body)
	}
	barrier.lift()
	for _, outcome := range []<-chan string{first, second} {
		if problem := <-outcome; problem != "" {
			t.Errorf("a request that had a connection got %s", problem)
		}
	}
	if line := logLine(s.Developer.Log(), `code=pool_exhausted`); line == "" {
		t.Errorf("the log says nothing of it:\n%s", s.Developer.Log())
	} else {
		wantAll(t, line, "level=ERROR", "route=/api/developments", "poolStats.totalCount=2", "poolStats.idleCount=0", "time=", "DB_POOL_MAX")
	}
}

// TestWarmBeforeReady: the first requests after the start, one after another, cause no dial.
func TestWarmBeforeReady(t *testing.T) {
	t.Parallel()
	s := start(t)
	token := s.Token(t, s.NewCompany("Harbour Homes"))
	before := sessionsOf(t, s)
	c := newCaller(t, s.Developer, developmentsPath, token, 1)
	for range 5 {
		if status, body, err := c.get(t.Context()); err != nil || status != http.StatusOK {
			t.Fatalf("%d %s %v", status, body, err)
		}
	}
	if after := sessionsOf(t, s); after != before {
		t.Errorf("the backends were %s before the first five requests and %s after them", before, after)
	}
}

// sessionsOf lists the backends of the developer portal.
func sessionsOf(t testing.TB, s *stack.Stack) string {
	t.Helper()
	return lookUp[string](t, s.DB, `select coalesce(string_agg(pid::text, ' ' order by pid), '') from pg_stat_activity
		where datname = current_database() and usename = 'openhouse_developer_portal'`)
}
