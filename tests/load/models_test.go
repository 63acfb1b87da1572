package load_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"openhouse.example/tests/load"
)

// begins collects when visits begin and who makes them.
type begins struct {
	mu    sync.Mutex
	at    []time.Duration
	turns []load.Turn
}

// visit takes so long, and is ok.
func (b *begins) visit(takes time.Duration) load.Visit {
	start := time.Now()
	return func(ctx context.Context, turn load.Turn, walk *load.Walk) {
		b.mu.Lock()
		b.at, b.turns = append(b.at, time.Since(start)), append(b.turns, turn)
		b.mu.Unlock()
		walk.Step("page", func() (int, string) {
			select {
			case <-time.After(takes):
				return 200, ""
			case <-ctx.Done():
				return 0, "interrupted"
			}
		})
	}
}

// TestTheClockWaitsForNobody: a server that takes ten seconds for each answer gets every visit at its moment all the same.
func TestTheClockWaitsForNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b begins
		r := load.NewRecorder()
		load.Open(t.Context(), 50, 2*time.Second, b.visit(10*time.Second), r)
		if len(b.at) != 100 {
			t.Fatalf("%d visits began, want 100", len(b.at))
		}
		for n, at := range b.at {
			if want := time.Duration(n) * 20 * time.Millisecond; at != want || b.turns[n] != (load.Turn{Number: n, Client: n}) {
				t.Errorf("visit %+v began at %v, want %v", b.turns[n], at, want)
			}
		}
		got := r.Report(load.Run{}, load.Pool{})
		if got.MostAtOnce != 100 || got.Attempted != 100 || got.OK != 100 || got.Late != (load.Late{}) {
			t.Errorf("most at once %d, attempted %d, ok %d, late %+v", got.MostAtOnce, got.Attempted, got.OK, got.Late)
		}
		if got.LatencyMs.Min != 10_000 || got.LatencyMs.Max != 10_000 {
			t.Errorf("latency %+v, want 10 s each", got.LatencyMs)
		}
		if want := 100 / 11.98; got.Throughput < want-0.1 || got.Throughput > want+0.1 {
			t.Errorf("throughput %v, want about %.2f: the last answer came 11.98 s after the begin", got.Throughput, want)
		}
	})
}

func TestPlanned(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rate   float64
		length time.Duration
		want   int
	}{{50, 30 * time.Second, 1500}, {10, 2 * time.Second, 20}, {0.5, 10 * time.Second, 5}, {1, 100 * time.Millisecond, 0}} {
		if got := load.Planned(c.rate, c.length); got != c.want {
			t.Errorf("%v a second for %v: %d, want %d", c.rate, c.length, got, c.want)
		}
	}
}

func TestAnOpenRunIsBrokenOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 1010*time.Millisecond)
		defer cancel()
		var b begins
		r := load.NewRecorder()
		load.Open(ctx, 50, time.Minute, b.visit(100*time.Millisecond), r)
		got := r.Report(load.Run{}, load.Pool{}, load.AllOK)
		if got.Planned != 3000 || got.Attempted != 51 || got.OK != 46 || got.Failed["page: interrupted"] != 5 || got.Passed {
			t.Errorf("%+v", got)
		}
	})
}

func TestClosedClientsWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b begins
		r := load.NewRecorder()
		load.Closed(t.Context(), 4, 10, b.visit(time.Second), r)
		slices.Sort(b.at)
		var want []time.Duration
		for n := range 10 {
			want = append(want, time.Duration(n/4)*time.Second)
		}
		if !slices.Equal(b.at, want) {
			t.Errorf("visits began at %v, want %v", b.at, want)
		}
		clients, numbers := map[int]int{}, map[int]bool{}
		for _, turn := range b.turns {
			clients[turn.Client]++
			numbers[turn.Number] = true
		}
		if len(clients) != 4 || len(numbers) != 10 {
			t.Errorf("clients %v, numbers %v", clients, numbers)
		}
		if got := r.Report(load.Run{}, load.Pool{}); got.MostAtOnce != 4 || got.OK != 10 || got.LatencyMs.Max != 1000 {
			t.Errorf("%+v", got)
		}
	})
}

func TestClosedIsBrokenOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		r := load.NewRecorder()
		load.Closed(ctx, 3, 100, new(begins).visit(time.Second), r)
		if got := r.Report(load.Run{}, load.Pool{}, load.AllOK); got.Attempted != 6 || got.OK != 3 || got.Failed["page: interrupted"] != 3 || got.Passed {
			t.Errorf("%+v", got)
		}
	})
}

func TestClimb(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b begins
		levels := load.Climb(t.Context(), []int{1, 5, 10}, 20, b.visit(time.Second))
		numbers := map[int]bool{}
		for _, turn := range b.turns {
			numbers[turn.Number] = true
		}
		if len(numbers) != 60 {
			t.Errorf("%d visits have numbers of their own, want 60", len(numbers))
		}
		for i, clients := range []int{1, 5, 10} {
			got := levels[i].Result.Report(load.Run{}, load.Pool{})
			if levels[i].Clients != clients || got.MostAtOnce != clients || got.OK != 20 || got.Throughput != float64(clients) {
				t.Errorf("level %d: %+v", clients, got)
			}
		}
	})
}
