package portal

import (
	_ "embed"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"openhouse.example/packages/platform"
	"openhouse.example/packages/ui/text"
)

// commonWords are what the passwords that people choose most are made of, one a line, in the form of bare.
//
//go:embed commonwords.txt
var commonWords string

var common = func() map[string]bool {
	words := map[string]bool{}
	for word := range strings.Lines(commonWords) {
		words[strings.TrimSpace(word)] = true
	}
	return words
}()

const (
	mostPasswordRunes = 256
	tellingRunes      = 4 // a shorter address or name is in many words by chance
	runRunes          = 6 // shorter ones are in many words by chance
	unitRunes         = 4 // as long a piece, over and over, is no more than the piece
	wordsInARow       = 3 // as many common words are what lists of guesses have
)

// newPassword checks what somebody chooses for the account email of company. What is wrong is said at its field, the
// first thing only.
func (in input) newPassword(field, password, email, company string) {
	local, _, _ := strings.Cut(email, "@")
	switch length := utf8.RuneCountInString(password); {
	case password == "":
		in.Require(field)
	case length < platform.MinPasswordRunes:
		in.Fail(field, text.M("password.too-short", platform.MinPasswordRunes))
	case length > mostPasswordRunes:
		in.Fail(field, text.M("password.too-long", mostPasswordRunes))
	case isCommon(password):
		in.Fail(field, text.M("password.common"))
	case tells(password, local):
		in.Fail(field, text.M("password.has-address"))
	case tells(password, company), tells(password, withoutForm(company)):
		in.Fail(field, text.M("password.has-company"))
	}
}

// bare is what stays of a text when it is read as one reads aloud: letters and digits, small, without accents.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, norm.NFKD.String(s))
}

// asLetters puts letters for the digits and signs that people put for letters.
var asLetters = strings.NewReplacer("0", "o", "1", "l", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s")

// isCommon says whether a password is made of common words, with digits or signs before and behind, is one piece over
// and over, or goes along the keys.
func isCommon(password string) bool {
	whole := bare(password)
	if whole == "" { // signs only
		whole = password
	}
	core := strings.TrimFunc(password, func(r rune) bool { return !unicode.IsLetter(r) })
	plain, read := bare(core), bare(asLetters.Replace(core))
	return isRepeated(whole) || isRun(whole) || isRun(plain) || isRepeated(plain) ||
		isOfWords(plain, wordsInARow) || isOfWords(read, wordsInARow)
}

// isOfWords says whether a text is common words, at most most of them, and nothing else.
func isOfWords(s string, most int) bool {
	for end := range s {
		if end > 0 && most > 1 && common[s[:end]] && isOfWords(s[end:], most-1) {
			return true
		}
	}
	return common[s]
}

// isRepeated says whether a text is the same few characters over and over.
func isRepeated(s string) bool {
	runes := []rune(s)
	for size := 1; size <= unitRunes && 2*size <= len(runes); size++ {
		if slices.Equal(runes[size:], runes[:len(runes)-size]) {
			return true
		}
	}
	return false
}

// runs are the orders that fingers and children know.
var runs = []string{
	"abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm",
	"azertyuiopqsdfghjklmwxcvbn", "1qaz2wsx3edc4rfv5tgb6yhn7ujm", "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0",
}

// isRun says whether a text goes along one of the runs, forwards or backwards.
func isRun(s string) bool {
	if len(s) < runRunes {
		return false
	}
	back := []rune(s)
	slices.Reverse(back)
	return slices.ContainsFunc(runs, func(run string) bool {
		return strings.Contains(run, s) || strings.Contains(run, string(back))
	})
}

// legalForms are what stands behind a company's name and nobody says.
var legalForms = []string{"limited", "ltd", "plc", "llc", "inc", "dac", "gmbh", "spzoo"}

// withoutForm is a company's name without its legal form.
func withoutForm(company string) string {
	name := bare(company)
	for _, form := range legalForms {
		name = strings.TrimSuffix(name, form)
	}
	return name
}

// tells says whether a password has a name in it, however it is written.
func tells(password, name string) bool {
	name = bare(name)
	return utf8.RuneCountInString(name) >= tellingRunes && strings.Contains(bare(password), name)
}
