package fault

import (
	"reflect"
	"testing"
	"time"
)

func TestSummariseReadsTheMomentsOfAFault(t *testing.T) {
	t.Parallel()
	start := time.Now()
	at := func(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }
	secs := func(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }
	m := moments{start: start, began: at(0.5), healed: at(10.5), end: at(12)}
	r := summarise([]event{
		{at(0.1), secs(0.01), ""},
		{at(0.6), secs(5), "database_unavailable"}, // held
		{at(7), secs(0.02), "database_unavailable"},
		{at(10.4), secs(0.3), "database_unavailable"},
		{at(10.6), secs(0.2), "500"},
		{at(9.6), secs(1.1), ""},
		{at(11), secs(0.03), ""},
	}, m)
	want := Result{
		Requests: 7, Failed: 4, Causes: map[string]int{"database_unavailable": 3, "500": 1}, Median: secs(0.03), Worst: secs(5),
		RefusalP99: secs(0.3), LateFailures: 1, FirstSuccess: secs(0.2), Steady: secs(0.3), Length: 11.5,
	}
	near := func(a, b time.Duration) bool { return (a - b).Abs() < time.Microsecond }
	if r.Requests != want.Requests || r.Failed != want.Failed || !reflect.DeepEqual(r.Causes, want.Causes) || r.LateFailures != want.LateFailures ||
		!near(r.Median, want.Median) || !near(r.Worst, want.Worst) || !near(r.RefusalP99, want.RefusalP99) ||
		!near(r.FirstSuccess, want.FirstSuccess) || !near(r.Steady, want.Steady) || r.Length != want.Length {
		t.Errorf("got  %+v\nwant %+v", r, want)
	}
	l := r.Line
	if l.Began != 2 || l.Healed != 42 || len(l.Good) != 49 || l.Good[0] != 1 || l.Late[2] != 1 || l.Late[22] != 1 || l.Late[23] != 0 || l.Failed[28] != 1 || l.Slow[38] != 1 || l.Slow[42] != 1 || l.Failed[42] != 1 || l.Good[44] != 1 {
		t.Errorf("timeline %+v", l)
	}
}
