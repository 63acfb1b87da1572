package fault

import (
	"fmt"
	"html"
	"strings"
)

// The picture's measures, in pixels.
const (
	titleAt     = 82
	labelWidth  = 336
	stripWidth  = 410
	readsWidth  = 130
	writesWidth = 114
	stripHeight = 9
	stripGap    = 2
	rowGap      = 14
	headHeight  = 114
	fullWidth   = labelWidth + stripWidth + readsWidth + writesWidth
)

// plot draws, for every fault, what the users of each program saw while it went on, as SVG: one strip a program, time
// from left to right; the whole height is all requests of a moment. It brings its own background, for a page that is
// dark as for one that is light.
func plot(results []Result) string {
	var b strings.Builder
	y := headHeight
	for i := 0; i < len(results); {
		n := 1
		for i+n < len(results) && results[i+n].Fault == results[i].Fault {
			n++
		}
		drawFault(&b, y, results[i:i+n])
		y += n*(stripHeight+stripGap) + rowGap
		i += n
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%[1]d" height="%[2]d" font-family="system-ui, sans-serif" font-size="11" role="img" aria-label="What users saw of each fault, by program">
<style>
.page{fill:#fff} .text{fill:#24292f} .dim{fill:#59636e} .good{fill:#0f766e} .slow{fill:#84c9c1} .late{fill:#efabb5} .failed,.bad{fill:#c93a4e} .none{fill:#eaeef2} .mark{stroke:#24292f}
@media (prefers-color-scheme: dark){.page{fill:#0d1117} .text{fill:#e6edf3} .dim{fill:#9198a1} .good{fill:#2ba396} .slow{fill:#1b5c56} .late{fill:#7d3540} .failed,.bad{fill:#f0707f} .none{fill:#21262d} .mark{stroke:#e6edf3}}
</style>
<rect class="page" width="100%%" height="100%%" rx="6"/>
<text class="text" x="16" y="26" font-size="15" font-weight="600">What users saw while it broke</text>
<text class="dim" x="16" y="44">Each strip is one program under the same load: OpenHouse, plain pgxpool, pgxpool with twenty lines of retry. Dotted: the fault begins and ends.</text>
<text class="dim" x="16" y="60">Writes go wrong when they are acknowledged and lost, done twice, or refused and done all the same.</text>
%s
%s</svg>
`, fullWidth, y+4, legend(), b.String())
}

func legend() string {
	var b strings.Builder
	x := 16
	for _, l := range []struct{ class, text string }{
		{"good", "answered"}, {"slow", "waited more than 1 s, then answered"}, {"failed", "failed"}, {"late", "waited more than 1 s, then failed"}, {"none", "no new request"},
	} {
		fmt.Fprintf(&b, `<rect class="%s" x="%d" y="74" width="18" height="10" rx="2"/><text class="dim" x="%d" y="83">%s</text>`, l.class, x, x+24, l.text)
		x += 42 + 6*len(l.text)
	}
	fmt.Fprintf(&b, `<text class="dim" x="%d" y="100">reads failed</text><text class="dim" x="%d" y="100">writes gone wrong</text>`,
		labelWidth+stripWidth+8, labelWidth+stripWidth+readsWidth)
	return b.String()
}

// short are the names beside the strips.
var short = map[string]string{"openhouse": "OpenHouse", "pgxpool": "pgxpool", "pgxpool+retry": "with retry"}

func drawFault(b *strings.Builder, y int, results []Result) {
	first := results[0]
	id, _, _ := strings.Cut(first.Fault, " ")
	fmt.Fprintf(b, `<text class="text" x="16" y="%d" font-weight="600">%s</text>`+"\n", y+8, html.EscapeString(id))
	for i, line := range wrapped(first.Title, 31) {
		fmt.Fprintf(b, `<text class="text" x="%d" y="%d">%s</text>`+"\n", titleAt, y+8+12*i, html.EscapeString(line))
	}
	buckets := 1
	for _, r := range results {
		buckets = max(buckets, len(r.Line.Good))
	}
	scale := float64(stripWidth) / float64(buckets)
	for i, r := range results {
		at := y + i*(stripHeight+stripGap)
		fmt.Fprintf(b, `<text class="dim" x="%d" y="%d" text-anchor="end" font-size="9">%s</text>`, labelWidth-8, at+8, short[r.Contestant])
		drawStrip(b, at, scale, r.Line)
		figure(b, labelWidth+stripWidth+8, at+8, r.Failed, "text", " of "+grouped(r.Requests))
		figure(b, labelWidth+stripWidth+readsWidth, at+8, r.Ledger.wrong(), "bad", " of "+grouped(r.Ledger.Writes))
	}
	bottom := y + len(results)*(stripHeight+stripGap)
	for _, moment := range []int{first.Line.Began, first.Line.Healed} {
		if moment > 0 {
			x := labelWidth + scale*float64(moment)
			fmt.Fprintf(b, `<line class="mark" x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke-dasharray="2 2"/>`, x, x, y-3, bottom+1)
		}
	}
	seconds := float64(buckets) * bucket.Seconds()
	fmt.Fprintf(b, `<text class="dim" x="%d" y="%d" text-anchor="end" font-size="9">%.0f s</text>`+"\n", labelWidth+stripWidth, bottom+8, seconds)
}

// figure writes a count, bold if it is 0, else in the class given.
func figure(b *strings.Builder, x, y, n int, class, of string) {
	weight := "400"
	if n == 0 {
		class, weight = "text", "700"
	}
	fmt.Fprintf(b, `<text class="%s" x="%d" y="%d" font-size="10" font-weight="%s">%s<tspan class="dim" font-weight="400">%s</tspan></text>`+"\n", class, x, y, weight, grouped(n), of)
}

// share is what one bucket looks like, in tenths, so that equal neighbours become one piece.
type share struct{ good, slow, late, failed int }

func shareOf(l Timeline, i int) (s share) {
	total := l.Good[i] + l.Slow[i] + l.Late[i] + l.Failed[i]
	if total == 0 {
		return share{}
	}
	left := 10
	tenths := func(n int) int { // rounded up: a single failure can be seen
		part := min((n*10+total-1)/total, left)
		left -= part
		return part
	}
	s.failed, s.late, s.slow = tenths(l.Failed[i]), tenths(l.Late[i]), tenths(l.Slow[i])
	s.good = left
	return s
}

func drawStrip(b *strings.Builder, y int, scale float64, l Timeline) {
	for i := 0; i < len(l.Good); {
		s, n := shareOf(l, i), 1
		for i+n < len(l.Good) && shareOf(l, i+n) == s {
			n++
		}
		x, width := labelWidth+scale*float64(i), scale*float64(n)
		top := float64(y)
		piece := func(class string, tenths int) {
			if tenths > 0 {
				height := float64(stripHeight) * float64(tenths) / 10
				fmt.Fprintf(b, `<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, class, x, top, width+0.2, height)
				top += height
			}
		}
		if s == (share{}) {
			piece("none", 10)
		}
		piece("failed", s.failed)
		piece("late", s.late)
		piece("slow", s.slow)
		piece("good", s.good)
		i += n
	}
	b.WriteString("\n")
}

// wrapped breaks a text into lines of about so many letters.
func wrapped(text string, letters int) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > letters {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
