package fault

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"openhouse.example/packages/pgdev"
	"openhouse.example/packages/pgdev/pgtest"

	"openhouse.example/tests/stack"
)

// poolerRaces are what happens to a PgBouncer in transaction mode, and behind it.
func poolerRaces() []race {
	return []race{
		{
			id: "F30", title: "PgBouncer killed, and back after 0.5 s", after: 1500 * time.Millisecond,
			inflict: killPooler(500 * time.Millisecond), bar: noFailure(2 * time.Second),
		},
		{
			id: "F31", title: "PgBouncer paused for 3 s", after: time.Second,
			inflict: pausePooler(3 * time.Second), bar: noFailure(3500 * time.Millisecond),
		},
		{
			id: "F32", title: "outage of 5 s behind PgBouncer", after: stack.Scaled(4*time.Second, 2*time.Second),
			inflict: outage(5*time.Second, pgdev.Immediate), bar: overWithPostgres,
		},
	}
}

// overWithPostgres is the bar of an outage behind a pooler that looks for its server often enough. The first success
// may take as long as the rest: after an outage a pooler answers once more with the failure that it remembers, and only
// then looks itself. How long it takes is judged in the full run only, which has the machine to itself.
func overWithPostgres(r Result, peers []Result) (broken []string) {
	if stack.Full() {
		return onlyTheFirstFail(time.Second, time.Second)(r, peers)
	}
	if r.FirstSuccess == 0 {
		broken = append(broken, "nobody was served after the return")
	}
	for cause, n := range r.Causes {
		if cause != unavailable {
			broken = append(broken, fmt.Sprintf("%d requests failed with %q, want %q only", n, cause, unavailable))
		}
	}
	return broken
}

func killPooler(away time.Duration) func(l *lab) time.Time {
	return func(l *lab) time.Time {
		l.t.Helper()
		l.pooled.each(func(p *pgtest.Pooler) { p.Kill() })
		time.Sleep(away)
		l.pooled.each(func(p *pgtest.Pooler) {
			if err := p.Start(l.t.Context()); err != nil {
				l.t.Fatal(err)
			}
		})
		return time.Now()
	}
}

func pausePooler(length time.Duration) func(l *lab) time.Time {
	return func(l *lab) time.Time {
		l.t.Helper()
		l.pooled.each(func(p *pgtest.Pooler) { p.Command("pause") })
		time.Sleep(length)
		l.pooled.each(func(p *pgtest.Pooler) { p.Command("resume") })
		return time.Now()
	}
}

// transactionMode is what whoever puts a PgBouncer before the portals has to say.
var transactionMode = []string{"DB_POOLER_MODE=transaction"}

func TestPoolerRaces(t *testing.T) {
	t.Parallel()
	l := newPoolerLab(t, peersSuited, transactionMode, nil)
	for _, f := range poolerRaces() {
		t.Run(f.name(), func(t *testing.T) {
			l.t = t // a broken fault ends its own test only
			l.race(t, f)
		})
	}
	if log := l.stack.Developer.Log(); strings.Contains(log, "DB_POOLER_MODE") {
		t.Errorf("the right DB_POOLER_MODE is complained about:\n%s", l.stack.Developer.Trouble())
	}
}

// race runs one fault and holds the portal to its bar.
func (l *lab) race(t *testing.T, f race) {
	t.Helper()
	results := l.run(f)
	report.add(results...)
	t.Logf("%s\n%s", f.title, table(results))
	for _, broken := range append(f.bar(results[0], results[1:]), f.always(results[0])...) {
		t.Error(broken)
	}
}

// TestPoolerWithItsOwnPatience is F32 again, with the one setting left as PgBouncer has it that the shipped
// configuration changes for this: it shows that the product relies on it.
func TestPoolerWithItsOwnPatience(t *testing.T) {
	t.Parallel()
	if !stack.Full() {
		t.Log("only in the full run")
		return
	}
	l := newPoolerLab(t, peersSuited, transactionMode, map[string]string{"server_login_retry": "15"})
	l.race(t, race{
		id: "F32", variant: "default", title: "outage of 5 s behind PgBouncer with its own server_login_retry of 15 s", after: 17 * time.Second,
		inflict: outage(5*time.Second, pgdev.Immediate),
		bar: func(r Result, _ []Result) (broken []string) {
			if r.Steady < 3*time.Second {
				broken = append(broken, fmt.Sprintf("it was over %v after the return: the shipped server_login_retry is not needed any more", round(r.Steady)))
			}
			return broken
		},
	})
}

// TestPoolerThatIsNotSaid is F33: a PgBouncer in transaction mode, and nobody has told the programs.
func TestPoolerThatIsNotSaid(t *testing.T) {
	t.Parallel()
	const ours, theirs = 2000, 400 // reads
	l := newPoolerLab(t, peersAsTheyCome, nil, nil)
	named := named(t, l.stack.Developer.Log(), "DB_POOLER_MODE")
	if named > 5*time.Second {
		t.Errorf("the log names DB_POOLER_MODE %v after its first line, at most 5 s", round(named))
	}
	say := make([]string, len(l.contestants))
	for i, c := range l.contestants {
		n := int64(theirs)
		if i == 0 {
			n = ours
		}
		failed := l.readMany(c, n)
		say[i] = fmt.Sprintf("%d of %d failed", failed, n)
		if i == 0 && failed > 0 {
			t.Errorf("%s", say[i])
		}
	}
	if w := l.writer(l.contestants[0], "F33"); w.ask() != "" {
		t.Errorf("a write was answered with %q", w.entries[0].cause)
	}
	report.note(fact{"F33", "reads through PgBouncer in transaction mode, which the settings don't mention", say[0] + ", the log names the setting", say[1], say[2]})
}

// named returns how long after its first line a log has the one line at level ERROR that names a setting.
func named(t *testing.T, log, setting string) time.Duration {
	t.Helper()
	var first, found time.Time
	n := 0
	for line := range strings.Lines(log) {
		_, rest, _ := strings.Cut(line, "time=")
		stamp, _, _ := strings.Cut(rest, " ")
		at, err := time.Parse(time.RFC3339Nano, stamp)
		if err != nil {
			continue
		}
		if first.IsZero() {
			first = at
		}
		if strings.Contains(line, "level=ERROR") && strings.Contains(line, setting) {
			found, n = at, n+1
		}
	}
	if n != 1 {
		t.Fatalf("%d errors in the log name %s, want one:\n%s", n, setting, log)
	}
	return found.Sub(first)
}

// readMany reads n times from many people at once and returns how many reads failed.
func (l *lab) readMany(c *contestant, n int64) (failed int64) {
	var next, bad atomic.Int64
	var all sync.WaitGroup
	for range readers {
		all.Go(func() {
			for next.Add(1) <= n {
				if l.reader(c).ask() != "" {
					bad.Add(1)
				}
			}
		})
	}
	all.Wait()
	return bad.Load()
}
