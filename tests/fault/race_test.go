package fault

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"openhouse.example/packages/pgdev/pgtest"

	"openhouse.example/tests/stack"
)

// race is one fault that all contestants meet under load.
type race struct {
	id, variant, title string
	long               bool          // only in the full run
	rest               time.Duration // load starts this long after the fault, on a pool at rest
	after              time.Duration // how long the load goes on afterwards
	events             int           // how often something breaks, 1 if not said: the statements under way each time may end as "unknown"
	inflict            func(l *lab) (healed time.Time)
	bar                func(r Result, peers []Result) (broken []string) // of the portal
}

func (f race) name() string {
	if f.variant == "" {
		return f.id
	}
	return f.id + " " + f.variant
}

// races are all of them, in the order of the catalogue.
func races() []race {
	return slices.Concat(serverRaces(), networkRaces(), limitRaces(), schemaRaces(), flappingRaces(), commitRaces())
}

func TestRaces(t *testing.T) {
	l := newLab(t, labOptions{server: pgtest.Server(t)})
	for _, f := range races() {
		if f.long && !stack.Full() {
			continue
		}
		t.Run(f.name(), func(t *testing.T) {
			l.t = t // a broken fault ends its own test only
			results := l.run(f)
			report.add(results...)
			t.Logf("%s\n%s", f.title, table(results))
			for _, broken := range append(f.bar(results[0], results[1:]), f.always(results[0])...) {
				t.Error(broken)
			}
		})
	}
}

// always is the bar of every race.
func (f race) always(r Result) (broken []string) {
	if n := r.Causes[wrongAnswer]; n > 0 {
		broken = append(broken, fmt.Sprintf("%d reads were answered with something else than the list", n))
	}
	if n := r.Causes[noRetry]; n > 0 {
		broken = append(broken, fmt.Sprintf("%d refusals had no Retry-After", n))
	}
	if most := writers * max(f.events, 1); r.Ledger.Unknown > most {
		broken = append(broken, fmt.Sprintf("%d writes were answered with \"unknown\", at most the %d under way", r.Ledger.Unknown, most))
	}
	return append(broken, r.Ledger.faults()...)
}

// team is the load on one contestant.
type team struct {
	reads, writes *load
	writer        *writer
	dials         int64
}

// run puts all contestants under load, breaks and heals, lets the load go on for a while, and counts.
func (l *lab) run(f race) []Result {
	l.t.Helper()
	teams := make([]*team, len(l.contestants))
	prefix := fmt.Sprintf("%s %d", f.name(), rand.N(1_000_000)) // a test may be run again on the same lab
	start := func() {
		for i, c := range l.contestants {
			w := l.writer(c, prefix+" "+c.name)
			teams[i] = &team{writer: w, reads: startLoad(readers, readPause, l.reader(c).ask), writes: startLoad(writers, writePause, w.ask), dials: c.proxy.Accepted()}
		}
	}
	log := len(l.stack.Developer.Log())
	m := moments{start: time.Now()}
	if f.rest == 0 {
		start()
		time.Sleep(500 * time.Millisecond)
	} else {
		l.warm()
		m.start = time.Now()
	}
	watch := l.watchHealth()
	m.began = time.Now()
	m.healed = f.inflict(l)
	if f.rest != 0 { // a fault that is met by a pool at rest
		time.Sleep(f.rest)
		start()
	}
	dials := make([]int64, len(teams))
	for i, c := range l.contestants {
		dials[i] = c.proxy.Accepted() - teams[i].dials
	}
	time.Sleep(f.after)
	m.end = time.Now()
	events := stopAll(teams)
	flips := watch()
	results := make([]Result, len(teams))
	for i, c := range l.contestants {
		r := summarise(events[i], m)
		r.Fault, r.Title, r.Contestant, r.Dials = f.name(), f.title, c.name, dials[i]
		r.Ledger = judge(teams[i].writer.entries, l.rows(teams[i].writer.prefix))
		results[i] = r
	}
	results[0].Flips, results[0].Noise = flips, noise(l.stack.Developer.Log()[log:])
	l.repeat(teams[0].writer)
	l.sql("delete from developments where tenant_id = $1", l.write.ID)
	return results
}

// stopAll ends all loads at once and returns the outcomes of each team's reads.
func stopAll(teams []*team) [][]event {
	reads := make([][]event, len(teams))
	var all sync.WaitGroup
	for i, team := range teams {
		all.Go(func() { reads[i] = team.reads.stop() })
		all.Go(func() { team.writes.stop() })
	}
	all.Wait()
	return reads
}

// warm sends load until every contestant's pool is in use, and then lets it rest for a moment.
func (l *lab) warm() {
	for _, c := range l.contestants {
		w := startLoad(readers, 0, l.reader(c).ask)
		time.Sleep(300 * time.Millisecond)
		w.stop()
	}
}

// mostRepeats bounds how many acknowledged writes are asked for again; all others always are.
const mostRepeats = 60

// repeat asks the portal again, under the same keys: what was done must be answered as before and not be done
// twice, what was refused can be done now.
func (l *lab) repeat(w *writer) {
	l.t.Helper()
	entries := slices.Clone(w.entries)
	slices.SortStableFunc(entries, func(a, b entry) int { // doubtful ones first
		return min(len(a.id), 1) - min(len(b.id), 1)
	})
	doubtful := slices.IndexFunc(entries, func(e entry) bool { return e.id != "" })
	if doubtful < 0 {
		doubtful = len(entries)
	}
	entries = entries[:min(len(entries), doubtful+mostRepeats, 10*mostRepeats)]
	var mu sync.Mutex
	var wrong []string
	var all sync.WaitGroup
	next := make(chan entry)
	for range writers {
		all.Go(func() {
			for e := range next {
				again := w.write(e.key)
				if again.cause != "" || e.id != "" && again.id != e.id {
					mu.Lock()
					wrong = append(wrong, fmt.Sprintf("%q was answered with id %q %q, and repeated with %q %q", e.key, e.id, e.cause, again.id, again.cause))
					mu.Unlock()
				}
			}
		})
	}
	for _, e := range entries {
		next <- e
	}
	close(next)
	all.Wait()
	if len(wrong) > 0 {
		l.t.Errorf("%d of %d repetitions were not answered as the first time, for example %s", len(wrong), len(entries), wrong[0])
	}
	rows := l.rows(w.prefix)
	for _, e := range entries {
		if rows[e.key].count != 1 {
			l.t.Errorf("%q (first answered with id %q %q) was repeated and is there %d times", e.key, e.id, e.cause, rows[e.key].count)
		}
	}
}

// watchHealth asks the portal's health route as a balancer does, but oftener, and counts how often the answer
// changes. The function that it returns ends it.
func (l *lab) watchHealth() (end func() (flips int)) {
	stop, done := make(chan struct{}), make(chan struct{})
	flips, last := 0, http.StatusOK
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			case <-time.After(50 * time.Millisecond):
			}
			if status, _ := l.stack.Developer.Health(); status != last {
				flips, last = flips+1, status
			}
		}
	}()
	return func() int {
		close(stop)
		<-done
		return flips
	}
}
