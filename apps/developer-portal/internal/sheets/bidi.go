package sheets

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/bidi"
)

// visual orders the letters of a line from left to right as they are seen: Hebrew is written from right to left, and
// what stands around it isn't.
func visual(line string) string {
	base, mixed := direction(line)
	if !mixed {
		return line
	}
	var p bidi.Paragraph
	if _, err := p.SetString(line); err != nil {
		return line
	}
	order, err := p.Order()
	if err != nil {
		return line
	}
	runs := make([]bidi.Run, order.NumRuns())
	for i := range runs {
		runs[i] = order.Run(i)
	}
	if base == bidi.RightToLeft {
		slices.Reverse(runs)
	} else {
		for from := 0; from < len(runs); from++ {
			to := from
			for ; to < len(runs); to++ {
				between := to > from && to+1 < len(runs) && isNumber(runs[to].String())
				if runs[to].Direction() != bidi.RightToLeft && !between {
					break
				}
			}
			slices.Reverse(runs[from:to])
			from = max(from, to-1)
		}
	}
	var b strings.Builder
	for _, r := range runs {
		if r.Direction() == bidi.RightToLeft {
			b.WriteString(bidi.ReverseString(r.String()))
		} else {
			b.WriteString(r.String())
		}
	}
	return b.String()
}

// direction is that of the first letter that has one, and whether any goes from right to left.
func direction(line string) (base bidi.Direction, mixed bool) {
	base = bidi.Neutral
	for _, r := range line {
		class, _ := bidi.LookupRune(r)
		switch class.Class() {
		case bidi.R, bidi.AL:
			if base == bidi.Neutral {
				base = bidi.RightToLeft
			}
			mixed = true
		case bidi.L:
			if base == bidi.Neutral {
				base = bidi.LeftToRight
			}
		}
	}
	return base, mixed
}

// isNumber reports a run that keeps its own direction among letters from right to left, but not its place.
func isNumber(run string) bool {
	return strings.IndexFunc(run, unicode.IsDigit) >= 0 && strings.IndexFunc(run, unicode.IsLetter) < 0
}
