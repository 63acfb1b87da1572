package homecsv

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Confidence says how a column came to its field.
type Confidence string

// From no field at all to the user's own choice.
const (
	ConfidenceNone    Confidence = ""        // no field
	ConfidenceSimilar Confidence = "similar" // a typing slip, a remark in brackets, a vague name with fitting values
	ConfidenceSynonym Confidence = "synonym" // another name for it
	ConfidenceExact   Confidence = "exact"   // the name of the field
	ConfidenceChosen  Confidence = "chosen"  // said by the caller
)

// ColumnGuess is one column of the file and what is taken from it.
type ColumnGuess struct {
	Index      int        `json:"index"`           // from 0, the key of Options.Mapping
	Header     string     `json:"header"`          // as written, trimmed
	Field      Field      `json:"field,omitempty"` // "" when the column isn't used
	Confidence Confidence `json:"confidence,omitempty"`
	// Rival is the field that the name means as well, but that another column has.
	Rival    Field    `json:"rival,omitempty"`
	Examples []string `json:"examples,omitempty"` // the first values, shortened
	// Own marks the columns that an error file of ours added; nothing is lost
	// by not using them.
	Own bool `json:"own,omitempty"`
}

// known is a name with its field and rank: 0 is the field's own name.
type known struct {
	field Field
	rank  int
}

var knownNames = func() map[string]known {
	m := map[string]known{}
	for _, s := range synonyms {
		for rank, name := range s.names {
			m[name] = known{s.field, rank}
		}
	}
	return m
}()

// normal is the form in which column names are compared: only letters and
// digits, lower case, no accents; # counts as "no".
func normal(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(s) {
		switch {
		case r == '#':
			b.WriteString("no")
		case unicode.IsLetter(r), unicode.IsDigit(r):
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// guessField is what a column name means, without a look at its values.
func guessField(header string) (Field, Confidence) {
	if len(header) > maxHeader {
		return "", ConfidenceNone
	}
	name := normal(header)
	if ignoredNames[name] {
		return "", ConfidenceNone
	}
	if k, ok := knownNames[name]; ok {
		if k.rank == 0 {
			return k.field, ConfidenceExact
		}
		return k.field, ConfidenceSynonym
	}
	if f, ok := weakSynonyms[name]; ok {
		return f, ConfidenceSimilar
	}
	if short := withoutRemark(header); short != "" {
		if k, ok := knownNames[short]; ok {
			return k.field, ConfidenceSimilar
		}
	}
	if f := slipOf(name); f != "" {
		return f, ConfidenceSimilar
	}
	return "", ConfidenceNone
}

// maxHeader is the longest text, in bytes, that is taken for a column name.
const maxHeader = 200

// withoutRemark drops a remark in brackets, as in "Handover (dd/mm/yyyy)".
// A remark that names another measure than ours is not a remark.
func withoutRemark(header string) string {
	open := strings.IndexAny(header, "([")
	if open <= 0 {
		return ""
	}
	remark := normal(header[open:])
	if strings.Contains(remark, "ft") || strings.Contains(remark, "feet") {
		return ""
	}
	return normal(header[:open])
}

// slipOf finds the one field with a name that differs from this one by a
// single letter added, dropped, changed or swapped.
func slipOf(name string) Field {
	if len(name) < 6 {
		return ""
	}
	var found Field
	for _, s := range synonyms {
		for _, other := range s.names {
			if len(other) < 6 || !oneSlip(name, other) {
				continue
			}
			if found != "" && found != s.field {
				return ""
			}
			found = s.field
		}
	}
	return found
}

// oneSlip never forgives a digit: address1 and address2 are not alike.
func oneSlip(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if i < len(b) && digit(b[i]) || i < len(a) && digit(a[i]) {
		return false
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	if i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] {
		return a[i+2:] == b[i+2:]
	}
	return i < len(a) && a[i+1:] == b[i+1:]
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// guessColumns gives each field to at most one column: the surest name wins,
// then the better synonym, then the first column.
func guessColumns(header []string, examples [][]string) []ColumnGuess {
	cols := make([]ColumnGuess, len(header))
	owner := map[Field]int{}
	for i, h := range header {
		h, _ = clean(h)
		h = shorten(h)
		cols[i] = ColumnGuess{Index: i, Header: h, Examples: examples[i], Own: ignoredNames[normal(h)]}
		f, c := guessField(h)
		if f == "" || c == ConfidenceSimilar && !plausible(f, examples[i]) {
			continue
		}
		cols[i].Field, cols[i].Confidence = f, c
		was, taken := owner[f]
		if !taken {
			owner[f] = i
			continue
		}
		loser := i
		if surer(cols[i], cols[was]) {
			owner[f], loser = i, was
		}
		cols[loser].Field, cols[loser].Confidence, cols[loser].Rival = "", ConfidenceNone, f
	}
	splitHouseType(cols, owner)
	return cols
}

// splitHouseType settles "House type" beside "Description": with no column for
// the code, the first is the code and the second the name.
func splitHouseType(cols []ColumnGuess, owner map[Field]int) {
	name, ok := owner[FieldHouseType]
	if _, hasCode := owner[FieldHouseTypeCode]; hasCode || !ok || normal(cols[name].Header) != "housetype" {
		return
	}
	for i := range cols {
		if cols[i].Rival == FieldHouseType && normal(cols[i].Header) != "housetype" {
			cols[name].Field, cols[name].Confidence = FieldHouseTypeCode, ConfidenceSynonym
			cols[i].Field, cols[i].Confidence, cols[i].Rival = FieldHouseType, ConfidenceSynonym, ""
			return
		}
	}
}

func surer(a, b ColumnGuess) bool {
	weight := map[Confidence]int{ConfidenceSimilar: 1, ConfidenceSynonym: 2, ConfidenceExact: 3}
	if weight[a.Confidence] != weight[b.Confidence] {
		return weight[a.Confidence] > weight[b.Confidence]
	}
	return knownNames[normal(a.Header)].rank < knownNames[normal(b.Header)].rank
}

// plausible asks whether the values below an uncertain name fit the field. A
// column without values keeps its guess.
func plausible(f Field, examples []string) bool {
	if len(examples) == 0 {
		return true
	}
	var h Home
	for _, e := range examples {
		if code, _ := setField(&h, f, e, DayFirst); code != CodeBadDate && code != CodeBadNumber {
			return true
		}
	}
	return false
}
