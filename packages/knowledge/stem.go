package knowledge

import (
	"strings"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/english"
)

// stem is a word as the text search of Postgres stores it in English: the same algorithm.
func stem(word string) string {
	env := snowballstem.NewEnv(strings.Trim(fold(word), "'"))
	english.Stem(env)
	return env.Current()
}

// loose is how a word is looked for in languages without a stemmer: by its beginning. Polish endings are at most
// three letters, as a rule.
func loose(word string) string {
	runes := []rune(fold(word))
	n := len(runes)
	switch {
	case n >= 8:
		n -= 3
	case n >= 6:
		n -= 2
	case n >= 4:
		n--
	}
	return "'" + strings.ReplaceAll(strings.ReplaceAll(string(runes[:n]), `\`, `\\`), "'", "''") + "':*"
}
