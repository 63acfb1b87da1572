package fault

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/pgdev"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/pgdev/proxy"
	"openhouse.example/tests/stack"
)

// limitRaces are about a server that has fewer connections to give than the pool would take.
func limitRaces() []race {
	return []race{{
		id: "F14", title: "the login may open 5 connections, the pool wants 20", after: time.Second,
		inflict: limitLogins, bar: both(noFailure(5*time.Second), quiet(2)),
	}}
}

const loginLimit = 5

// limitLogins leaves every contestant's login five connections, the portal's with one of them for its health probe.
func limitLogins(l *lab) time.Time {
	l.t.Helper()
	set := func(limit int) {
		for _, c := range l.contestants {
			l.sql(fmt.Sprintf("alter role %s connection limit %d", c.login, limit))
		}
	}
	set(loginLimit)
	l.endBackends(1000)
	time.Sleep(stack.Scaled(3*time.Second, 10*time.Second))
	set(-1)
	return time.Now()
}

// TestSlotsTakenAtStart is F15: all of the server's connections are taken by others when the portal starts.
func TestSlotsTakenAtStart(t *testing.T) {
	t.Parallel()
	const most = 12
	server := pgtest.Server(t, pgdev.WithSetting("max_connections", fmt.Sprint(most)), pgdev.WithSetting("superuser_reserved_connections", "3"))
	db := pgtest.NewOn(t, server)
	others := takeAll(t, db.StaffURL(), most)
	p := stack.Prepare(t, stack.DeveloperPortal)
	p.Launch("DEVELOPER_PUBLIC_URL="+p.URL, "OPENHOUSE_ENV=development", "DRAIN_DELAY_MS=0", "DEVELOPER_DATABASE_URL="+db.StaffURL(), "DB_POOL_MAX=5")
	stack.Eventually(t, 20*time.Second, "an answer of the health route", func() bool { status, _ := p.Health(); return status != 0 })
	for end := time.Now().Add(time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if status, body := p.Health(); status != http.StatusServiceUnavailable || !strings.Contains(body, `"unhealthy"`) {
			t.Fatalf("without a connection to be had the health route says %d %s", status, body)
		}
	}
	select {
	case <-p.Ended():
		t.Fatalf("the portal has ended:\n%s", p.Log())
	default:
	}
	for _, conn := range others {
		_ = conn.Close(t.Context())
	}
	took := stack.Eventually(t, 10*time.Second, "health, once connections are free", func() bool { status, _ := p.Health(); return status == http.StatusOK })
	if limit := 2 * time.Second; stack.Full() && took > limit {
		t.Errorf("it took %v, at most %v", round(took), limit)
	}
	report.note(fact{"F15", "all slots taken at the start: ready after one is free", "starts, 503 until then; " + milliseconds(took), "", ""})
}

// takeAll opens connections until the server has none left for this login.
func takeAll(t *testing.T, address string, most int) (taken []*pgx.Conn) {
	t.Helper()
	for range most + 1 {
		conn, err := pgx.Connect(t.Context(), address)
		if err != nil {
			if !strings.Contains(err.Error(), "53300") {
				t.Fatal(err)
			}
			return taken
		}
		t.Cleanup(func() { _ = conn.Close(t.Context()) })
		taken = append(taken, conn)
	}
	t.Fatalf("%d connections and still no end", len(taken))
	return nil
}

// TestFullPool is F25: statements that don't end hold every connection. Who comes then is refused in time with the
// reason, the health route stays as it is, and it is over when they end.
func TestFullPool(t *testing.T) {
	t.Parallel()
	l := newLab(t, labOptions{server: common.use(t), before: func(db *pgtest.DB) {
		limits(db, "lock_timeout = 0", "statement_timeout = 0") // which would end these statements sooner
	}})
	const waiting = 80 // beyond those that hold the connections
	lift := l.lock("lock table developments in access exclusive mode")
	found := make([]outcomes, len(l.contestants))
	held := make([]outcomes, len(l.contestants))
	var all sync.WaitGroup
	for i, c := range l.contestants {
		all.Go(func() { held[i] = l.storm(c, poolMax) })
	}
	for _, c := range l.contestants {
		stack.Eventually(t, 10*time.Second, "every connection to be held", func() bool {
			return l.blocked(c) >= poolMax
		})
	}
	for i, c := range l.contestants {
		all.Go(func() { found[i] = l.storm(c, waiting) })
	}
	end := time.Now().Add(6500 * time.Millisecond) // longer than the 5 s for which a request waits
	for time.Now().Before(end) {
		if status, body := l.stack.Developer.Health(); status != http.StatusOK {
			t.Errorf("a full pool is no reason to be unhealthy, but the health route says %d %s", status, body)
		}
		time.Sleep(100 * time.Millisecond)
	}
	lift()
	lifted := time.Now()
	after := make([]time.Duration, len(l.contestants))
	for i, c := range l.contestants {
		all.Go(func() {
			for l.get(c).cause != "" && time.Since(lifted) < 10*time.Second {
				time.Sleep(5 * time.Millisecond)
			}
			after[i] = time.Since(lifted)
		})
	}
	all.Wait()
	ours := found[0]
	if ours.causes[poolExhausted] != waiting {
		t.Errorf("while the pool is full %d requests got %v, want %q for each", waiting, ours.causes, poolExhausted)
	}
	if ours.worst > stack.Scaled(8*time.Second, 5500*time.Millisecond) || ours.best < 4500*time.Millisecond {
		t.Errorf("they were refused after %v to %v, want 5 s", round(ours.best), round(ours.worst))
	}
	if n := held[0].causes[""]; n != poolMax {
		t.Errorf("of the requests that held a connection %d of %d succeeded: %v", n, poolMax, held[0].causes)
	}
	if limit := 200 * time.Millisecond; stack.Full() && after[0] > limit {
		t.Errorf("the first success came %v after the end, at most %v", round(after[0]), limit)
	}
	say := func(i int) string {
		return fmt.Sprintf("%s, worst %s, next success %s", found[i], milliseconds(found[i].worst), milliseconds(after[i]))
	}
	report.note(fact{"F25", fmt.Sprintf("%d reads while slow statements fill the pool", waiting), say(0), say(1), say(2)})
}

// lock holds a lock, as the administrator, until the function that it returns is called.
func (l *lab) lock(statement string) (lift func()) {
	l.t.Helper()
	conn := l.admin()
	ctx := l.t.Context()
	var once sync.Once
	lift = func() { once.Do(func() { _ = conn.Close(ctx) }) }
	l.t.Cleanup(lift)
	if _, err := conn.Exec(ctx, "begin"); err != nil {
		l.t.Fatal(err)
	}
	if _, err := conn.Exec(ctx, statement); err != nil {
		l.t.Fatal(err)
	}
	return lift
}

// TestSpike is F38: fifty people at once, on a pool with five idle connections, where opening one takes 150 ms.
func TestSpike(t *testing.T) {
	t.Parallel()
	const people, idle, slow = 50, 5, 150 * time.Millisecond
	l := newLab(t, labOptions{server: common.use(t), minimum: idle, env: []string{fmt.Sprintf("DB_POOL_MIN=%d", idle)}})
	l.each(func(p *proxy.Proxy) { p.SlowAccept(slow) })
	say := make([]string, len(l.contestants))
	for i, c := range l.contestants {
		before := c.proxy.Accepted()
		got := l.storm(c, people)
		time.Sleep(slow) // for those that are being opened
		opened := c.proxy.Accepted() - before
		say[i] = fmt.Sprintf("p50 %s, %d opened", milliseconds(got.median), opened)
		if i > 0 {
			continue
		}
		if n := got.causes[""]; n != people {
			t.Errorf("%d of %d succeeded: %v", n, people, got.causes)
		}
		if opened > 10 {
			t.Errorf("%d connections were opened, at most 10", opened)
		}
		if limit := 160 * time.Millisecond; stack.Full() && got.median > limit {
			t.Errorf("half of them waited more than %v, at most %v", round(got.median), limit)
		}
	}
	report.note(fact{"F38", "50 reads at once, 5 idle connections, 150 ms to open one", say[0], say[1], say[2]})
}
