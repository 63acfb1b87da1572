package knowledge

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// What of a question is looked at.
const (
	maxQuestion = 1000 // letters
	maxConcepts = 12
	lightWeight = 0.3 // of a word that says little, beside 1
)

// concept is one thing that a question is about: how it was said, and how else it could be.
type concept struct {
	said     string   // a word or a phrase, folded
	also     []string // other ways to say it
	weight   float64
	stumbled bool // perhaps a mistyped word that says nothing
}

// inquiry is a question taken apart.
type inquiry struct {
	concepts []concept
	asks     map[string]bool // kinds of answer: figure, time, contact
}

// takeApart finds what a question is about.
func takeApart(question string) inquiry {
	lex := readLexicon()
	if runes := []rune(question); len(runes) > maxQuestion {
		question = string(runes[:maxQuestion])
	}
	words := tokens(question)
	meant, stems := make([]string, len(words)), make([]string, len(words))
	for i, w := range words {
		meant[i] = lex.nearest(w)
		stems[i] = stem(meant[i])
	}
	in := inquiry{asks: map[string]bool{}}
	spaced := " " + strings.Join(words, " ") + " "
	for name, phrases := range lex.asks {
		in.asks[name] = slices.ContainsFunc(phrases, func(p string) bool { return strings.Contains(spaced, " "+p+" ") })
	}
	seen := map[string]bool{}
	for i := 0; i < len(words) && len(in.concepts) < maxConcepts; {
		c, used := lex.concept(words[i:], meant[i:], stems[i:])
		key := strings.Join(stems[i:i+used], " ")
		i += used
		if c.said != "" && !seen[key] {
			seen[key] = true
			in.concepts = append(in.concepts, c)
		}
	}
	return in
}

// concept is what a question says next, and in how many words; one without words if that says nothing. meant are the
// words with slips of the pen mended, stems are theirs.
func (l *lexicon) concept(words, meant, stems []string) (concept, int) {
	e, known := l.find(stems)
	if n := len(e.stems); n > 1 {
		return concept{said: strings.Join(meant[:n], " "), also: e.also, weight: 1}, n
	}
	w := words[0]
	switch {
	case l.stop[w] || letters(w) == 0 || utf8.RuneCountInString(w) == 1 && (w[0] < '0' || w[0] > '9'):
		return concept{}, 1
	case l.light[stem(w)]:
		return concept{said: w, also: e.also, weight: lightWeight}, 1
	}
	c := concept{said: w, weight: 1}
	if known {
		c.also = e.also
	}
	if meant[0] != w {
		c.also = append([]string{meant[0]}, c.also...)
	} else if !known {
		c.stumbled = l.nearStop(w)
	}
	return c, 1
}

// nearest is the word of the synonyms file that w is most likely meant to be; w itself, if it is a known word or none
// is near.
func (l *lexicon) nearest(w string) string {
	n := utf8.RuneCountInString(w)
	if s := stem(w); n < 5 || l.known[s] || l.stop[w] || l.light[s] {
		return w
	}
	best, distance := w, 2
	if n >= 8 {
		distance = 3
	}
	for _, known := range slices.Sorted(maps.Keys(l.words)) {
		if utf8.RuneCountInString(known) < 5 || known[0] != w[0] {
			continue
		}
		if d := edits(w, known, distance); d < distance {
			best, distance = known, d
		}
	}
	return best
}

// nearStop says whether w may be a mistyped word that says nothing.
func (l *lexicon) nearStop(w string) bool {
	if utf8.RuneCountInString(w) < 3 {
		return false
	}
	for known := range l.stop {
		if len(known) >= 3 && known[0] == w[0] && edits(w, known, 2) < 2 {
			return true
		}
	}
	return false
}

// edits is how many letters have to be changed, added, left out or swapped with their neighbour to make b of a; most,
// if it is as many or more.
func edits(a, b string, most int) int {
	x, y := []rune(a), []rune(b)
	if d := len(x) - len(y); d >= most || -d >= most {
		return most
	}
	before, last, now := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		now[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			now[j] = min(last[j]+1, now[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				now[j] = min(now[j], before[j-2]+1)
			}
		}
		before, last, now = last, now, before
	}
	return min(last[len(y)], most)
}
