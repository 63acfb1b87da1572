package knowledge

import (
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// line is a line of a PDF's page: its text, where its first character stands (in points from the lower left), where
// its last one ends, and how it is set. What PDFium doesn't tell is 0.
type line struct {
	text                string
	left, bottom, right float64
	size                float64
	bold                bool
}

// layOut makes blocks of lines: what stands at the head or foot of most pages is left out, lines set larger or bold
// are headings, lines close below each other one paragraph, which may go on on the next page.
func layOut(pages [][]line) []block {
	running := runningLines(pages)
	body, distance := usual(pages)
	margins, levels := rightMargins(pages, body), headingLevels(pages, body)
	var out []block
	open := false // the last block may go on
	var before line
	for i, lines := range pages {
		first := true
		for _, l := range lines {
			if running[runningKey(l)] {
				continue
			}
			k := kindOf(l, body)
			switch {
			case k == paragraph && open && first && continues(out[len(out)-1].text, l.text):
				last := &out[len(out)-1]
				last.text = joined(last.text, string(pageBreak), l.text)
			case k == paragraph && open && !first && near(before, l, distance) && out[len(out)-1].kind == paragraph && !startsItem(l.text) && isFull(before, margins):
				last := &out[len(out)-1]
				last.text = joined(last.text, " ", l.text)
			case k == heading && len(out) > 0 && out[len(out)-1].kind == heading && !first && l.size == before.size && near(before, l, distance*l.size/max(body, 1)):
				out[len(out)-1].text += " " + l.text
			default:
				b := block{kind: k, page: i + 1, text: l.text}
				if k == heading {
					b.level = levels[l.size]
				}
				out = append(out, b)
			}
			open, first, before = true, false, l
		}
	}
	return rows(out)
}

var itemStart = regexp.MustCompile(`^([•·▪–*-]|\(?\d{1,2}[.)]|\(?[a-z]\))\s`)

func startsItem(s string) bool { return itemStart.MatchString(s) }

// rows turns short lines that are no sentence into rows: what a table or a list looks like once it is text.
func rows(blocks []block) []block {
	for i := range blocks {
		b := &blocks[i]
		if b.kind == paragraph && (startsItem(b.text) || utf8.RuneCountInString(b.text) < 90 && !endsSentence(b.text)) {
			b.kind = row
		}
	}
	return blocks
}

func endsSentence(s string) bool {
	s = strings.TrimRight(s, ")”’\"'")
	return strings.HasSuffix(s, ".") || strings.HasSuffix(s, "!") || strings.HasSuffix(s, "?") || strings.HasSuffix(s, ":") || strings.HasSuffix(s, ";") || strings.HasSuffix(s, ",")
}

// continues says whether a page begins in the middle of the paragraph that the page before ended with.
func continues(before, next string) bool {
	r, _ := utf8.DecodeRuneInString(next)
	return !endsSentence(before) && unicode.IsLower(r)
}

// joined puts two lines together; a word that was divided becomes one.
func joined(a, between, b string) string {
	r, _ := utf8.DecodeRuneInString(b)
	if cut, ok := strings.CutSuffix(a, "-"); ok && unicode.IsLower(r) && between == " " {
		if before, _ := utf8.DecodeLastRuneInString(cut); unicode.IsLower(before) {
			return cut + b
		}
	}
	return a + between + b
}

func kindOf(l line, body float64) kind {
	n := utf8.RuneCountInString(l.text)
	switch {
	case n > 120 || letters(l.text) < 2:
		return paragraph
	case l.size >= body*1.12 && l.size > 0:
		return heading
	case l.bold && n <= 80 && !strings.HasSuffix(l.text, ".") && !unicode.IsDigit(lastRune(l.text)):
		return heading
	}
	return paragraph
}

func lastRune(s string) rune {
	r, _ := utf8.DecodeLastRuneInString(s)
	return r
}

// near says whether a line stands close below the one before it. Where nothing was measured, it does not.
func near(before, l line, distance float64) bool {
	down := before.bottom - l.bottom
	return l.bottom != 0 && down > 0 && down <= distance*1.35 && l.size == before.size
}

// usual is the size that most characters are set in, and the distance that most lines keep.
func usual(pages [][]line) (size, distance float64) {
	sizes, distances := map[float64]int{}, map[float64]int{}
	for _, lines := range pages {
		for i, l := range lines {
			sizes[l.size] += len(l.text)
			if i > 0 && lines[i-1].size == l.size {
				if down := math.Round((lines[i-1].bottom-l.bottom)*2) / 2; down > 0 && down < 4*max(l.size, 6) {
					distances[down] += min(len(l.text), len(lines[i-1].text))
				}
			}
		}
	}
	size = most(sizes)
	if distance = most(distances); distance == 0 || distance > 2*size {
		distance = size * 1.3
	}
	return size, distance
}

func most(counts map[float64]int) float64 {
	best, n := 0.0, -1
	for value, count := range counts {
		if count > n || count == n && value < best {
			best, n = value, count
		}
	}
	return best
}

// runningKey is the same for a head or foot on every page, whatever its page number.
func runningKey(l line) string {
	text := strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return '0'
		}
		return r
	}, l.text)
	for strings.Contains(text, "00") {
		text = strings.ReplaceAll(text, "00", "0")
	}
	return text
}

// runningLines are those among the first and last two lines of a page that stand on more than half of the pages, and
// on three at least.
func runningLines(pages [][]line) map[string]bool {
	counts := map[string]int{}
	for _, lines := range pages {
		ends := lines
		if len(lines) > 4 {
			ends = slices.Concat(lines[:2], lines[len(lines)-2:])
		}
		seen := map[string]bool{}
		for _, l := range ends {
			if key := runningKey(l); !seen[key] {
				seen[key] = true
				counts[key]++
			}
		}
	}
	running := map[string]bool{}
	for key, n := range counts {
		running[key] = n >= 3 && n*2 > len(pages)
	}
	return running
}

// rightMargins is how far lines that begin at a place reach, by the place: of a column, or of the whole page.
func rightMargins(pages [][]line, body float64) map[float64]float64 {
	margins := map[float64]float64{}
	for _, lines := range pages {
		for _, l := range lines {
			if l.size == body {
				margins[math.Round(l.left)] = max(margins[math.Round(l.left)], l.right)
			}
		}
	}
	return margins
}

// isFull says whether a line reaches so far to the right that its paragraph may go on below. The rows of a table
// don't, though they stand as close.
func isFull(l line, margins map[float64]float64) bool {
	margin := margins[math.Round(l.left)]
	return l.right == 0 || margin == 0 || l.right-l.left >= (margin-l.left)*0.78
}

// headingLevels numbers the sizes that headings are set in, the largest first.
func headingLevels(pages [][]line, body float64) map[float64]int {
	levels := map[float64]int{}
	for _, lines := range pages {
		for _, l := range lines {
			if kindOf(l, body) == heading {
				levels[l.size] = 0
			}
		}
	}
	for i, size := range slices.Backward(slices.Sorted(maps.Keys(levels))) {
		levels[size] = len(levels) - i
	}
	return levels
}
