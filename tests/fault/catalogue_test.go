package fault

import (
	"fmt"
	"os"
	"testing"
	"time"

	"openhouse.example/packages/pgdev"
	"openhouse.example/tests/proxy"
)

// fault is one entry of the catalogue.
type fault struct {
	id, title string
	long      bool          // only in the full run
	rest      time.Duration // load starts this long after the fault, on a pool at rest
	after     time.Duration // how long the load goes on afterwards
	inflict   func(l *lab) (healed time.Time)
	bar       func(r Result) (broken []string) // for openhouse only
}

// full reports whether the whole catalogue is wanted (make fault), rather than its short form (make test).
func full() bool { return os.Getenv("FAULT") == "full" }

func scaled(short, long int) int {
	if full() {
		return long
	}
	return short
}

const killSome = `select count(pg_terminate_backend(pid)) from (
 select pid from pg_stat_activity where application_name = $1 order by random() limit $2) victims`

func kills(times, each int, every time.Duration) func(l *lab) time.Time {
	return func(l *lab) time.Time {
		for range times {
			for _, c := range l.contestants {
				l.sql(killSome, c.app, each)
			}
			time.Sleep(every)
		}
		return time.Time{}
	}
}

func outage(length time.Duration, mode pgdev.Mode) func(l *lab) time.Time {
	return func(l *lab) time.Time {
		l.t.Helper()
		if err := l.server.Halt(mode); err != nil {
			l.t.Fatal(err)
		}
		time.Sleep(length)
		if err := l.server.Resume(l.t.Context()); err != nil {
			l.t.Fatal(err)
		}
		return time.Now()
	}
}

func throughProxies(length time.Duration, breakIt func(*proxy.Proxy)) func(l *lab) time.Time {
	return func(l *lab) time.Time {
		l.each(breakIt)
		time.Sleep(length)
		l.heal()
		return time.Now()
	}
}

// noFailure is the bar of what must go unnoticed. How long the longest wait may be is judged in the full run only, which
// has the machine to itself.
func noFailure(limit time.Duration) func(Result) []string {
	return func(r Result) (broken []string) {
		if r.Failed > 0 {
			broken = append(broken, fmt.Sprintf("%d of %d requests failed %v, want 0", r.Failed, r.Requests, r.Causes))
		}
		if full() && r.Worst > limit {
			broken = append(broken, fmt.Sprintf("the longest wait was %v, at most %v", r.Worst.Round(time.Millisecond), limit))
		}
		return broken
	}
}

// onlyTheFirstFail is the bar of a long outage: whoever came in its first five seconds may be refused after five,
// later ones are refused at once, and it is over when the database is back.
func onlyTheFirstFail(r Result) (broken []string) {
	if r.Worst > 5500*time.Millisecond {
		broken = append(broken, fmt.Sprintf("somebody waited %v, at most 5.1 s (5.5 s on a shared machine)", r.Worst.Round(time.Millisecond)))
	}
	if r.WorstRefusal > 250*time.Millisecond {
		broken = append(broken, fmt.Sprintf("a refusal took %v, at most 50 ms (250 ms on a shared machine)", r.WorstRefusal.Round(time.Millisecond)))
	}
	if r.FirstSuccess > time.Second {
		broken = append(broken, fmt.Sprintf("the first success came %v after the return, at most 500 ms (1 s on a shared machine)", r.FirstSuccess.Round(time.Millisecond)))
	}
	if r.Steady > 1500*time.Millisecond {
		broken = append(broken, fmt.Sprintf("failures went on for %v after the return, at most 1 s (1.5 s on a shared machine)", r.Steady.Round(time.Millisecond)))
	}
	return broken
}

func catalogue() []fault {
	return []fault{
		{
			id: "F1", title: "one backend ended, again and again", after: time.Second,
			inflict: kills(scaled(10, 40), 1, 200*time.Millisecond), bar: noFailure(3 * time.Second),
		},
		{
			id: "F2", title: "all backends ended at once, five times", after: time.Second,
			inflict: kills(5, 1000, 400*time.Millisecond), bar: noFailure(3 * time.Second),
		},
		{
			id: "F3", title: "a backend killed with -9: the server crashes and recovers", after: 3 * time.Second, long: true,
			inflict: crash, bar: noFailure(4500 * time.Millisecond),
		},
		{
			id: "F4", title: "fast restart", after: 2 * time.Second,
			inflict: outage(0, pgdev.Fast), bar: noFailure(3 * time.Second),
		},
		{
			id: "F5", title: "outage of 3 s", after: 2 * time.Second,
			inflict: outage(3*time.Second, pgdev.Immediate), bar: noFailure(4500 * time.Millisecond),
		},
		{
			id: "F6", title: "outage of 10 s", after: 3 * time.Second, long: true,
			inflict: outage(10*time.Second, pgdev.Immediate), bar: onlyTheFirstFail,
		},
		{
			id: "F7", title: "the server hangs for 20 s", after: 3 * time.Second, long: true,
			inflict: hang(20 * time.Second), bar: onlyTheFirstFail,
		},
		{
			id: "F8", title: "the network hangs for 20 s", after: 3 * time.Second, long: true,
			inflict: throughProxies(20*time.Second, (*proxy.Proxy).Hang), bar: onlyTheFirstFail,
		},
		{
			id: "F10", title: "idle connections silently dropped", rest: 2 * time.Second, after: 2 * time.Second,
			inflict: throughProxies(0, (*proxy.Proxy).Stale), bar: noFailure(1500 * time.Millisecond),
		},
		{
			id: "F11", title: "all connections reset, ten times", after: time.Second,
			inflict: resets, bar: noFailure(3 * time.Second),
		},
		{
			id: "F39", title: "flapping, 1 s up and 1 s down", after: 2 * time.Second, long: true,
			inflict: flap(15), bar: atLeast(0.95),
		},
	}
}

func resets(l *lab) time.Time {
	for range 10 {
		l.each((*proxy.Proxy).Reset)
		time.Sleep(200 * time.Millisecond)
	}
	return time.Time{}
}

func flap(times int) func(l *lab) time.Time {
	return func(l *lab) time.Time {
		for range times {
			l.each((*proxy.Proxy).Refuse)
			time.Sleep(time.Second)
			l.heal()
			time.Sleep(time.Second)
		}
		return time.Now()
	}
}

func atLeast(share float64) func(Result) []string {
	return func(r Result) (broken []string) {
		if got := 1 - float64(r.Failed)/float64(r.Requests); got < share {
			broken = append(broken, fmt.Sprintf("%.3f of the requests succeeded, at least %.2f", got, share))
		}
		return broken
	}
}

func TestCatalogue(t *testing.T) {
	l := newLab(t)
	var all []Result
	for _, f := range catalogue() {
		if f.long && !full() {
			continue
		}
		t.Run(f.id, func(t *testing.T) {
			l.t = t // a broken fault ends its own test only
			results := l.run(f)
			all = append(all, results...)
			t.Logf("%s %s\n%s", f.id, f.title, table(results))
			for _, broken := range f.bar(results[0]) {
				t.Error(broken)
			}
		})
	}
	store(t, all)
}
