package knowledge

import (
	"cmp"
	"context"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"openhouse.example/packages/db"
)

// Source is where a passage stands: in a version of a document, or in a published answer.
type Source struct {
	DocumentID, VersionID uuid.UUID // zero for a published answer
	FAQID                 uuid.UUID // zero for a document
	Number                int       // of the version
	Title                 string    // of the document, or the question that was answered
}

// Passage is what a search found.
type Passage struct {
	Source
	Heading string
	Page    int    // where the quote begins, as the file counts; 0 for a published answer
	Quote   string // what fits best in it, word by word
	Score   float64
}

// Answer is what the papers of a home say to a question.
type Answer struct {
	// Quotes are the answer, best first, at most three; none if the papers don't say.
	Quotes []Passage
	// Emergency is the kind of emergency that the question speaks of, "" for none: the card with the emergency
	// number comes first then, whatever else was found.
	Emergency string
	// Near are passages that have some of the question's words, for somebody who wants to look further; not an answer.
	Near []Passage
}

// Ask answers a question from the papers that a home sees, with quotes of them and nothing else. It is one statement,
// so one round trip, under the scope of q: a resident's, or that of staff who look at a home. A home that the scope
// doesn't show has no answers.
func Ask(ctx context.Context, q db.Querier, tenantID, unitID uuid.UUID, question string) (Answer, error) {
	answer := Answer{Emergency: Emergency(question)}
	in := takeApart(question)
	f, err := find(ctx, q, tenantID, unitID, in)
	if err != nil {
		return Answer{}, err
	}
	answer.Quotes, answer.Near = choose(weigh(f, in))
	return answer, nil
}

// Search is the passages that fit best, at most limit, whether or not they answer.
func Search(ctx context.Context, q db.Querier, tenantID, unitID uuid.UUID, question string, limit int) ([]Passage, error) {
	in := takeApart(question)
	f, err := find(ctx, q, tenantID, unitID, in)
	if err != nil {
		return nil, err
	}
	var out []Passage
	for _, w := range weigh(f, in) {
		if len(out) == limit {
			break
		}
		out = append(out, w.Passage)
	}
	return out, nil
}

// Tuned on the tuning half of the bench, see docs/decisions/0021-answers-are-quotes.md.
const (
	answerCover = 0.67 // how much of the question a passage has to speak of
	answerClose = 0.58 // how much of it in the quoted sentences, with their heading
	aboutBonus  = 0.06 // for a passage whose headings speak of the whole question: it is about that
	besideBest  = 0.85 // of the best one's score, for a second quote
	mostQuotes  = 3
	quoteLength = 400 // letters, unless one sentence is longer
)

// weighed is a passage with how much of the question it covers.
type weighed struct {
	Passage
	cover, near float64
	subject     bool // a thing that was asked for is in it, not only words that say little
}

// weigh looks at each candidate more closely: how much of the question is in it, and how close together.
func weigh(f found, in inquiry) []weighed {
	weights := rarity(f, in)
	var all []weighed
	for _, c := range f.candidates {
		w := weighed{Passage: Passage{Source: c.source, Heading: c.heading}}
		total := 0.0
		for i, weight := range weights {
			total += weight
			switch {
			case c.here[i] > 0:
				w.cover += weight * c.here[i]
				w.subject = w.subject || in.concepts[i].weight == 1
			case c.inTitle[i]:
				w.cover += weight * 0.9
			}
		}
		if total == 0 {
			continue
		}
		w.cover /= total
		s := bestSpan(c, f, in, weights)
		w.near = s.cover / total
		w.Quote, w.Page = s.quote, s.page
		w.Score = (0.45*w.cover + 0.55*w.near) * boost(c.tier) * (1 + 0.02*math.Log1p(c.score)) * (1 + s.bonus)
		all = append(all, w)
	}
	slices.SortStableFunc(all, func(a, b weighed) int { return cmp.Compare(b.Score, a.Score) })
	return all
}

func boost(tier int) float64 { return []float64{unitBoost, houseTypeBoost, mustReadBoost, 1}[tier] }

// rarity is how much each concept counts: what many passages speak of says little, what none speaks of says that the
// answer is not here, unless it is a slip of the pen.
func rarity(f found, in inquiry) []float64 {
	weights := make([]float64, len(in.concepts))
	for i, c := range in.concepts {
		n := 0
		if i < len(f.passages) {
			n = f.passages[i]
		}
		weights[i] = c.weight * (0.6 + math.Log(1+(float64(f.total-n)+0.5)/(float64(n)+0.5))/math.Log(2+2*float64(max(f.total, 1))))
		if n == 0 && c.stumbled {
			weights[i] = 0
		}
	}
	return weights
}

// choose decides whether the best passages answer, and which are quoted.
func choose(all []weighed) (quotes, near []Passage) {
	seen := map[string]bool{}
	for _, w := range all {
		if seen[w.Quote] {
			continue
		}
		answers := w.subject && w.cover >= answerCover && w.near >= answerClose
		switch {
		case answers && len(quotes) < mostQuotes && (len(quotes) == 0 && len(near) == 0 || len(quotes) > 0 && w.Score >= quotes[0].Score*besideBest):
			quotes = append(quotes, w.Passage)
		case len(near) < mostQuotes:
			near = append(near, w.Passage)
		}
		seen[w.Quote] = true
	}
	return quotes, near
}

// span is the part of a passage that fits best.
type span struct {
	cover, bonus float64 // bonus is a share of the score
	quote        string
	page         int
}

// part is a sentence or a row, with the page it begins on.
type part struct {
	text  string
	page  int
	stems []string
}

// parts takes a passage's body apart.
func parts(c candidate) []part {
	page := c.pageFrom
	var out []part
	for _, s := range sentences(c.body) {
		trimmed := strings.TrimLeft(s, string(pageBreak)+" \n")
		page += strings.Count(s[:len(s)-len(trimmed)], string(pageBreak))
		p := part{text: strings.ReplaceAll(trimmed, string(pageBreak), " "), page: page, stems: wordsOf(trimmed, c.language)}
		page += strings.Count(trimmed, string(pageBreak))
		out = append(out, p)
	}
	return out
}

var (
	hasFigure  = regexp.MustCompile(`\d`)
	hasTime    = regexp.MustCompile(`(?i)\d|monday|tuesday|wednesday|thursday|friday|saturday|sunday|daily|weekly|fortnight|month|year|annual`)
	hasContact = regexp.MustCompile(`@|\+?\d[\d ]{5,}\d`)
)

// bestSpan is the sentences that speak of most of the question, with their neighbours as far as a quote goes.
func bestSpan(c candidate, f found, in inquiry, weights []float64) span {
	all := parts(c)
	if len(all) == 0 {
		return span{}
	}
	spoken := make([]map[int]float64, len(all))
	for i, p := range all {
		spoken[i] = conceptsIn(p.stems, c.language, f, in)
	}
	above := conceptsIn(wordsOf(c.heading, c.language), c.language, f, in)
	for n := range c.inTitle {
		above[n] = max(above[n], 1)
	}
	fromAbove := 0.8
	if c.source.FAQID != uuid.Nil { // the heading is what was asked
		fromAbove = 1
	}
	value := func(from, to int) float64 {
		sum := 0.0
		for n, weight := range weights {
			direct := 0.0
			for i := from; i < to; i++ {
				direct = max(direct, spoken[i][n])
			}
			sum += weight * max(direct, above[n]*fromAbove)
		}
		return sum
	}
	from, to := 0, 1
	best := -1.0
	for i := range all {
		length := 0
		density := 0.0
		for j := i; j < len(all); j++ {
			if length += len(all[j].text) + 1; j > i && length > quoteLength {
				break
			}
			one := value(j, j+1)
			if fits(all[j].text, in) {
				one *= 1.06
			}
			density = max(density, one)
			// Of the spans that speak of as much, the one with the best sentence in it, and of those the shortest.
			if v := value(i, j+1) + 0.3*density - 0.0001*float64(j-i); v > best {
				best, from, to = v, i, j+1
			}
		}
	}
	from, to = widen(all, from, to)
	s := span{cover: value(from, to), page: all[from].page}
	var quote []string
	for _, p := range all[from:to] {
		quote = append(quote, p.text)
	}
	s.quote = strings.Join(quote, " ")
	total := 0.0
	for n, weight := range weights {
		total += weight
		s.bonus += weight * min(1, above[n]) * aboutBonus
	}
	s.bonus /= max(total, 0.001)
	if fits(s.quote, in) {
		s.bonus += 0.04
	}
	return s
}

// widen adds the neighbours of a span as far as a quote goes, first what follows.
func widen(all []part, from, to int) (int, int) {
	length := 0
	for _, p := range all[from:to] {
		length += len(p.text) + 1
	}
	for grew := true; grew; {
		grew = false
		if to < len(all) && length+len(all[to].text) <= quoteLength {
			length += len(all[to].text) + 1
			to++
			grew = true
		}
		if from > 0 && length+len(all[from-1].text) <= quoteLength {
			from--
			length += len(all[from].text) + 1
			grew = true
		}
	}
	return from, to
}

// fits says whether a text has the kind of thing that the question asks for, if it asks for one.
func fits(text string, in inquiry) bool {
	return in.asks["figure"] && hasFigure.MatchString(text) || in.asks["time"] && hasTime.MatchString(text) || in.asks["contact"] && hasContact.MatchString(text)
}

// conceptsIn is which concepts a text speaks of: 1 as they were asked for, less by another name.
func conceptsIn(stems []string, language string, f found, in inquiry) map[int]float64 {
	got := map[int]float64{}
	for n, c := range in.concepts {
		switch {
		case contains(stems, c.said, language):
			got[n] = 1
		case slices.ContainsFunc(c.also, func(s string) bool { return contains(stems, s, language) }):
			got[n] = 0.85
		case n < len(f.meant) && f.meant[n] != "" && slices.Contains(stems, f.meant[n]):
			got[n] = 0.8
		}
	}
	return got
}

// wordsOf is a text's words as they are compared: stems, or in a language without a stemmer whole words, of which the
// beginning is looked at.
func wordsOf(text, language string) []string {
	if language != "en" {
		return tokens(text)
	}
	return stemsOf(text)
}

// contains says whether a phrase stands in a text, word by word.
func contains(stems []string, phrase, language string) bool {
	want := stemsOf(phrase)
	if len(want) == 0 {
		return false
	}
	if language != "en" {
		for i, w := range tokens(phrase) {
			want[i] = strings.TrimSuffix(strings.Trim(loose(w), "'"), "':*")
		}
	}
	for i := 0; i+len(want) <= len(stems); i++ {
		same := true
		for j, w := range want {
			same = same && (stems[i+j] == w || language != "en" && strings.HasPrefix(stems[i+j], w))
		}
		if same {
			return true
		}
	}
	return false
}
