package bench

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestStudent95(t *testing.T) {
	t.Parallel()
	for df, want := range map[int]float64{4: 2.776, 9: 2.262, 19: 2.093, 29: 2.045, 1000: 1.962} { // tables
		if got := student95(df); math.Abs(got-want) > 0.005*want {
			t.Errorf("df %d: %.4f, want %.3f", df, got, want)
		}
	}
}

// Of many experiments with a known ratio, about 95 % of the intervals must contain it.
func TestRatioCoversTheTruth(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	const truth, experiments = 0.8, 2000
	covered := 0
	for range experiments {
		a, b := make([]float64, 20), make([]float64, 20)
		for i := range a {
			machine := math.Exp(random.NormFloat64() * 0.5) // slow and fast moments hit both
			b[i] = 1000 * machine * math.Exp(random.NormFloat64()*0.05)
			a[i] = truth * 1000 * machine * math.Exp(random.NormFloat64()*0.05)
		}
		r := Ratio(a, b)
		if r.Low <= truth && truth <= r.High {
			covered++
		}
		if !(r.Low <= r.Mid && r.Mid <= r.High) {
			t.Fatalf("not in order: %+v", r)
		}
	}
	if share := float64(covered) / experiments; share < 0.93 || share > 0.97 {
		t.Errorf("%.3f of the intervals hold the truth, want 0.95", share)
	}
}
