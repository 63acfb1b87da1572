package load

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// The picture's measures, in pixels.
const (
	plotLeft   = 64
	plotWidth  = 760
	plotTop    = 112
	plotHeight = 220
	poolGap    = 44
	poolHeight = 90
	fullWidth  = plotLeft + plotWidth + 24
	fullHeight = plotTop + plotHeight + poolGap + poolHeight + 40
)

// Plot draws the run as SVG: how long visits took by the moment at which they were meant to begin, the bar that the mean
// is held against, and the pool below on the same clock. It brings its own background, for a page that is dark as for one
// that is light.
func (r Report) Plot(meanBar float64) string {
	span := float64(moment.Milliseconds())
	if n := len(r.Timeline); n > 0 {
		span += float64(r.Timeline[n-1].AtMs)
	}
	top := scaleTop(max(r.LatencyMs.Max, meanBar))
	x := func(atMs int64) float64 { return plotLeft + plotWidth*min(float64(atMs)/span, 1) }
	y := func(ms float64) float64 { return plotTop + plotHeight*(1-ms/top) }

	var b strings.Builder
	axis(&b, plotTop, plotHeight, top, "ms")
	width := max(plotWidth*float64(moment.Milliseconds())/span-1, 0.5)
	var middle strings.Builder
	for _, m := range r.Timeline {
		if m.OK+m.Failed == 0 {
			continue
		}
		class := "most"
		if m.Failed > 0 {
			class = "bad"
		}
		fmt.Fprintf(&b, `<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, class, x(m.AtMs), y(m.Max), width, max(plotTop+plotHeight-y(m.Max), 1))
		fmt.Fprintf(&middle, "%.1f,%.1f ", x(m.AtMs)+width/2, y(m.P50))
	}
	fmt.Fprintf(&b, "\n"+`<polyline class="p50" points="%s"/>`+"\n", strings.TrimSpace(middle.String()))
	if meanBar > 0 {
		fmt.Fprintf(&b, `<line class="bar" x1="%d" x2="%d" y1="%.1f" y2="%.1[3]f"/><text class="dim" x="%[2]d" y="%.1[4]f" text-anchor="end">the mean may be %[5]s ms</text>`+"\n",
			plotLeft, plotLeft+plotWidth, y(meanBar), y(meanBar)+12, number(meanBar))
	}

	poolTop := plotTop + plotHeight + poolGap
	most := scaleTop(float64(max(r.Pool.MostTotal, r.Pool.MostWaiting, 1)))
	axis(&b, poolTop, poolHeight, most, "connections")
	for _, line := range []struct {
		class string
		of    func(PoolSample) int
	}{
		{"total", func(s PoolSample) int { return s.Total }}, {"used", PoolSample.InUse}, {"waiting", func(s PoolSample) int { return s.Waiting }},
	} {
		var points strings.Builder
		for _, s := range r.Pool.Samples {
			if float64(s.AtMs) <= span {
				fmt.Fprintf(&points, "%.1f,%.1f ", x(s.AtMs), float64(poolTop)+poolHeight*(1-float64(line.of(s))/most))
			}
		}
		fmt.Fprintf(&b, `<polyline class="%s" points="%s"/>`+"\n", line.class, strings.TrimSpace(points.String()))
	}
	fmt.Fprintf(&b, `<text class="dim" x="%d" y="%d">0 s</text><text class="dim" x="%d" y="%[2]d" text-anchor="end">%.0[4]f s</text>`,
		plotLeft, poolTop+poolHeight+18, plotLeft+plotWidth, span/1000)

	title := fmt.Sprintf("loadtest %s: %s", r.Command, r.load())
	sum := fmt.Sprintf("%s of %s ok, 429: %s; mean %s ms, p95 %s, p99 %s, max %s", grouped(r.OK), grouped(r.Planned), grouped(r.TooMany),
		number(r.LatencyMs.Mean), number(r.LatencyMs.P95), number(r.LatencyMs.P99), number(r.LatencyMs.Max))
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%[1]d" height="%[2]d" font-family="system-ui, sans-serif" font-size="11" role="img" aria-label="%[3]s">
<style>
.page{fill:#fff} .text{fill:#24292f} .dim{fill:#59636e} .grid{stroke:#d8dee4} .most{fill:#84c9c1} .bad{fill:#c93a4e} .bar{stroke:#c93a4e;stroke-dasharray:4 3}
polyline{fill:none;stroke-width:1.5} .p50,.used{stroke:#0f766e} .total{stroke:#9198a1} .waiting{stroke:#c93a4e}
@media (prefers-color-scheme: dark){.page{fill:#0d1117} .text{fill:#e6edf3} .dim{fill:#9198a1} .grid{stroke:#30363d} .most{fill:#1b5c56} .bad{fill:#f0707f} .bar,.waiting{stroke:#f0707f} .p50,.used{stroke:#2ba396} .total{stroke:#59636e}}
</style>
<rect class="page" width="100%%" height="100%%" rx="6"/>
<text class="text" x="16" y="26" font-size="15" font-weight="600">%[3]s</text>
<text class="dim" x="16" y="44">%[4]s</text>
<text class="dim" x="16" y="60">Above: the slowest visit of each fifth of a second (red if one failed), and the line of the medians.</text>
<text class="dim" x="16" y="76">Below: connections of the portal that are open (grey) and in use (green), and requests that wait for one (red).</text>
%[5]s</svg>
`, fullWidth, fullHeight, html.EscapeString(title), html.EscapeString(sum), b.String())
}

// axis draws three lines with their figures.
func axis(b *strings.Builder, top, height int, most float64, unit string) {
	for i := range 3 {
		value := most * float64(i) / 2
		at := float64(top) + float64(height)*(1-float64(i)/2)
		fmt.Fprintf(b, `<line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1[3]f"/><text class="dim" x="%[4]d" y="%.1[5]f" text-anchor="end">%[6]s</text>`,
			plotLeft, plotLeft+plotWidth, at, plotLeft-8, at+4, number(value))
	}
	fmt.Fprintf(b, `<text class="dim" x="%d" y="%d">%s</text>`+"\n", plotLeft, top-6, unit)
}

// scaleTop is a round figure not below most: 1, 2, 4 or 10 times a power of ten.
func scaleTop(most float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(max(most, 1))))
	for _, times := range []float64{1, 2, 4} {
		if most <= times*power {
			return times * power
		}
	}
	return 10 * power
}
