package fault

import (
	"time"

	"openhouse.example/packages/pgdev/proxy"
)

func flappingRaces() []race {
	const times = 15
	return []race{{
		id: "F39", title: "flapping, 1 s up and 1 s down, for 30 s", after: 2 * time.Second, long: true, events: times,
		inflict: flap(times), bar: both(atLeast(0.95), fewFlips),
	}}
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
