package homecsv

import "strings"

// delimiters that are tried; at a draw the earlier one wins.
var delimiters = []byte{',', ';', '\t', '|'}

// sniffedRecords is how many records decide on the delimiter.
const sniffedRecords = 25

// headerSearch is how many records at the top may be titles or notes above the
// column names.
const headerSearch = 10

// sniffDelimiter reads the top of the text with each delimiter and takes the
// one whose column names are best understood, then the one whose records are
// most alike. Reading, not counting characters, makes it safe against
// delimiters inside quotes. A text that no delimiter splits has one column.
func sniffDelimiter(text string) byte {
	best, bestScore := delimiters[0], [3]int{}
	for _, d := range delimiters {
		recs := headOf(text, d, sniffedRecords)
		if len(recs) == 0 {
			continue
		}
		at, known := findHeader(recs)
		width := recs[at].count
		if width < 2 {
			continue
		}
		alike := 0
		for _, r := range recs {
			if r.count == width && r.quote == 0 {
				alike++
			}
		}
		score := [3]int{known, alike, width}
		if less(bestScore, score) {
			best, bestScore = d, score
		}
	}
	return best
}

func less(a, b [3]int) bool {
	for i := range a {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return false
}

// headOf is the first n records that are not blank.
func headOf(text string, delim byte, n int) []record {
	var out []record
	for r := newRecords(text, delim); len(out) < n; {
		rec, ok := r.next()
		if !ok {
			break
		}
		if !rec.blank() {
			out = append(out, rec)
		}
	}
	return out
}

// findHeader picks the record that names the columns: the one among the first
// few with the most known names, else the first. One known name may be chance.
// It reports how many names were known.
func findHeader(recs []record) (at, known int) {
	for i, r := range recs[:min(len(recs), headerSearch)] {
		n := 0
		for _, c := range r.cells[:min(len(r.cells), MaxColumns)] {
			if f, _ := guessField(c); f != "" {
				n++
			}
		}
		if n > known && (i == 0 || n > 1) {
			at, known = i, n
		}
	}
	return at, known
}

// separatorLine understands the line "sep=;" that some programs write at the
// top for Excel, and returns 0 when there is none.
func separatorLine(text string) byte {
	line, _, _ := strings.Cut(text, "\n")
	line = strings.Trim(strings.TrimRight(line, "\r"), `"`)
	if len(line) == 5 && strings.EqualFold(line[:4], "sep=") && strings.IndexByte(string(delimiters), line[4]) >= 0 {
		return line[4]
	}
	return 0
}
