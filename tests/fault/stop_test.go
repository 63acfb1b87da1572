package fault

import (
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/pgdev/proxy"

	"openhouse.example/tests/stack"
)

// TestStopWhileHung is F36: SIGTERM while the network to the database hangs and requests wait. The portal leaves in the
// time it is given, and its exit code says that something was cut. (A statement that never ends: TestStopIsBounded in
// tests/e2e.)
func TestStopWhileHung(t *testing.T) {
	t.Parallel()
	const limit = 1500 * time.Millisecond
	l := newLab(t, labOptions{server: common.use(t), alone: true, env: []string{fmt.Sprintf("SHUTDOWN_TIMEOUT_MS=%d", limit.Milliseconds()), "DRAIN_DELAY_MS=100"}})
	portal := l.contestants[0]
	l.warm()
	l.each((*proxy.Proxy).Hang)
	var waiting sync.WaitGroup
	waiting.Go(func() { l.storm(portal, readers) })
	time.Sleep(300 * time.Millisecond) // until they all wait
	began := time.Now()
	l.stack.Developer.Signal(syscall.SIGTERM)
	select {
	case <-l.stack.Developer.Ended():
	case <-time.After(limit + 10*time.Second):
		t.Fatalf("the portal has not ended %v after SIGTERM", limit+10*time.Second)
	}
	took := time.Since(began)
	waiting.Wait()
	if most := limit + 5*time.Second; stack.Full() && took > most {
		t.Errorf("it took %v, at most %v", round(took), most)
	}
	if code := l.stack.Developer.ExitCode(); code != 1 {
		t.Errorf("exit code %d, want 1: requests were cut", code)
	}
	report.note(fact{"F36", "SIGTERM while the network hangs, SHUTDOWN_TIMEOUT_MS=1500", "ended after " + milliseconds(took), "", ""})
}

// TestAHeldConnectionIsNamed is F27 as far as it can be seen from outside: who holds a connection for long is named in
// the log, with where, and others are served meanwhile. (What a callback can do to a connection: packages/db.)
func TestAHeldConnectionIsNamed(t *testing.T) {
	t.Parallel()
	l := newLab(t, labOptions{server: common.use(t), alone: true, env: []string{"DB_LEAK_WARN_MS=300"}, before: func(db *pgtest.DB) {
		limits(db, "lock_timeout = 0")
	}})
	portal := l.contestants[0]
	row := look[string](l, "select id::text from developments where tenant_id = $1 limit 1", l.read.ID)
	lift := l.lock("select from developments for update")
	others := startLoad(readers, readPause, l.reader(portal).ask)
	var held sync.WaitGroup
	held.Go(func() {
		if a := l.change(portal.url + "/" + row); a.cause != "" {
			t.Errorf("the change that was held got %d %s", a.status, a.body)
		}
	})
	named := func() int {
		return countLines(l.stack.Developer.Log(), "a connection is held for long", "SaveDevelopment")
	}
	stack.Eventually(t, 10*time.Second, "the holder's name in the log", func() bool { return named() > 0 })
	time.Sleep(1500 * time.Millisecond) // more looks at the same holder
	got := summarise(others.stop(), moments{})
	lift()
	held.Wait()
	if got.Failed > 0 {
		t.Errorf("of %d other requests: %v", got.Requests, got.Causes)
	}
	if n := named(); n != 1 {
		t.Errorf("the holder is named %d times, want once", n)
	}
	report.note(fact{"F27", "a change holds its connection, others read", fmt.Sprintf("named once, with its function; %d of %d others failed", got.Failed, got.Requests), "", ""})
}
