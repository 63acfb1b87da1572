package fault

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// plot draws failed requests by fault and contestant, as SVG. The axis is logarithmic: 0 must be told from 10 beside
// 10,000.
func plot(results []Result) string {
	const (
		left, top, bar, gap = 130, 60, 14, 18
		width               = 420
	)
	colours := map[string]string{"openhouse": "#0f766e", "pgxpool": "#b45309", "pgxpool+retry": "#6b7280"}
	most := 1.0
	for _, r := range results {
		most = max(most, float64(r.Failed))
	}
	scale := width / math.Log10(most+1)
	var b strings.Builder
	y := top
	last := ""
	for _, r := range results {
		if r.Fault != last {
			if last != "" {
				y += gap
			}
			fmt.Fprintf(&b, `<text x="10" y="%d" font-weight="600">%s</text>`+"\n", y+11, html.EscapeString(r.Fault))
			last = r.Fault
		}
		length := scale * math.Log10(float64(r.Failed)+1)
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end" fill="#555">%s</text>`, left-8, y+11, html.EscapeString(r.Contestant))
		fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>`, left, y, max(length, 1), bar-3, colours[r.Contestant])
		fmt.Fprintf(&b, `<text x="%.1f" y="%d">%d</text>`+"\n", left+length+6, y+11, r.Failed)
		y += bar
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="Failed requests by fault and program">
<rect width="100%%" height="100%%" fill="#fff"/>
<text x="10" y="24" font-size="15" font-weight="600">Failed requests by fault</text>
<text x="10" y="42" fill="#555">shorter is better; logarithmic</text>
%s</svg>
`, left+width+70, y+20, b.String())
}
