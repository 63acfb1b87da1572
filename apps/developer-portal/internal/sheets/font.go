package sheets

import (
	"fmt"
	"strings"
	"sync"
	"unicode"

	"github.com/go-fonts/dejavu/dejavusans"
	"github.com/go-fonts/dejavu/dejavusansbold"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/unicode/norm"
)

// The sheets are set in DejaVu Sans (free licence, see LICENSE-DejaVu of its module): every Latin, Greek, Cyrillic,
// Armenian, Georgian and Hebrew letter that names can have. It travels in the program, so that a sheet looks the same
// wherever it is made.
const fontFamily = "DejaVu"

func fontFile(bold bool) []byte {
	if bold {
		return dejavusansbold.TTF
	}
	return dejavusans.TTF
}

// missing stands for a letter that can't be printed: one that the font lacks, or whose form depends on its
// neighbours, which nobody here arranges.
const missing = '□'

var coverage = sync.OnceValues(func() (*sfnt.Font, error) { return sfnt.Parse(dejavusansbold.TTF) })

// arranged are scripts whose letters are joined or reordered when they are written.
var arranged = []*unicode.RangeTable{
	unicode.Arabic, unicode.Syriac, unicode.Nko, unicode.Mongolian, unicode.Devanagari, unicode.Bengali, unicode.Tamil,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tibetan,
}

// lacks reports whether a letter can't be printed. The bold font is the smaller one.
func lacks(font *sfnt.Font, r rune) bool {
	if r > 0xFFFF || unicode.In(r, arranged...) { // the PDF library knows letters of the basic plane only
		return true
	}
	glyph, err := font.GlyphIndex(nil, r)
	return err != nil || glyph == 0
}

// Unprintable is the letters of a text that will be printed as a box, each once; "" if there are none.
func Unprintable(s string) (string, error) {
	font, err := coverage()
	if err != nil {
		return "", fmt.Errorf("sheets: read the font: %w", err)
	}
	var found strings.Builder
	for _, r := range tidy(s) {
		if lacks(font, r) && !strings.ContainsRune(found.String(), r) {
			found.WriteRune(r)
		}
	}
	return found.String(), nil
}

// tidy makes one line of a text: no control characters, none that change the direction of others, single blanks,
// accents joined to their letters.
func tidy(s string) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Variation_Selector, r):
			return -1
		}
		return r
	}, norm.NFC.String(strings.ToValidUTF8(s, string(missing))))
	return strings.Join(strings.Fields(clean), " ")
}

// printable is a text as it can be printed.
func printable(font *sfnt.Font, s string) string {
	return strings.Map(func(r rune) rune {
		if lacks(font, r) {
			return missing
		}
		return r
	}, tidy(s))
}
