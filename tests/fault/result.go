package fault

import (
	"slices"
	"time"
)

// Result is what one contestant's users saw of one fault.
type Result struct {
	Fault      string `json:"fault"`
	Title      string `json:"title"`
	Contestant string `json:"contestant"`

	Requests     int            `json:"requests"` // reads
	Failed       int            `json:"failed"`
	Causes       map[string]int `json:"causes"`
	Median       time.Duration  `json:"median_ns"`        // of the reads that succeeded
	Worst        time.Duration  `json:"worst_ns"`         // longest wait for any answer
	RefusalP99   time.Duration  `json:"refusal_p99_ns"`   // of the refusals that began when the fault was older than 5.5 s
	LateFailures int            `json:"late_failures"`    // requests that began after the heal and failed
	FirstSuccess time.Duration  `json:"first_success_ns"` // from the heal to the first success, 0 if there was no heal
	Steady       time.Duration  `json:"steady_ns"`        // from the heal to the end of the last failure

	Ledger Ledger   `json:"ledger"`
	Dials  int64    `json:"dials"` // connections opened, or tried, during the fault
	Length float64  `json:"seconds"`
	Flips  int      `json:"flips"` // how often the health route changed its mind; of the portal only
	Noise  int      `json:"noise"` // lines of the log at WARN and above; of the portal only
	Line   Timeline `json:"timeline"`
}

// Timeline is a fault as its users saw it, in buckets of equal length. A request counts in the bucket in which it began;
// one that took more than a second, in all those in which somebody waited for it.
type Timeline struct {
	Bucket time.Duration `json:"bucket_ns"`
	Began  int           `json:"began"`  // bucket in which the fault began
	Healed int           `json:"healed"` // bucket in which it ended; 0 = there was nothing to heal
	Good   []int         `json:"good"`
	Slow   []int         `json:"slow"`   // succeeded after more than a second
	Late   []int         `json:"late"`   // failed after more than a second
	Failed []int         `json:"failed"` // failed at once
}

// moments are the times of one fault. healed is zero if there was nothing to heal.
type moments struct{ start, began, healed, end time.Time }

// summarise counts the outcomes of reads.
func summarise(events []event, m moments) Result {
	r := Result{Requests: len(events), Causes: map[string]int{}, Length: m.end.Sub(m.began).Seconds()}
	var took, refusals []time.Duration
	for _, e := range events {
		r.Worst = max(r.Worst, e.took)
		end := e.began.Add(e.took)
		if e.cause == "" {
			took = append(took, e.took)
			if !m.healed.IsZero() && end.After(m.healed) && (r.FirstSuccess == 0 || end.Sub(m.healed) < r.FirstSuccess) {
				r.FirstSuccess = end.Sub(m.healed)
			}
			continue
		}
		r.Failed++
		r.Causes[e.cause]++
		if e.began.Sub(m.began) > 5500*time.Millisecond && (m.healed.IsZero() || e.began.Before(m.healed)) {
			refusals = append(refusals, e.took)
		}
		if !m.healed.IsZero() && end.After(m.healed) {
			r.Steady = max(r.Steady, end.Sub(m.healed))
			if e.began.After(m.healed) {
				r.LateFailures++
			}
		}
	}
	if len(took) > 0 {
		slices.Sort(took)
		r.Median = took[len(took)/2]
	}
	if len(refusals) > 0 {
		slices.Sort(refusals)
		r.RefusalP99 = refusals[len(refusals)*99/100]
	}
	r.Line = timeline(events, m)
	return r
}

const bucket = 250 * time.Millisecond

func timeline(events []event, m moments) Timeline {
	at := func(t time.Time) int { return max(int(t.Sub(m.start)/bucket), 0) }
	n := at(m.end) + 1
	l := Timeline{Bucket: bucket, Began: at(m.began), Good: make([]int, n), Slow: make([]int, n), Late: make([]int, n), Failed: make([]int, n)}
	if !m.healed.IsZero() {
		l.Healed = at(m.healed)
	}
	for _, e := range events {
		first, last := min(at(e.began), n-1), min(at(e.began.Add(e.took)), n-1)
		kind := l.Good
		switch long := e.took > time.Second; {
		case e.cause != "" && long:
			kind = l.Late
		case e.cause != "":
			kind, last = l.Failed, first
		case long:
			kind = l.Slow
		default:
			last = first
		}
		for i := first; i <= last; i++ {
			kind[i]++
		}
	}
	return l
}
