package knowledge

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Sizes of passages. On the bench 80 to 220 wanted words, and an overlap of 0 to 50, do the same, because its sections are
// short; 50 words do worse. See docs/decisions/0021-answers-are-quotes.md.
const (
	wantWords = 110 // a passage that has as many is closed at the next block
	mostWords = 220 // a longer block is cut between sentences
	overlap   = 25  // at most so many words of the end are said again at the beginning of the next passage
)

// passage is what one row of document_chunks holds.
type passage struct {
	title              string // the headings above it
	body               string // lines of blocks, with a pageBreak wherever the page changes
	pageFrom, pageTo   int
	words              int
	tail               block // the end, for the next passage
	lastPage, contents int
}

// passages cuts a document: never across a heading, in whole blocks where they fit, each with the headings above it.
func passages(blocks []block) []passage {
	var out []passage
	var open passage
	var stack []block // headings above
	closeIt := func() {
		if open.contents > 0 {
			open.pageTo = open.lastPage
			out = append(out, open)
		}
	}
	for _, b := range split(blocks) {
		if b.kind == heading {
			closeIt()
			open = passage{}
			stack = under(stack, b)
			continue
		}
		if open.contents > 0 && open.words+count(b.text) > wantWords && open.words > wantWords/3 || open.words > wantWords {
			closeIt()
			tail := open.tail
			open = passage{}
			if tail.text != "" && count(tail.text) <= overlap {
				open.add(tail)
				open.contents = 0
			}
		}
		open.title = path(stack)
		open.add(b)
	}
	closeIt()
	if len(out) == 0 { // nothing but headings
		for _, b := range blocks {
			p := passage{}
			p.add(b)
			p.pageTo = p.lastPage
			out = append(out, p)
		}
	}
	return out
}

func (p *passage) add(b block) {
	if p.body == "" {
		p.pageFrom, p.lastPage = b.page, b.page
	} else {
		p.body += "\n"
	}
	for ; p.lastPage < b.page; p.lastPage++ {
		p.body += string(pageBreak)
	}
	p.body += b.text
	p.lastPage += strings.Count(b.text, string(pageBreak))
	p.words += count(b.text)
	p.contents++
	p.tail = block{kind: b.kind, page: p.lastPage, text: b.text}
	if parts := sentences(b.text); len(parts) > 1 {
		p.tail.text = strings.TrimLeft(parts[len(parts)-1], string(pageBreak))
	}
	if strings.ContainsRune(p.tail.text, pageBreak) {
		p.tail.text = "" // it stands on two pages
	}
}

// under is the headings above what follows b.
func under(stack []block, b block) []block {
	for len(stack) > 0 && stack[len(stack)-1].level >= b.level {
		stack = stack[:len(stack)-1]
	}
	return append(stack[:len(stack):len(stack)], b)
}

// path is the last two headings.
func path(stack []block) string {
	var parts []string
	for _, b := range stack[max(0, len(stack)-2):] {
		parts = append(parts, strings.ReplaceAll(b.text, string(pageBreak), " "))
	}
	return strings.Join(parts, " › ")
}

func count(s string) int { return len(strings.Fields(s)) }

// split cuts blocks that are too long between sentences, and what has none between words.
func split(blocks []block) []block {
	var out []block
	for _, b := range blocks {
		if count(b.text) <= mostWords {
			out = append(out, b)
			continue
		}
		piece := block{kind: b.kind, page: b.page}
		page := b.page
		flush := func() {
			if strings.TrimSpace(piece.text) != "" {
				out = append(out, piece)
			}
		}
		for _, s := range sentences(b.text) {
			for _, part := range cut(s) {
				if piece.text != "" && count(piece.text)+count(part) > wantWords {
					flush()
					piece = block{kind: b.kind, page: page}
				}
				if piece.text == "" {
					trimmed := strings.TrimLeft(part, string(pageBreak))
					page += len(part) - len(trimmed)
					piece.page, part = page, trimmed
				} else if !strings.HasPrefix(part, string(pageBreak)) {
					piece.text += " "
				}
				piece.text += part
				page += strings.Count(part, string(pageBreak))
			}
		}
		flush()
	}
	return out
}

// cut divides what is longer than a passage between words, and a word that is longer than any between letters.
func cut(s string) []string {
	if count(s) <= mostWords && len(s) <= 8*1024 {
		return []string{s}
	}
	var out []string
	var b strings.Builder
	n := 0
	for w := range strings.SplitSeq(s, " ") {
		for len(w) > 1024 {
			at := 1024
			for !utf8.RuneStart(w[at]) {
				at--
			}
			out = append(out, w[:at])
			w = w[at:]
		}
		if n == wantWords {
			out = append(out, b.String())
			b.Reset()
			n = 0
		}
		if n > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w)
		n++
	}
	return append(out, b.String())
}

// sentences cuts a text behind full stops, question and exclamation marks, and at line ends. A number's point and
// the short forms of everyday writing are no end. A pageBreak begins the sentence that follows it, or stands in the
// middle of one.
func sentences(s string) []string {
	var out []string
	begin := 0
	runes := []rune(s)
	for i, r := range runes {
		ends := r == '\n'
		if (r == '.' || r == '!' || r == '?') && i+1 < len(runes) && (runes[i+1] == ' ' || runes[i+1] == pageBreak) {
			next := i + 2
			for next < len(runes) && (unicode.IsSpace(runes[next]) || runes[next] == '(' || runes[next] == '“' || runes[next] == '"') {
				next++
			}
			ends = next < len(runes) && !unicode.IsLower(runes[next]) && !isShortForm(runes[begin:i+1])
		}
		if ends {
			if part := strings.Trim(string(runes[begin:i+1]), " \n"); part != "" {
				out = append(out, part)
			}
			begin = i + 1
		}
	}
	if part := strings.Trim(string(runes[begin:]), " \n"); part != "" {
		out = append(out, part)
	}
	return out
}

var shortForms = map[string]bool{"e.g.": true, "i.e.": true, "no.": true, "nos.": true, "approx.": true, "max.": true, "min.": true, "tel.": true, "st.": true, "mr.": true, "mrs.": true, "ms.": true, "dr.": true, "fig.": true, "np.": true, "ul.": true, "tj.": true, "m.in.": true}

func isShortForm(runes []rune) bool {
	fields := strings.Fields(strings.ToLower(string(runes)))
	if len(fields) == 0 {
		return false
	}
	last := strings.TrimLeft(fields[len(fields)-1], "(“\"")
	return shortForms[last] || len(fields) == 1 && numbered.MatchString(last+" x")
}
