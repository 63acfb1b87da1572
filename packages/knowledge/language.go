package knowledge

import "strings"

// The most common words that only one of the languages has.
var commonWords = map[string][]string{
	"en": {"the", "and", "of", "is", "to", "your", "for", "with", "are", "this", "when", "not", "you", "from", "be", "if"},
	"pl": {"w", "z", "nie", "się", "jest", "oraz", "dla", "przy", "lub", "należy", "który", "jeśli", "po", "przez", "od", "są"},
	"ga": {"agus", "an", "na", "ar", "tá", "ní", "go", "le", "bhfuil", "seo", "chun", "sa", "más", "atá", "nó", "don"},
}

// languageOf is the language that most of the common words belong to; English if it can't be told.
func languageOf(blocks []block) string {
	of := map[string]string{}
	for lang, words := range commonWords {
		for _, w := range words {
			of[w] = lang
		}
	}
	counts := map[string]int{}
	seen := 0
	for _, b := range blocks {
		for w := range strings.FieldsSeq(strings.ToLower(b.text)) {
			if lang, ok := of[strings.Trim(w, ".,;:()")]; ok {
				counts[lang]++
				seen++
			}
		}
		if seen > 2000 {
			break
		}
	}
	best := "en"
	for _, lang := range []string{"pl", "ga"} {
		if counts[lang] > counts[best] {
			best = lang
		}
	}
	return best
}
