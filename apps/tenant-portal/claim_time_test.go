package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
)

// The buyer and a stranger take the same time, and so do somebody who lives there and a stranger, over HTTP, against a
// real database: the 95 % interval of the difference of the medians, from pairs in random order, each in a home of its
// own. With TIMING=full a thousand pairs, and the interval within 1 ms; else fewer, with a bar that a busy machine
// doesn't reach, and that waiting for a mail or for another process would.
func TestBuyerAndStrangerTakeTheSameTime(t *testing.T) {
	pairs, bar := 150, 25*time.Millisecond
	if os.Getenv("TIMING") == "full" {
		pairs, bar = 1000, time.Millisecond
	}
	for _, who := range []string{"buyer", "lives"} {
		t.Run(who, func(t *testing.T) {
			known, stranger := claimTimes(t, who, pairs)
			low, high := medianDifference(known, stranger)
			t.Logf("%d pairs: %s %.3f ms, stranger %.3f ms, difference of the medians within [%.3f, %.3f] ms (95 %%)",
				pairs, who, median(known), median(stranger), low, high)
			if limit := float64(bar.Microseconds()) / 1000; low < -limit || high > limit {
				t.Errorf("the difference lies within [%.3f, %.3f] ms, want it within ±%.0f ms", low, high, limit)
			}
		})
	}
}

// claimTimes are the milliseconds that claims of known people and of strangers take.
func claimTimes(t *testing.T, who string, pairs int) (known, stranger []float64) {
	const warm = 20
	s := newSiteBehindAProxy(t)
	address := func(who string, i int) string { return fmt.Sprintf("%s%d@example.org", who, i) }
	var homes []uuid.UUID
	for i := range 2 * (pairs + warm) {
		homes = append(homes, s.addHome(fmt.Sprint(i), address("buyer", i)))
		if who == "lives" {
			s.addResident(homes[i], "owner", address("lives", i))
		}
	}
	codes := s.addCodes(homes...)
	s.db.Exec(`analyze`)
	c := s.client()
	for i := range pairs + warm {
		kinds := []string{who, "other"} // addresses of one length, so that nothing else differs
		rand.Shuffle(2, func(a, b int) { kinds[a], kinds[b] = kinds[b], kinds[a] })
		for n, kind := range kinds {
			at := 2*i + n
			body := map[string]string{"fullName": "Una Gale", "email": address(kind, at)}
			start := time.Now()
			c.PostJSON("/api/onboarding/"+codes[at], body, "X-Forwarded-For", fmt.Sprintf("198.18.%d.%d", at/250, at%250+1)).Is(t, http.StatusAccepted)
			took := float64(time.Since(start).Microseconds()) / 1000
			switch {
			case i < warm:
			case kind == who:
				known = append(known, took)
			default:
				stranger = append(stranger, took)
			}
		}
	}
	return known, stranger
}

// medianDifference is the 95 % interval of median(a) - median(b), by 2,000 resamples of pairs.
func medianDifference(a, b []float64) (low, high float64) {
	const resamples = 2000
	seed := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // statistics
	differences := make([]float64, resamples)
	x, y := make([]float64, len(a)), make([]float64, len(b))
	for r := range differences {
		for i := range x {
			at := seed.IntN(len(a))
			x[i], y[i] = a[at], b[at]
		}
		differences[r] = median(x) - median(y)
	}
	slices.Sort(differences)
	return differences[int(0.025*resamples)], differences[int(0.975*resamples)-1]
}

func median(of []float64) float64 {
	if len(of) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(of))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// The interval finds a difference that is there, and none where there is none.
func TestTheIntervalFindsADifference(t *testing.T) {
	t.Parallel()
	seed := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // statistics
	sample := func(shift float64) (list []float64) {
		for range 400 {
			list = append(list, 5+shift+seed.NormFloat64())
		}
		return list
	}
	if low, high := medianDifference(sample(0), sample(0)); low > 0 || high < 0 {
		t.Errorf("equal samples: [%.3f, %.3f] does not hold 0", low, high)
	}
	if low, _ := medianDifference(sample(1), sample(0)); low < 0.5 {
		t.Errorf("a difference of 1: begins at %.3f", low)
	}
}
