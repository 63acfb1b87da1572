package balancer

import (
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"openhouse.example/packages/pgdev/pgtest"

	"openhouse.example/tests/stack"
)

// TestRollingRestarts: one instance after another is stopped and started again, of both portals, and nobody notices.
// HAProxy has taken an instance out before it closes its door, and the instance serves until then.
func TestRollingRestarts(t *testing.T) {
	t.Parallel()
	l := newLab(t, pgtest.New(t), labOptions{})
	people := l.crowd()
	for range stack.Scaled(2, 10) {
		for _, pair := range [][]*instance{{l.instances[0], l.instances[2]}, {l.instances[1], l.instances[3]}} {
			l.restart(pair)
		}
	}
	people.stop()
}

// restart stops instances of different portals together, and starts them again.
func (l *lab) restart(pair []*instance) {
	l.t.Helper()
	stack.Eventually(l.t, time.Minute, "every instance to be in", func() bool { return l.in(l.instances...) == len(l.instances) })
	began := time.Now()
	for _, i := range pair {
		i.Signal(syscall.SIGTERM)
	}
	for _, i := range pair {
		stack.Eventually(l.t, drainDelay, i.name+" to say that it drains", func() bool {
			status, body := i.Health()
			return status == http.StatusServiceUnavailable && strings.Contains(body, `"draining"`)
		})
	}
	stack.Eventually(l.t, time.Minute, "HAProxy to take out what drains", func() bool { return l.in(pair...) == 0 })
	judge(l.t, "out of rotation", time.Since(began), 4*time.Second)
	for _, i := range pair {
		if status, _ := i.Health(); status == 0 || time.Since(began) > drainDelay {
			l.t.Errorf("%s had closed its door before HAProxy took it out, %v after SIGTERM", i.name, round(time.Since(began)))
		}
	}
	for _, i := range pair {
		select {
		case <-i.Ended():
		case <-time.After(time.Minute):
			l.t.Fatalf("%s has not ended a minute after SIGTERM", i.name)
		}
		if took := time.Since(began); took < drainDelay {
			l.t.Errorf("%s served for %v after SIGTERM, want %v", i.name, round(took), drainDelay)
		}
		if i.ExitCode() != 0 {
			l.t.Errorf("%s: exit code %d", i.name, i.ExitCode())
		}
		i.launch()
	}
	for _, i := range pair {
		i.AwaitReady()
	}
	ready := time.Now()
	stack.Eventually(l.t, time.Minute, "HAProxy to take in what is ready", func() bool { return l.in(pair...) == len(pair) })
	judge(l.t, "in rotation", time.Since(ready), 4*time.Second)
}
