package load

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestALateStartIsPartOfTheLatency: who was sent off too late has waited since the moment at which it was meant to begin.
func TestALateStartIsPartOfTheLatency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := NewRecorder()
		r.open(time.Now(), 0, 3)
		ok := func(_ context.Context, _ Turn, w *Walk) {
			w.Step("page", func() (int, string) { time.Sleep(20 * time.Millisecond); return 200, "" })
		}
		time.Sleep(time.Second)
		for _, late := range []time.Duration{0, 9 * time.Millisecond, 300 * time.Millisecond} {
			r.visit(t.Context(), Turn{}, time.Now().Add(-late), ok)
		}
		r.close()
		got := r.Report(Run{}, Pool{})
		if got.Late != (Late{Count: 1, WorstMs: 300}) {
			t.Errorf("late %+v, want one, by 300 ms", got.Late)
		}
		if got.LatencyMs.Min != 20 || got.LatencyMs.P50 != 29 || got.LatencyMs.Max != 320 {
			t.Errorf("latency %+v, want 20, 29 and 320", got.LatencyMs)
		}
		if got.Steps[0].LatencyMs.Max != 20 {
			t.Errorf("a step counts from its own begin: %+v", got.Steps[0])
		}
	})
}

// TestEveryVisitIsCountedOnce, 429 apart from what else fails.
func TestEveryVisitIsCountedOnce(t *testing.T) {
	t.Parallel()
	answers := []struct {
		status int
		cause  string
	}{{200, ""}, {429, "429 too_many_requests"}, {503, "503 database_unavailable"}, {0, "connection refused"}, {503, "503 database_unavailable"}}
	synctest.Test(t, func(t *testing.T) {
		r := NewRecorder()
		Open(t.Context(), 10, time.Second, func(_ context.Context, turn Turn, w *Walk) {
			_ = w.Step("page", func() (int, string) { return 200, "" }) &&
				w.Step("claim", func() (int, string) { a := answers[turn.Number%5]; return a.status, a.cause }) &&
				w.Step("after", func() (int, string) { return 200, "" })
		}, r)
		got := r.Report(Run{}, Pool{}, AllOK, NoneRefused, MeanWithin(time.Second))
		if got.Attempted != 10 || got.OK != 2 || got.TooMany != 2 || len(got.Failed) != 2 ||
			got.Failed["claim: 503 database_unavailable"] != 4 || got.Failed["claim: connection refused"] != 2 {
			t.Errorf("%+v", got)
		}
		for i, want := range []StepReport{{Name: "page", Attempted: 10, OK: 10}, {Name: "claim", Attempted: 10, OK: 2}, {Name: "after", Attempted: 2, OK: 2}} {
			if got.Steps[i] != want {
				t.Errorf("step %d is %+v, want %+v", i, got.Steps[i], want)
			}
		}
		if got.Passed || got.Bars[0].Met || got.Bars[1].Met || !got.Bars[2].Met {
			t.Errorf("bars %+v", got.Bars)
		}
		if p := r.Look(Progress{}); p.OK != 2 || p.Refused != 2 || p.Failed != 6 || p.Begun != 10 || p.Planned != 10 {
			t.Errorf("progress %+v", p)
		}
	})
}

func TestBars(t *testing.T) {
	t.Parallel()
	good := Report{Planned: 3, Attempted: 3, OK: 3, LatencyMs: Latency{Mean: 95}}
	for name, c := range map[string]struct {
		bar    Judge
		change func(*Report)
		met    bool
	}{
		"all ok":               {AllOK, func(*Report) {}, true},
		"one failed":           {AllOK, func(r *Report) { r.OK = 2 }, false},
		"one never began":      {AllOK, func(r *Report) { r.Planned = 4 }, false},
		"nothing was planned":  {AllOK, func(r *Report) { *r = Report{} }, false},
		"none refused":         {NoneRefused, func(*Report) {}, true},
		"one refused":          {NoneRefused, func(r *Report) { r.TooMany = 1 }, false},
		"as fast as it may be": {MeanWithin(95 * time.Millisecond), func(*Report) {}, true},
		"a little slower":      {MeanWithin(95 * time.Millisecond), func(r *Report) { r.LatencyMs.Mean = 95.01 }, false},
		"nothing was measured": {MeanWithin(95 * time.Millisecond), func(r *Report) { *r = Report{} }, false},
	} {
		r := good
		c.change(&r)
		if bar := c.bar(r); bar.Met != c.met || bar.Name == "" || bar.Want == "" || bar.Got == "" {
			t.Errorf("%s: %+v", name, bar)
		}
	}
}

func TestPercentiles(t *testing.T) {
	t.Parallel()
	var hundred []time.Duration
	for n := 100; n > 0; n-- {
		hundred = append(hundred, time.Duration(n)*time.Millisecond)
	}
	for _, c := range []struct {
		all  []time.Duration
		want Latency
	}{
		{nil, Latency{}},
		{[]time.Duration{1234567}, Latency{1.23, 1.23, 1.23, 1.23, 1.23, 1.23}},
		{hundred, Latency{1, 50.5, 50, 95, 99, 100}},
		{[]time.Duration{3e6, 1e6}, Latency{1, 2, 1, 3, 3, 3}},
	} {
		if got := latencyOf(c.all); got != c.want {
			t.Errorf("of %d: %+v, want %+v", len(c.all), got, c.want)
		}
	}
}

// TestALookSeesWhatIsNew: the 95th percentile of a progress line is that of the last second, not of the whole run.
func TestALookSeesWhatIsNew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := NewRecorder()
		r.open(time.Now(), 0, 10)
		visit := func(takes time.Duration) {
			r.visit(t.Context(), Turn{}, time.Now(), func(context.Context, Turn, *Walk) { time.Sleep(takes) })
		}
		visit(time.Second)
		first := r.Look(Progress{})
		visit(time.Millisecond)
		second := r.Look(first)
		third := r.Look(second)
		if first.P95 != time.Second || second.P95 != time.Millisecond || third.P95 != 0 || third.OK != 2 || third.Since != 1001*time.Millisecond {
			t.Errorf("%+v\n%+v\n%+v", first, second, third)
		}
	})
}
