package knowledge

import (
	"strings"
	"unicode"
)

// Document is what Extract found in a file.
type Document struct {
	MIME     string // by content
	Pages    int    // 0 where a file has none, such as a picture
	Language string // "en", "pl" or "ga", as the passages are stemmed
	Reason   Reason // "" if there is text to search
	blocks   []block
}

// State is what becomes of the version's text_state.
func (d Document) State() State { return d.Reason.State() }

// kind is what a block is in its document.
type kind int

const (
	paragraph kind = iota
	heading
	row // of a table, or an item of a list: short, and about what stands above it
)

// block is a piece of text that belongs together, on the page where it begins.
type block struct {
	kind  kind
	level int // of a heading, 1 is the highest
	page  int
	// text has single spaces; a form feed stands where the text goes on on the next page.
	text string
}

// blockCost is what a block counts beside its text: a file of a million one-letter lines needs memory for them.
const blockCost = 64

// pageBreak stands in a passage where its text goes on on the next page, so that a quote knows its own page. To the
// text search it is a space.
const pageBreak = '\f'

// tidy is text in single spaces and without what nobody sees: control and direction marks, soft hyphens. Page
// breaks stay.
func tidy(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	gap := false
	for _, r := range s {
		switch {
		case r == pageBreak:
			b.WriteRune(r)
			gap = false
			continue
		case unicode.IsSpace(r):
			gap = b.Len() > 0
			continue
		case r == unicode.ReplacementChar, unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), r == 0xFFFE, r == 0xFFFF:
			continue
		}
		if gap {
			b.WriteByte(' ')
			gap = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

// letters counts what a word can be made of.
func letters(s string) int {
	n := 0
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			n++
		}
	}
	return n
}
