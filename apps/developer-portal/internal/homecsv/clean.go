package homecsv

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"openhouse.example/packages/web/csvfile"
)

// clean is the text of a cell: composed letters, every run of white space
// (no-break spaces and line ends too) one space, none at the ends, no
// zero-width or direction marks, and without the marks that keep a spreadsheet
// from calculating it (a leading apostrophe, ="…"). The code says what can't
// be cleaned away: CodeControl or CodeLost, else "".
func clean(s string) (string, Code) {
	if isPlain(s) {
		return s, ""
	}
	var code Code
	var b strings.Builder
	gap := false
	for _, r := range norm.NFC.String(s) {
		switch {
		case unicode.IsSpace(r):
			gap = b.Len() > 0
			continue
		case isMark(r):
			continue
		case r == utf8.RuneError:
			code = CodeLost
		case unicode.IsControl(r):
			code = CodeControl
		}
		if gap {
			b.WriteByte(' ')
			gap = false
		}
		b.WriteRune(r)
	}
	return unprotect(b.String()), code
}

// isPlain is the quick answer for most cells: printable ASCII, single spaces,
// nothing to strip.
func isPlain(s string) bool {
	last := byte(' ')
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c > '~' || c == ' ' && last == ' ' {
			return false
		}
		last = c
	}
	return s == "" || last != ' ' && s[0] != '\'' && s[0] != '='
}

// isMark lists what is invisible and has no place in a value. The joiners that
// some scripts need inside words are not among them.
func isMark(r rune) bool {
	switch {
	case r == 0x00AD, r == 0x200B, r == 0x200E, r == 0x200F, r == 0x2060, r == 0xFEFF,
		r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069:
		return true
	}
	return false
}

// unprotect undoes what csvfile.Defuse and spreadsheets do against formulas. An
// apostrophe before a letter is part of a name.
func unprotect(s string) string {
	if rest, ok := strings.CutPrefix(s, "'"); ok && rest != "" {
		if r, _ := utf8.DecodeRuneInString(rest); csvfile.Triggers(r) || r == ' ' || r >= '0' && r <= '9' {
			s = strings.TrimLeft(rest, " ")
		}
	}
	if len(s) >= 3 && strings.HasPrefix(s, `="`) && strings.HasSuffix(s, `"`) {
		s = strings.TrimSpace(s[2 : len(s)-1])
	}
	return s
}
