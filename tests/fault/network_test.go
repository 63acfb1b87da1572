package fault

import (
	"encoding/json"
	"fmt"
	"runtime"
	"time"

	"openhouse.example/packages/pgdev/proxy"

	"openhouse.example/tests/stack"
)

// networkRaces are what happens on the way to Postgres.
func networkRaces() []race {
	return append(holeRaces(), []race{
		{
			id: "F8", variant: "short", title: "the network hangs for 2 s", after: time.Second,
			inflict: throughProxies(2*time.Second, (*proxy.Proxy).Hang), bar: noFailure(3500 * time.Millisecond),
		},
		{
			id: "F8", title: "the network hangs for 20 s", after: 3 * time.Second, long: true,
			inflict: throughProxies(20*time.Second, (*proxy.Proxy).Hang), bar: both(onlyTheFirstFail(500*time.Millisecond, time.Second), dialled, quiet(foldedLines)),
		},
		{
			id: "F10", title: "idle connections silently dropped", rest: 2 * time.Second, after: 2 * time.Second,
			inflict: throughProxies(0, (*proxy.Proxy).Stale), bar: noFailure(1500 * time.Millisecond),
		},
		{
			id: "F11", title: "all connections reset, ten times", after: time.Second, events: 10,
			inflict: resets, bar: noFailure(3 * time.Second),
		},
		{
			id: "F12", title: "Postgres 50 to 100 ms away, changing", after: time.Second,
			inflict: farAway, bar: both(noFailure(2*time.Second), oneTripMore),
		},
		{
			id: "F13", title: "every packet in slices of 64 bytes", after: time.Second,
			inflict: throughProxies(stack.Scaled(2*time.Second, 5*time.Second), func(p *proxy.Proxy) { p.Trickle(64, time.Millisecond) }), bar: noFailure(2 * time.Second),
		},
		{
			id: "F13", variant: "trickle", title: "50 bytes a second", after: 3 * time.Second, long: true,
			inflict: throughProxies(18*time.Second, func(p *proxy.Proxy) { p.Trickle(50, time.Second) }), bar: cutInTime,
		},
	}...)
}

// holeRaces need a kernel that can drop one socket's packets.
func holeRaces() []race {
	if runtime.GOOS != "linux" {
		return nil // TestEveryFaultIsShown says so
	}
	hole := func(length time.Duration) func(l *lab) time.Time {
		return func(l *lab) time.Time {
			return throughProxies(length, func(p *proxy.Proxy) {
				if err := p.BlackHole(); err != nil {
					l.t.Fatal(err)
				}
			})(l)
		}
	}
	return []race{
		{id: "F9", variant: "short", title: "every packet vanishes for 2 s", after: 3 * time.Second, inflict: hole(2 * time.Second), bar: noFailure(5 * time.Second)},
		{id: "F9", title: "every packet vanishes for 8 s", after: 6 * time.Second, long: true, inflict: hole(8 * time.Second), bar: onlyTheFirstFail(1500*time.Millisecond, 1500*time.Millisecond)},
		{id: "F9", variant: "long", title: "every packet vanishes for 25 s", after: 6 * time.Second, long: true, inflict: hole(25 * time.Second), bar: onlyTheFirstFail(1500*time.Millisecond, 1500*time.Millisecond)},
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

func resets(l *lab) time.Time {
	for range 10 {
		l.each((*proxy.Proxy).Reset)
		time.Sleep(200 * time.Millisecond)
	}
	return time.Time{}
}

// A round trip in F12.
const (
	tripLeast = 50 * time.Millisecond
	tripMost  = 100 * time.Millisecond
)

// farAway also looks whether the health route says how far away Postgres is.
func farAway(l *lab) time.Time {
	l.each(func(p *proxy.Proxy) { p.Latency(tripLeast / 2); p.Jitter((tripMost - tripLeast) / 2) })
	time.Sleep(stack.Scaled(2*time.Second, 5*time.Second))
	status, body := l.stack.Developer.Health()
	var health struct{ LatencyMs int64 }
	if err := json.Unmarshal([]byte(body), &health); err != nil || status != 200 || health.LatencyMs < tripLeast.Milliseconds() {
		l.t.Errorf("with Postgres at least %v away the health route says %d %s", tripLeast, status, body)
	}
	l.each(func(p *proxy.Proxy) { p.Latency(0); p.Jitter(0) })
	return time.Now()
}

// oneTripMore is the bar of a scope that costs no round trip: a read may cost at most one more than a plain one.
func oneTripMore(r Result, peers []Result) (broken []string) {
	if plain := peers[0].Median; stack.Full() && r.Median > plain+tripMost {
		broken = append(broken, fmt.Sprintf("half of the reads took more than %v, on plain pgxpool %v", round(r.Median), round(plain)))
	}
	return broken
}

// requestTime is what the portal gives a request altogether.
const requestTime = 15 * time.Second

// cutInTime is the bar of an answer that comes too slowly to ever be whole.
func cutInTime(r Result, _ []Result) (broken []string) {
	if r.Worst > requestTime+time.Second {
		broken = append(broken, fmt.Sprintf("somebody waited %v, at most %v (1 s more on a shared machine)", round(r.Worst), requestTime))
	}
	for cause, n := range r.Causes {
		if cause != queryTimeout {
			broken = append(broken, fmt.Sprintf("%d requests failed with %q, want %q only", n, cause, queryTimeout))
		}
	}
	if r.Steady > 1500*time.Millisecond {
		broken = append(broken, fmt.Sprintf("failures went on for %v after the return, at most 1 s (1.5 s on a shared machine)", round(r.Steady)))
	}
	return broken
}
