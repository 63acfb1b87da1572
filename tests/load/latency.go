package load

import (
	"math"
	"slices"
	"time"
)

// Latency is a distribution, in milliseconds. All are 0 if nothing was measured.
type Latency struct {
	Min  float64 `json:"min"`
	Mean float64 `json:"mean"`
	P50  float64 `json:"p50"`
	P95  float64 `json:"p95"`
	P99  float64 `json:"p99"`
	Max  float64 `json:"max"`
}

// latencyOf is exact: every value is kept, since a run has thousands of them, not millions.
func latencyOf(all []time.Duration) Latency {
	if len(all) == 0 {
		return Latency{}
	}
	all = sorted(all)
	var sum time.Duration
	for _, d := range all {
		sum += d
	}
	return Latency{
		Min: ms(all[0]), Mean: ms(sum / time.Duration(len(all))), P50: ms(percentile(all, 50)), P95: ms(percentile(all, 95)),
		P99: ms(percentile(all, 99)), Max: ms(all[len(all)-1]),
	}
}

func sorted(all []time.Duration) []time.Duration {
	all = slices.Clone(all)
	slices.Sort(all)
	return all
}

// percentile is the smallest value that is at least as large as p percent of all (nearest rank): one that was measured.
func percentile(sorted []time.Duration, p float64) time.Duration {
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// ms is in milliseconds, to a hundredth: more would be noise.
func ms(d time.Duration) float64 { return math.Round(float64(d)/float64(time.Millisecond)*100) / 100 }
