// Package bench compares two running servers in interleaved rounds, so that a machine that is busy with other
// things slows both alike. It knows HTTP and statistics; which servers, its callers know.
package bench

import "math"

// Interval is an estimate with its 95 % confidence interval.
type Interval struct {
	Low, Mid, High float64
	Rounds         int
}

// Ratio estimates the ratio a/b from paired rounds: the mean of the logarithms of a[i]/b[i], with Student's t
// (Casella and Berger, Statistical Inference, 9.2), taken back by exp. It needs at least two rounds.
func Ratio(a, b []float64) Interval {
	n := len(a)
	logs := make([]float64, n)
	var mean float64
	for i := range a {
		logs[i] = math.Log(a[i] / b[i])
		mean += logs[i] / float64(n)
	}
	var variance float64
	for _, l := range logs {
		variance += (l - mean) * (l - mean) / float64(n-1)
	}
	half := student95(n-1) * math.Sqrt(variance/float64(n))
	return Interval{Low: math.Exp(mean - half), Mid: math.Exp(mean), High: math.Exp(mean + half), Rounds: n}
}

// student95 is the two-sided 95 % quantile of Student's t with df degrees of freedom: the normal quantile with the
// first terms of its expansion (Abramowitz and Stegun 26.7.5), within 0.5 % from 4 degrees on.
func student95(df int) float64 {
	const z = 1.959963984540054
	v := float64(df)
	return z + (z*z*z+z)/(4*v) + (5*math.Pow(z, 5)+16*z*z*z+3*z)/(96*v*v) +
		(3*math.Pow(z, 7)+19*math.Pow(z, 5)+17*z*z*z-15*z)/(384*v*v*v)
}
