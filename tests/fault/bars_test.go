package fault

import (
	"fmt"
	"time"

	"openhouse.example/tests/stack"
)

// bar is what the portal must reach in a race.
type bar = func(r Result, peers []Result) (broken []string)

// both holds the portal to several bars.
func both(bars ...bar) bar {
	return func(r Result, peers []Result) (broken []string) {
		for _, b := range bars {
			broken = append(broken, b(r, peers)...)
		}
		return broken
	}
}

// noFailure is the bar of what must go unnoticed. How long the longest wait may be is judged in the full run only, which
// has the machine to itself.
func noFailure(limit time.Duration) bar {
	return func(r Result, _ []Result) (broken []string) {
		if r.Failed > 0 {
			broken = append(broken, fmt.Sprintf("%d of %d requests failed %v, want 0", r.Failed, r.Requests, r.Causes))
		}
		if stack.Full() && r.Worst > limit {
			broken = append(broken, fmt.Sprintf("the longest wait was %v, at most %v", round(r.Worst), limit))
		}
		return broken
	}
}

// onlyTheFirstFail is the bar of a long outage: whoever came in its first five seconds may be refused after five,
// later ones are refused at once, and it is over when the database is back. first and steady are how long after that the
// first success and the last failure may come.
func onlyTheFirstFail(first, steady time.Duration) bar {
	return func(r Result, _ []Result) (broken []string) {
		tooLong := func(what string, took, limit, shared time.Duration) {
			if took > shared {
				broken = append(broken, fmt.Sprintf("%s %v, at most %v (%v on a shared machine)", what, round(took), limit, shared))
			}
		}
		tooLong("somebody waited", r.Worst, 5100*time.Millisecond, 5500*time.Millisecond)
		tooLong("99 of 100 refusals took up to", r.RefusalP99, 50*time.Millisecond, 50*time.Millisecond)
		tooLong("the first success came after the return by", r.FirstSuccess, first, first+500*time.Millisecond)
		tooLong("failures went on after the return for", r.Steady, steady, steady+500*time.Millisecond)
		for cause, n := range r.Causes {
			if cause != unavailable {
				broken = append(broken, fmt.Sprintf("%d requests failed with %q, want %q only", n, cause, unavailable))
			}
		}
		return broken
	}
}

// The portal's public codes.
const (
	unavailable   = "database_unavailable"
	poolExhausted = "pool_exhausted"
	readOnly      = "read_only"
	queryTimeout  = "query_timeout"
	lockTimeout   = "lock_timeout"
	diskFull      = "disk_full"
)

// dialled is the bar of patience: a database that is away sees at most ten dials a second, and once, when it goes,
// one for each connection that was lost.
func dialled(r Result, _ []Result) (broken []string) {
	if most := int64(10*r.Length) + poolMax; r.Dials > most {
		broken = append(broken, fmt.Sprintf("%d connections were dialled in %.1f s, at most %d", r.Dials, r.Length, most))
	}
	return broken
}

func atLeast(share float64) bar {
	return func(r Result, _ []Result) (broken []string) {
		if got := 1 - float64(r.Failed)/float64(r.Requests); got < share {
			broken = append(broken, fmt.Sprintf("%.3f of the requests succeeded, at least %.2f", got, share))
		}
		return broken
	}
}

// fewFlips is the bar of a health route that tells the truth and doesn't flutter.
func fewFlips(r Result, _ []Result) (broken []string) {
	if r.Flips > 2 {
		broken = append(broken, fmt.Sprintf("the health route changed its mind %d times, at most 2", r.Flips))
	}
	return broken
}

// foldedLines is what a long outage may fill the log with: changes of state, and every five seconds how many failures
// of each kind there were.
const foldedLines = 60

// quiet is the bar of a log that says a thing once.
func quiet(lines int) bar {
	return func(r Result, _ []Result) (broken []string) {
		if r.Noise > lines {
			broken = append(broken, fmt.Sprintf("the log has %d warnings and errors, at most %d", r.Noise, lines))
		}
		return broken
	}
}

func round(d time.Duration) time.Duration { return d.Round(time.Millisecond) }
