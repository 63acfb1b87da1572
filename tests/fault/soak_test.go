package fault

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
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

// soakPool is smaller than the number of readers, so that the pool is always full.
const (
	soakPool    = 10
	soakReaders = 24
	soakEvery   = 2 * time.Second
)

// TestSoak lets random faults follow each other for SOAK (a minute if unset) and looks at the portal before and after, at
// rest: what it holds must be what it held. Meanwhile there are never more backends than the pool's and the probe's
// one, no write is lost or doubled, and hardly a read fails.
func TestSoak(t *testing.T) {
	t.Parallel()
	length := time.Minute
	if text := os.Getenv("SOAK"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatalf("SOAK: %v", err)
		}
	}
	l := newLab(t, labOptions{server: pgtest.Server(t), alone: true, env: []string{
		fmt.Sprintf("DB_POOL_MAX=%d", soakPool), "DB_POOL_IDLE_MS=1000",
		// The runtime tells on standard error how many goroutines there are and how large the live heap is: the portal
		// itself needs nothing for it.
		"GODEBUG=schedtrace=1000,scheddetail=1,gcpacertrace=1",
	}})
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	s := &soak{lab: l, random: rand.New(rand.NewPCG(seed, 0)), done: map[string]int{}, ghosts: []int32{}}

	before := s.measure()
	s.watchBackends()
	portal := l.contestants[0]
	w := l.writer(portal, "soak")
	reads := startLoad(soakReaders, readPause, l.reader(portal).ask)
	writes := startLoad(writers, writePause, w.ask)
	faults := 0
	for end := time.Now().Add(length); time.Now().Before(end); faults++ {
		next := time.Now().Add(soakEvery)
		s.strike()
		time.Sleep(time.Until(next))
	}
	got := summarise(reads.stop(), moments{})
	writes.stop()
	most := s.mostBackends()
	l.healthy(true, 10*time.Second)
	after := s.measure()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end) && len(leaks(before, after)) > 0; after = s.measure() {
		time.Sleep(time.Second) // what is only on its way out is no leak
	}

	t.Logf("%d faults %v; %d of %d reads failed %v", faults, s.done, got.Failed, got.Requests, got.Causes)
	t.Logf("before %+v, after %+v, at most %d backends", before, after, most)
	ledger := judge(w.entries, l.rows(w.prefix))
	for _, broken := range ledger.faults() {
		t.Error(broken)
	}
	if most := writers * faults; ledger.Unknown > most {
		t.Errorf("%d writes were answered with \"unknown\", at most %d", ledger.Unknown, most)
	}
	l.repeat(w)
	if n := got.Causes[wrongAnswer]; n > 0 {
		t.Errorf("%d reads were answered with something else than the list", n)
	}
	for _, broken := range atLeast(0.99)(got, nil) {
		t.Error(broken)
	}
	if most > soakPool+1 || most < soakPool {
		t.Errorf("up to %d backends, want all %d of the pool and at most one more", most, soakPool)
	}
	for _, broken := range leaks(before, after) {
		t.Error(broken)
	}
	report.note(fact{"soak", fmt.Sprintf("%d random faults in %v", faults, length.Round(time.Second)), fmt.Sprintf(
		"%d of %d reads failed, %d writes: %d lost, %d done twice; goroutines %d → %d, descriptors %d → %d, live heap %d → %d KB, at most %d backends with a pool of %d",
		got.Failed, got.Requests, ledger.Writes, ledger.Lost+ledger.Other, ledger.Doubled, before.goroutines, after.goroutines,
		before.descriptors, after.descriptors, before.heap>>10, after.heap>>10, most, soakPool), "", ""})
}

// leaks says what has grown by more than a twentieth.
func leaks(before, after holdings) (broken []string) {
	for _, c := range []struct {
		what          string
		before, after int
		grain         int // below this a difference says nothing
	}{
		{"goroutines", before.goroutines, after.goroutines, 4},
		{"descriptors", before.descriptors, after.descriptors, 2},
		{"bytes of live heap", before.heap, after.heap, 64 << 10},
	} {
		if limit := c.before + max(c.before/20, c.grain); c.after > limit {
			broken = append(broken, fmt.Sprintf("%d %s before, %d after: at most %d", c.before, c.what, c.after, limit))
		}
	}
	return broken
}

// soak breaks things at random.
type soak struct {
	*lab
	random *rand.Rand
	done   map[string]int // how often each fault was inflicted

	mu     sync.Mutex
	ghosts []int32 // backends whose client can't be heard any more
	most   int
	end    func()
}

// strike inflicts one random fault, and heals it.
func (s *soak) strike() {
	faults := map[string]func(){
		"end one":  func() { s.endBackends(1) },
		"end all":  func() { s.endBackends(1000) },
		"reset":    func() { s.each((*proxy.Proxy).Reset) },
		"hang":     s.forSome(time.Second, (*proxy.Proxy).Hang),
		"refuse":   s.forSome(time.Second, (*proxy.Proxy).Refuse),
		"stale":    s.silence,
		"far away": s.forSome(time.Second, func(p *proxy.Proxy) { p.Latency(20 * time.Millisecond); p.Jitter(20 * time.Millisecond) }),
		"slices":   s.forSome(time.Second, func(p *proxy.Proxy) { p.Trickle(100, time.Millisecond) }),
		"slow dial": func() {
			s.forSome(time.Second, func(p *proxy.Proxy) { p.SlowAccept(150 * time.Millisecond); p.Reset() })()
		},
		"restart": func() { outage(0, pgdev.Fast)(s.lab) },
		"crash":   func() { outage(200*time.Millisecond, pgdev.Immediate)(s.lab) },
		"commits": s.commits,
		"hang-ups": func() {
			allAtOnce(soakReaders, func(int) string { s.impatient(s.contestants[0], 10*time.Millisecond); return "" })
		},
		"lock": func() {
			lift := s.lock("lock table developments in access exclusive mode")
			time.Sleep(time.Second)
			lift()
		},
		"schema": func() { changeSchema(s.lab) },
	}
	all := slices.Sorted(maps.Keys(faults))
	name := all[s.random.IntN(len(all))]
	s.done[name]++
	faults[name]()
}

// forSome breaks the way to Postgres for a while.
func (s *soak) forSome(length time.Duration, breakIt func(*proxy.Proxy)) func() {
	return func() {
		throughProxies(length, breakIt)(s.lab)
		s.each(func(p *proxy.Proxy) { p.Latency(0); p.Jitter(0) })
	}
}

// commits loses some answers to COMMIT.
func (s *soak) commits() {
	for range 5 {
		select {
		case <-s.contestants[0].proxy.SwallowReply("commit"):
		case <-time.After(time.Second):
			return
		}
	}
}

// silence makes all open connections silent. Their backends learn of it a second later, as from a firewall that
// answers at last, or they would fill the server.
func (s *soak) silence() {
	const own = "select coalesce(array_agg(pid), '{}') from pg_stat_activity where usename = $1"
	s.mu.Lock()
	s.each((*proxy.Proxy).Stale)
	ghosts := look[[]int32](s.lab, own, developer)
	s.ghosts = append(s.ghosts, ghosts...)
	s.mu.Unlock()
	time.Sleep(time.Second)
	s.sql("select pg_terminate_backend(pid) from unnest($1::int[]) pid", ghosts)
}

// watchBackends counts the portal's backends all the time.
func (s *soak) watchBackends() {
	stop, done := make(chan struct{}), make(chan struct{})
	s.end = func() { close(stop); <-done }
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			case <-time.After(50 * time.Millisecond):
				s.countBackends()
			}
		}
	}()
}

// countBackends looks once. That the server is away at times belongs to the test.
func (s *soak) countBackends() {
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.stack.DB.AdminURL())
	if err != nil {
		return
	}
	defer func() { _ = conn.Close(ctx) }()
	var n int
	if err := conn.QueryRow(ctx, "select count(*) from pg_stat_activity where usename = $1 and not pid = any($2)", developer, s.ghosts).Scan(&n); err == nil {
		s.most = max(s.most, n)
	}
}

func (s *soak) mostBackends() int {
	s.end()
	return s.most
}

// holdings are what the portal holds. The heap is in bytes, without what holds no pointer.
type holdings struct{ goroutines, descriptors, heap int }

// measure warms the portal up, lets it come to rest and looks at what it holds; at its heap under a light load, for
// which the connections that are kept at rest are enough.
func (s *soak) measure() holdings {
	s.t.Helper()
	portal := s.stack.Developer
	read, write := s.reader(s.contestants[0]).ask, s.writer(s.contestants[0], fmt.Sprint("warm ", time.Now().UnixNano())).ask
	warm := []*load{startLoad(soakReaders, readPause, read), startLoad(writers, writePause, write)}
	for range 2 { // what it learns of its first lost connections it may keep
		time.Sleep(time.Second)
		s.endBackends(1000)
	}
	for _, w := range warm {
		w.stop()
	}
	s.client.CloseIdleConnections()
	h, since := holdings{}, time.Now()
	stack.Eventually(s.t, time.Minute, "the portal to come to rest", func() bool {
		now := holdings{goroutines: goroutinesOf(portal.Log()), descriptors: descriptorsOf(portal.PID())}
		if now != h {
			h, since = now, time.Now()
		}
		time.Sleep(200 * time.Millisecond)
		return now.goroutines > 0 && time.Since(since) > 3*time.Second // longer than a connection may idle
	})
	log := len(portal.Log())
	w := startLoad(2, 0, read)
	stack.Eventually(s.t, time.Minute, "enough collections", func() bool { _, n := heapOf(portal.Log()[log:]); return n >= 8 })
	w.stop()
	h.heap, _ = heapOf(portal.Log()[log:])
	if h.descriptors == 0 {
		s.t.Fatalf("what the portal holds can't be seen: %+v", h)
	}
	return h
}

// descriptorsOf counts what a process has open; 0 where the system doesn't tell.
func descriptorsOf(pid int) int {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return 0
	}
	return len(entries)
}

var (
	goroutine = regexp.MustCompile(`(?m)^  G\d+: status=(\d+)`)
	liveHeap  = regexp.MustCompile(`(?m)^pacer: .* for (\d+)\+\d+\+\d+ B work`)
)

// dead is the status of a goroutine that has ended and is kept for the next one.
const dead = "6"

// goroutinesOf counts them in the last whole report of the scheduler.
func goroutinesOf(log string) (n int) {
	last := strings.LastIndex(log, "\nSCHED ")
	if last < 0 {
		return 0
	}
	begin := strings.LastIndex(log[:last], "\nSCHED ")
	if begin < 0 {
		return 0
	}
	for _, g := range goroutine.FindAllStringSubmatch(log[begin:last], -1) {
		if g[1] != dead {
			n++
		}
	}
	return n
}

// heapOf is what collections find alive, in bytes, and how many there were: the lower quartile, since requests under
// way live as well.
func heapOf(log string) (live, collections int) {
	var sizes []int
	for _, g := range liveHeap.FindAllStringSubmatch(log, -1) {
		n, err := strconv.Atoi(g[1])
		if err == nil {
			sizes = append(sizes, n)
		}
	}
	if len(sizes) == 0 {
		return 0, 0
	}
	slices.Sort(sizes)
	return sizes[len(sizes)/4], len(sizes)
}
