package balancer

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"openhouse.example/packages/pgdev"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/pgdev/proxy"

	"openhouse.example/tests/stack"
)

// TestPostgresRestart: Postgres is away for 3 s. Every instance says that it isn't ready and HAProxy takes all of them
// out, but goes on asking them, for they hold what comes; so nobody notices.
func TestPostgresRestart(t *testing.T) {
	t.Parallel()
	l := newLab(t, pgtest.NewOn(t, pgtest.Server(t)), labOptions{})
	people := l.crowd()
	l.outage()
	people.stop()
	if people.held == 0 {
		t.Error("no request was held until the database was back")
	}
}

// TestWithoutTheUnaskedServers is what the second pair of lines in each backend is for.
func TestWithoutTheUnaskedServers(t *testing.T) {
	if !stack.Full() {
		t.Skip("part of the full run: FAULT=full")
	}
	t.Parallel()
	l := newLab(t, pgtest.NewOn(t, pgtest.Server(t)), labOptions{edit: func(configuration string) string {
		var kept strings.Builder
		for line := range strings.Lines(configuration) {
			if !strings.Contains(line, "-unasked ") {
				kept.WriteString(line)
			}
		}
		return kept.String()
	}})
	people := l.crowd()
	l.outage()
	people.end()
	refused := people.failures("503")
	t.Logf("of %d requests HAProxy refused %d", people.requests, refused)
	if refused == 0 {
		t.Error("HAProxy refused nothing, so the lines are not needed")
	}
}

// outage takes Postgres away for 3 s. On a machine that does much else HAProxy may be late to see every instance say so:
// then once more.
func (l *lab) outage() {
	l.t.Helper()
	for range 3 {
		if l.away(3 * time.Second) {
			return
		}
	}
	l.t.Error("in three outages HAProxy never had every instance out")
}

// away takes Postgres away for some time, and reports whether HAProxy had every instance out meanwhile.
func (l *lab) away(length time.Duration) (allOut bool) {
	l.t.Helper()
	server := l.db.Server()
	began := time.Now()
	if err := server.Halt(pgdev.Fast); err != nil {
		l.t.Fatal(err)
	}
	for ; time.Since(began) < length; time.Sleep(10 * time.Millisecond) {
		if !allOut && l.in(l.instances...) == 0 {
			allOut = true
			judge(l.t, "every instance out", time.Since(began), length)
		}
	}
	ctx, cancel := context.WithTimeout(l.t.Context(), time.Minute)
	defer cancel()
	if err := server.Resume(ctx); err != nil {
		l.t.Fatal(err)
	}
	back := time.Now()
	stack.Eventually(l.t, time.Minute, "every instance to be in", func() bool { return l.in(l.instances...) == len(l.instances) })
	judge(l.t, "every instance in", time.Since(back), 4*time.Second)
	return allOut
}

// TestOneInstanceIsCutOff: the way of one instance of each portal to Postgres breaks. It is out within 4 s, what it held
// is done by the other one, and it is in again within 4 s of the repair.
func TestOneInstanceIsCutOff(t *testing.T) {
	t.Parallel()
	l := newLab(t, pgtest.New(t), labOptions{})
	cut, others := []*instance{l.instances[0], l.instances[2]}, []*instance{l.instances[1], l.instances[3]}
	people := l.crowd()
	for _, way := range []struct {
		name string
		how  func(*proxy.Proxy)
	}{{"refused", (*proxy.Proxy).Refuse}, {"silent", (*proxy.Proxy).Hang}} {
		stack.Eventually(t, time.Minute, "every instance to be in", func() bool { return l.in(l.instances...) == len(l.instances) })
		before := l.checksFailed(others)
		began := time.Now()
		for _, i := range cut {
			way.how(i.way)
		}
		stack.Eventually(t, 20*time.Second, "HAProxy to take the instances out", func() bool { return l.in(cut...) == 0 })
		judge(t, way.name+": out", time.Since(began), 4*time.Second)
		time.Sleep(time.Until(began.Add(7 * time.Second))) // longer than a request is held
		if l.in(others...) == 0 {
			t.Errorf("%s: the other instances are out too", way.name)
		}
		healed := time.Now()
		for _, i := range cut {
			if err := i.way.Pass(); err != nil {
				t.Fatal(err)
			}
		}
		stack.Eventually(t, 20*time.Second, "HAProxy to take the instances in", func() bool { return l.in(cut...) == len(cut) })
		judge(t, way.name+": in again", time.Since(healed), 4*time.Second)
		if n := l.checksFailed(others) - before; stack.Full() && n > 0 {
			t.Errorf("%s: %d checks of the other instances failed", way.name, n)
		}
	}
	people.stop()
	if people.held == 0 {
		t.Error("the test is wrong: the instances that were cut off held no request")
	}
}

// TestASaturatedInstanceStaysIn: one instance of each portal has a single, slow connection, and says 503 to what waits
// too long for it. That is no reason to take it out: its load would only move to the others.
func TestASaturatedInstanceStaysIn(t *testing.T) {
	t.Parallel()
	l := newLab(t, pgtest.New(t), labOptions{env: func(name string) []string {
		if strings.HasSuffix(name, "/two") {
			return nil
		}
		return []string{"DB_POOL_MAX=1", "DB_POOL_MIN=1", "DB_POOL_CONN_TIMEOUT_MS=250"}
	}})
	slow := []*instance{l.instances[0], l.instances[2]}
	for _, i := range slow {
		i.way.Latency(80 * time.Millisecond)
	}
	before := l.stat()
	people := l.crowd()
	exhausted := func(i *instance) bool { return strings.Contains(i.Log(), "pool_exhausted") }
	for began := time.Now(); time.Since(began) < stack.Scaled(8*time.Second, 20*time.Second); time.Sleep(50 * time.Millisecond) {
		if n := l.in(slow...); n != len(slow) {
			t.Fatalf("%d of %d saturated instances are in", n, len(slow))
		}
	}
	people.stop()
	after := l.stat()
	for _, i := range slow {
		if !exhausted(i) {
			t.Errorf("the test is wrong: %s was never saturated", i.name)
		}
		if after[i.name]["stot"] == before[i.name]["stot"] {
			t.Errorf("%s got no request", i.name)
		}
	}
}

// checksFailed counts the checks that instances have failed so far.
func (l *lab) checksFailed(instances []*instance) (n int) {
	l.t.Helper()
	servers := l.stat()
	for _, i := range instances {
		var failed int
		if _, err := fmt.Sscan(servers[i.name]["chkfail"], &failed); err != nil {
			l.t.Fatalf("%s: chkfail %q", i.name, servers[i.name]["chkfail"])
		}
		n += failed
	}
	return n
}
