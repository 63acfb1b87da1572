package fault

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"openhouse.example/packages/pgdev/pgtest"

	"openhouse.example/tests/stack"
)

// TestProbeStorm is F37: five hundred probes a second while every connection is held and people wait for one. The
// answer comes at once, from what one prober knows; Postgres sees one statement a second.
func TestProbeStorm(t *testing.T) {
	t.Parallel()
	const waiting, rate, askers = 10, 500, 25
	length := stack.Scaled(3*time.Second, 10*time.Second) // shorter than the 15 s that a request has, for the pool must stay full
	l := newLab(t, labOptions{server: common.use(t), alone: true, env: []string{"DB_POOL_CONN_TIMEOUT_MS=60000"}, before: func(db *pgtest.DB) {
		limits(db, "lock_timeout = 0", "statement_timeout = 0")
	}})
	portal := l.contestants[0]
	lift := l.lock("lock table developments in access exclusive mode")
	var held sync.WaitGroup
	held.Go(func() { l.storm(portal, poolMax+waiting) })
	stack.Eventually(t, 10*time.Second, "a full pool with people waiting", func() bool {
		_, body := l.stack.Developer.Health()
		return strings.Contains(body, fmt.Sprintf(`"waitingCount":%d`, waiting)) && l.blocked(portal) == poolMax
	})
	said := portal.proxy.Said()
	began := time.Now()
	var mu sync.Mutex
	var took []time.Duration
	bad := map[string]int{}
	var all sync.WaitGroup
	for range askers {
		all.Go(func() {
			for next := began; time.Since(began) < length; { // on a clock, whatever the answers take
				next = next.Add(askers * time.Second / rate)
				time.Sleep(time.Until(next))
				asked := time.Now()
				a := send(l.client, http.MethodGet, l.stack.Developer.URL+"/api/health/db", http.Header{}, "")
				mu.Lock()
				took = append(took, time.Since(asked))
				if a.cause != "" || !strings.Contains(string(a.body), `"status":"healthy"`) {
					bad[fmt.Sprintf("%d %s", a.status, a.body)]++
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	statements, seconds := portal.proxy.Said()-said, time.Since(began).Seconds()
	lift()
	held.Wait()
	if len(bad) > 0 {
		t.Errorf("a full pool is healthy, but some of %d probes got %v", len(took), bad)
	}
	if float64(statements) > seconds+2 || float64(statements) < seconds/2-1 {
		t.Errorf("%d probes became %d statements in %.1f s, want one a second", len(took), statements, seconds)
	}
	slices.Sort(took)
	p99 := took[len(took)*99/100]
	if limit := 20 * time.Millisecond; stack.Full() && p99 > limit {
		t.Errorf("p99 of the health route was %v, at most %v", p99, limit)
	}
	report.note(fact{
		"F37", fmt.Sprintf("%d probes in %.0f s with a full pool and 10 waiting", len(took), seconds),
		fmt.Sprintf("all healthy, p99 %.1f ms, %d statements, no connection of the pool", float64(p99.Microseconds())/1000, statements), "", "",
	})
}
