package knowledge

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

var (
	//go:embed synonyms.txt
	synonymsFile string
	//go:embed questionwords.txt
	questionWordsFile string
)

// lexicon is what is known of the words of questions.
type lexicon struct {
	// entries are the words and phrases of the synonyms file, by the stem of their first word.
	entries map[string][]entry
	words   map[string]string   // every word of it with its stem, for mistyped ones
	known   map[string]bool     // these stems
	stop    map[string]bool     // words that say nothing
	light   map[string]bool     // stems of words that say little
	asks    map[string][]string // kinds of answers, and how they are asked for
}

// entry is one way to say a thing: its stems, and the other ways.
type entry struct {
	stems []string
	also  []string
}

var readLexicon = sync.OnceValue(func() *lexicon {
	l := &lexicon{entries: map[string][]entry{}, words: map[string]string{}, known: map[string]bool{}, stop: map[string]bool{}, light: map[string]bool{}, asks: map[string][]string{}}
	for line := range lines(synonymsFile) {
		from, to, oneWay := strings.Cut(line, ">")
		said := list(from)
		meant := said
		if oneWay {
			meant = slices.Concat(said, list(to))
			for _, w := range list(to) {
				l.learn(w, nil)
			}
		}
		for _, s := range said {
			l.learn(s, slices.DeleteFunc(slices.Clone(meant), func(m string) bool { return m == s }))
		}
	}
	for line := range lines(questionWordsFile) {
		name, rest, _ := strings.Cut(line, ":")
		switch name {
		case "stop":
			for w := range strings.FieldsSeq(rest) {
				l.stop[fold(w)] = true
			}
		case "light":
			for w := range strings.FieldsSeq(rest) {
				l.light[stem(w)] = true
			}
		default:
			for _, phrase := range strings.Split(rest, "|") {
				l.asks[name] = append(l.asks[name], strings.TrimSpace(phrase))
			}
		}
	}
	return l
})

func (l *lexicon) learn(said string, also []string) {
	stems := stemsOf(said)
	if len(stems) == 0 {
		return
	}
	for i, e := range l.entries[stems[0]] {
		if slices.Equal(e.stems, stems) {
			for _, a := range also {
				if !slices.Contains(e.also, a) {
					l.entries[stems[0]][i].also = append(l.entries[stems[0]][i].also, a)
				}
			}
			return
		}
	}
	l.entries[stems[0]] = append(l.entries[stems[0]], entry{stems, also})
	for i, w := range tokens(said) {
		l.words[w] = stems[i]
		l.known[stems[i]] = true
	}
}

// find is the longest entry that begins a text's stems.
func (l *lexicon) find(stems []string) (entry, bool) {
	var best entry
	for _, e := range l.entries[stems[0]] {
		if len(e.stems) > len(best.stems) && len(e.stems) <= len(stems) && slices.Equal(e.stems, stems[:len(e.stems)]) {
			best = e
		}
	}
	return best, len(best.stems) > 0
}

// lines yields what a file of words says, without comments.
func lines(file string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for line := range strings.SplitSeq(file, "\n") {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") && !yield(line) {
				return
			}
		}
	}
}

func list(s string) []string {
	var out []string
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// fold is a word in small letters without accents, as the text search has it.
func fold(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(s)) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r == '’':
			b.WriteByte('\'')
		case r == 'ł':
			b.WriteByte('l')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// tokens are the words and numbers of a text.
func tokens(s string) []string {
	return strings.FieldsFunc(fold(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' })
}

func stemsOf(s string) []string {
	words := tokens(s)
	for i, w := range words {
		words[i] = stem(w)
	}
	return words
}
