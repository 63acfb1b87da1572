package fault

import (
	"time"

	"openhouse.example/packages/pgdev"

	"openhouse.example/tests/stack"
)

// serverRaces are what happens to Postgres itself.
func serverRaces() []race {
	const kills, waves = 40, 5
	return []race{
		{
			id: "F1", title: "one backend ended, again and again", after: time.Second, events: stack.Scaled(10, kills),
			inflict: endBackends(stack.Scaled(10, kills), 1, 200*time.Millisecond), bar: noFailure(3 * time.Second),
		},
		{
			id: "F2", title: "all backends ended at once, five times", after: time.Second, events: waves,
			inflict: endBackends(waves, 1000, 400*time.Millisecond), bar: noFailure(3 * time.Second),
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
			inflict: outage(3*time.Second, pgdev.Immediate), bar: both(noFailure(4500*time.Millisecond), dialled),
		},
		{
			id: "F6", title: "outage of 10 s", after: 3 * time.Second, long: true,
			inflict: outage(10*time.Second, pgdev.Immediate), bar: both(onlyTheFirstFail(500*time.Millisecond, time.Second), dialled, quiet(foldedLines)),
		},
		{
			id: "F6", variant: "long", title: "outage of 40 s", after: 3 * time.Second, long: true,
			inflict: outage(40*time.Second, pgdev.Immediate), bar: both(onlyTheFirstFail(500*time.Millisecond, time.Second), dialled, quiet(foldedLines)),
		},
		{
			id: "F7", title: "the server hangs for 20 s", after: 3 * time.Second, long: true,
			inflict: hang(20 * time.Second), bar: both(onlyTheFirstFail(500*time.Millisecond, time.Second), dialled, quiet(foldedLines)),
		},
	}
}

const endSome = `select count(pg_terminate_backend(pid)) from (
 select pid from pg_stat_activity where datname = current_database() and application_name = $1 order by random() limit $2) victims`

func endBackends(times, each int, every time.Duration) func(l *lab) time.Time {
	return func(l *lab) time.Time {
		for range times {
			l.endBackends(each)
			time.Sleep(every)
		}
		return time.Time{}
	}
}

// endBackends ends some of every contestant's backends.
func (l *lab) endBackends(each int) {
	l.t.Helper()
	for _, c := range l.contestants {
		l.sql(endSome, c.app, each)
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
