package portal

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"openhouse.example/apps/developer-portal/internal/pages"
)

const (
	// nearAddress is how many letters may differ before an address is another one rather than a mistyped one.
	nearAddress = 3
	// mostCompared bounds what comparing two texts costs; longer ones are another one.
	mostCompared = 254
)

// likenessOf compares what somebody says about themself with what the company has on record about the buyer. It is a
// hint for whoever decides, not a proof.
func likenessOf(name, email, buyerName, buyerEmail string) *pages.Likeness {
	l := &pages.Likeness{BuyerName: buyerName, BuyerEmail: buyerEmail, Email: pages.Unknown, Name: pages.Unknown}
	if buyerEmail != "" {
		l.Email = pages.Another
		switch n := distance(email, buyerEmail); {
		case n == 0:
			l.Email = pages.Same
		case n <= nearAddress && 2*n < len([]rune(buyerEmail)):
			l.Email, l.Letters = pages.Near, n
		}
	}
	if one, two := plainName(name), plainName(buyerName); len(one) > 0 && len(two) > 0 {
		l.Name = pages.Another
		switch {
		case slices.Equal(slices.Sorted(slices.Values(one)), slices.Sorted(slices.Values(two))):
			l.Name = pages.Same
		case one[len(one)-1] == two[len(two)-1]:
			l.Name = pages.Near
		}
	}
	return l
}

// plainName is a name's words as people compare them: without accents, case and marks.
func plainName(name string) []string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(name)) {
		switch {
		case unicode.Is(unicode.Mn, r), r == '\'', r == '’', r == '.': // an accent of the letter before, O'Brien, J. Murphy
		case unicode.IsLetter(r), unicode.IsDigit(r):
			b.WriteRune(r)
		default:
			b.WriteByte(' ')
		}
	}
	return strings.Fields(b.String())
}

// distance is how many letters have to be put in, taken out, exchanged or swapped with their neighbour to make one text
// the other.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > mostCompared || len(y) > mostCompared {
		if a == b {
			return 0
		}
		return max(len(x), len(y))
	}
	before, row := make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(x); i++ {
		next := make([]int, len(y)+1)
		next[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(y)]
}
