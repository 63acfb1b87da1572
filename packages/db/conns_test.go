package db_test

import (
	"context"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"openhouse.example/packages/db"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/pgdev/proxy"
)

// through puts a proxy in front of the server of an address.
func through(t testing.TB, address string) (string, *proxy.Proxy) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	p, err := proxy.Start(u.Host, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	u.Host = p.Addr()
	return u.String(), p
}

// nap holds a connection for a moment and returns which one it was.
func nap(seconds string) func(context.Context, db.Querier) (int, error) {
	return func(ctx context.Context, q db.Querier) (pid int, err error) {
		err = q.QueryRow(ctx, "select pg_backend_pid() from pg_sleep($1::float8)", seconds).Scan(&pid)
		return pid, err
	}
}

// A caller takes a connection that is given back, however long its own dial takes.
func TestAWaiterTakesWhateverComesFirst(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	address, line := through(t, h.StaffURL())
	p := open(t, settings(t, address, size(10), func(c *db.Config) { c.Min = 1 }))
	letGo := hold(t, p, h, 1)
	line.SlowAccept(6 * time.Second)
	done := make(chan error, 1)
	start := time.Now()
	go func() {
		_, err := db.Read(context.Background(), p, scope(h.a), bodies)
		done <- err
	}()
	eventually(t, 5*time.Second, "one waiting", func() bool { return p.GetPoolStats().WaitingCount == 1 })
	letGo()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > 1500*time.Millisecond { // a dial is given up after 2 s
		t.Errorf("it took %v, as long as the dial", took)
	}
	if err := line.Pass(); err != nil {
		t.Fatal(err)
	}
}

// Fifty callers at once, five connections, 150 ms to open another one: the five serve them all before many more are
// opened.
func TestASpikeOpensFewConnections(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	address, line := through(t, h.StaffURL())
	p := open(t, settings(t, address, size(50), func(c *db.Config) { c.Min = 5 }))
	before := line.Accepted()
	line.SlowAccept(150 * time.Millisecond)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var waits []time.Duration
	for range 50 {
		wg.Go(func() {
			start := time.Now()
			if _, err := db.Read(t.Context(), p, scope(h.a), nap("0.002")); err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			waits = append(waits, time.Since(start))
		})
	}
	wg.Wait()
	slices.Sort(waits)
	opened := line.Accepted() - before
	t.Logf("p50 %v, worst %v, %d connections opened", waits[25], waits[49], opened)
	if opened > 10 {
		t.Errorf("%d connections opened, at most 10", opened)
	}
}

// A server that has no slot left for more than some connections is no reason to fail while those work, and one warning
// is enough.
func TestAShortageOfSlotsFailsNothing(t *testing.T) {
	t.Parallel()
	h := newHouseOn(t, pgtest.Server(t)) // the limit is the login's, on every database of the server
	h.Exec("alter role openhouse_developer_portal connection limit 4")
	var log lockedBuffer
	p := open(t, settings(t, h.StaffURL(), size(10)), db.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	r := startReaders(p, h.a, 16)
	time.Sleep(time.Second)
	r.end(t)
	r.noFailure(t)
	if n := strings.Count(log.String(), "no connection left for this login"); n != 1 {
		t.Errorf("%d warnings, want 1:\n%s", n, log.String())
	}
	if !p.HealthCheck(t.Context()).Healthy {
		t.Error("unhealthy although it works")
	}
}

// A login that is refused from now on: the connections that are open go on serving, and the server is not asked again
// and again.
func TestARefusedLoginKeepsWhatWorks(t *testing.T) {
	t.Parallel()
	h := newHouseOn(t, pgtest.Server(t))
	address, line := through(t, h.StaffURL())
	p := open(t, settings(t, address, size(10), func(c *db.Config) { c.Min = 2 }))
	h.Exec("alter role openhouse_developer_portal nologin")
	before, began := line.Accepted(), time.Now()
	r := startReaders(p, h.a, 16)
	time.Sleep(2 * time.Second)
	r.end(t)
	r.noFailure(t)
	if dials, seconds := line.Accepted()-before, time.Since(began).Seconds(); float64(dials) > maxOpening*(seconds+1) {
		t.Errorf("%d dials in %.1f s", dials, seconds)
	}
	if !p.HealthCheck(t.Context()).Healthy {
		t.Error("unhealthy although what is open works")
	}
}

// Whoever waits for the last connection is told why there is none as soon as that one turns out to be dead, not when
// the login is refused the next time, a second later.
func TestNobodyWaitsForARefusalThatIsKnown(t *testing.T) {
	t.Parallel()
	h := newHouseOn(t, pgtest.Server(t))
	p := open(t, settings(t, h.StaffURL(), size(10), func(c *db.Config) { c.Min = 1 }))
	holds, ask := make(chan struct{}), make(chan struct{})
	var holder sync.WaitGroup
	holder.Go(func() {
		var once sync.Once
		_, err := db.Read(context.Background(), p, scope(h.a), func(ctx context.Context, q db.Querier) ([]string, error) {
			once.Do(func() {
				if _, err := bodies(ctx, q); err != nil {
					t.Error(err)
				}
				close(holds)
				<-ask
			})
			return bodies(ctx, q)
		})
		if err == nil {
			t.Error("a read went well although nobody may log in")
		}
	})
	<-holds
	h.Exec("alter role openhouse_developer_portal nologin")
	waited := make(chan time.Time, 1)
	go func() {
		_, err := db.Read(context.Background(), p, scope(h.a), bodies)
		waited <- time.Now()
		if err == nil {
			t.Error("a read went well although nobody may log in")
		}
	}()
	eventually(t, 10*time.Second, "one waiting", func() bool { return p.GetPoolStats().WaitingCount == 1 })
	h.Exec("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'openhouse_developer_portal'")
	eventually(t, 10*time.Second, "the prober to be refused", func() bool { return !p.HealthCheck(t.Context()).Healthy })
	last := p.HealthCheck(t.Context()).CheckedAt
	eventually(t, 10*time.Second, "a refusal that is just known", func() bool { return p.HealthCheck(t.Context()).CheckedAt.After(last) })
	dead := time.Now()
	close(ask)
	if took := (<-waited).Sub(dead); took > 700*time.Millisecond { // the next refusal is a second away
		t.Errorf("told after %v", took)
	}
	holder.Wait()
}

// maxOpening is how many dials may be under way when a refusal is met.
const maxOpening = 4

// Dials that lead nowhere are not an outage while other connections work.
func TestDialsThatHangAreNoOutageWhileOthersWork(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	address, line := through(t, h.StaffURL())
	p := open(t, settings(t, address, size(10), func(c *db.Config) { c.Min = 2 }))
	line.SlowAccept(6 * time.Second)
	r := startReaders(p, h.a, 16)
	time.Sleep(4 * time.Second) // two dials long
	r.end(t)
	r.noFailure(t)
	if !p.HealthCheck(t.Context()).Healthy {
		t.Error("unhealthy although what is open works")
	}
	if err := line.Pass(); err != nil {
		t.Fatal(err)
	}
}

// A name that leads elsewhere from now on is followed, although the old connections still work.
func TestANameThatMovesIsFollowed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	u, err := url.Parse(h.StaffURL())
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	answer, asked := "127.0.0.1", 0
	lookup := func(_ context.Context, host string) ([]string, error) {
		mu.Lock()
		defer mu.Unlock()
		asked++
		if host != "db.openhouse.invalid" {
			t.Errorf("%q was looked up", host)
		}
		return []string{answer}, nil
	}
	old, err := proxy.Start(u.Host, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = old.Close() }()
	_, port, _ := strings.Cut(old.Addr(), ":")
	moved, err := proxy.StartOn("127.0.0.2:"+port, u.Host, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = moved.Close() }()
	u.Host = "db.openhouse.invalid:" + port
	p := open(t, settings(t, u.String(), func(c *db.Config) { no := false; c.SSL = &no }), db.WithLookup(lookup, 100*time.Millisecond))
	if moved.Accepted() != 0 || old.Accepted() == 0 {
		t.Fatalf("%d connections to the old address, %d to the new one", old.Accepted(), moved.Accepted())
	}
	mu.Lock()
	answer = "127.0.0.2"
	mu.Unlock()
	r := startReaders(p, h.a, 4)
	eventually(t, 20*time.Second, "nobody at the old address", func() bool { return old.Open() == 0 && moved.Open() > 0 })
	r.end(t)
	r.noFailure(t)
}
