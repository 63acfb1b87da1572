package knowledge

import (
	"bytes"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// decode is the text of a file that has no other form: UTF-8, UTF-16 with its mark, or what Windows wrote before.
// false if it is no text at all.
func decode(raw []byte) (string, bool) {
	switch {
	case bytes.HasPrefix(raw, []byte{0xFF, 0xFE}), bytes.HasPrefix(raw, []byte{0xFE, 0xFF}):
		big := raw[0] == 0xFE
		units := make([]uint16, 0, len(raw)/2)
		for i := 2; i+1 < len(raw); i += 2 {
			if big {
				units = append(units, uint16(raw[i])<<8|uint16(raw[i+1]))
			} else {
				units = append(units, uint16(raw[i+1])<<8|uint16(raw[i]))
			}
		}
		return string(utf16.Decode(units)), true
	case hasControls(raw):
		return "", false
	case utf8.Valid(raw):
		return string(bytes.TrimPrefix(raw, []byte("\uFEFF"))), true
	}
	text, err := charmap.Windows1252.NewDecoder().Bytes(raw)
	return string(text), err == nil
}

// hasControls says whether there are bytes that no text has.
func hasControls(raw []byte) bool {
	return bytes.ContainsFunc(raw, func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\f' && r != '\v' })
}

var (
	atxHeading  = regexp.MustCompile(`^ {0,3}(#{1,6})\s+(.*?)\s*#*$`)
	tableRule   = regexp.MustCompile(`^\s*\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)*\|?\s*$`)
	underline   = regexp.MustCompile(`^\s*(={3,}|-{3,})\s*$`)
	link        = regexp.MustCompile(`!?\[([^\]]*)\]\([^)]*\)`)
	emphasis    = regexp.MustCompile("(\\*\\*|__|`|~~)")
	single      = regexp.MustCompile(`(^|[\s(])[*_]([^*_\s][^*_]*)[*_]`)
	numbered    = regexp.MustCompile(`^\d{1,2}(\.\d{1,2})*\.?\s+\S`)
	listMark    = regexp.MustCompile(`^\s*([-*+•]|\d{1,2}[.)])\s+`)
	htmlComment = regexp.MustCompile(`(?s)<!--.*?-->`)
)

// readText is the text of a Markdown or plain file, and says which it is. A form feed begins a new page.
func readText(raw string) Document {
	doc := Document{MIME: "text/plain", Pages: 1 + strings.Count(strings.TrimRight(raw, "\f\r\n "), "\f")}
	if len(raw) > MaxText || doc.Pages > MaxPages {
		doc.Reason = TooLong
		return doc
	}
	raw = strings.ReplaceAll(raw, "\r\n", "\n")
	if isMarkdown(raw) {
		doc.MIME = "text/markdown"
		raw = htmlComment.ReplaceAllString(raw, "")
	}
	p := plainReader{markdown: doc.MIME == "text/markdown"}
	i := 0
	for text := range strings.SplitSeq(raw, "\f") {
		i++
		p.page(i, text)
	}
	if p.length > MaxText {
		doc.Reason = TooLong
		return doc
	}
	doc.blocks = p.blocks
	if len(doc.blocks) == 0 {
		doc.Reason = Empty
	}
	return doc
}

// isMarkdown goes by what Markdown alone has: a heading with #, a table's rule, or a fence.
func isMarkdown(raw string) bool {
	for line := range strings.SplitSeq(raw, "\n") {
		if atxHeading.MatchString(line) || strings.HasPrefix(line, "```") || strings.Contains(line, "|") && tableRule.MatchString(line) {
			return true
		}
	}
	return false
}

// plainReader makes blocks of lines.
type plainReader struct {
	markdown bool
	blocks   []block
	open     []string // lines of the paragraph that is being read
	number   int
	length   int
}

func (p *plainReader) page(number int, text string) {
	p.number = number
	for l, rest, more := strings.Cut(text, "\n"); p.length <= MaxText; l, rest, more = strings.Cut(rest, "\n") {
		next, _, _ := strings.Cut(rest, "\n")
		p.line(l, next)
		if !more {
			break
		}
	}
	p.close()
}

func (p *plainReader) line(l, next string) {
	switch {
	case strings.TrimSpace(l) == "":
		p.close()
	case p.markdown && (tableRule.MatchString(l) || strings.HasPrefix(l, "```")), underline.MatchString(l):
		p.close()
	case p.markdown && atxHeading.MatchString(l):
		p.close()
		parts := atxHeading.FindStringSubmatch(l)
		p.add(heading, len(parts[1]), parts[2])
	case len(p.open) == 0 && (underline.MatchString(next) || !p.markdown && isCaption(l, next)):
		p.add(heading, 2, l)
	case strings.Contains(l, "|") && p.markdown:
		p.close()
		cells := strings.Split(strings.Trim(strings.TrimSpace(l), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		p.add(row, 0, strings.Join(cells, " | "))
	case listMark.MatchString(l):
		p.close()
		p.open = []string{l}
	default:
		p.open = append(p.open, l)
	}
}

// isCaption says whether a line of plain text is set as a heading: short, alone, no sentence; in capitals or numbered
// or with nothing below it.
func isCaption(l, next string) bool {
	l = strings.TrimSpace(l)
	if len(l) > 80 || endsSentence(l) && !strings.HasSuffix(l, ":") || letters(l) < 3 || listMark.MatchString(l) && !numbered.MatchString(l) {
		return false
	}
	return strings.TrimSpace(next) == "" || l == strings.ToUpper(l)
}

func (p *plainReader) close() {
	if len(p.open) == 0 {
		return
	}
	k := paragraph
	if listMark.MatchString(p.open[0]) {
		k = row
	}
	p.add(k, 0, strings.Join(p.open, " "))
	p.open = p.open[:0]
}

func (p *plainReader) add(k kind, level int, text string) {
	if p.markdown {
		text = link.ReplaceAllString(text, "$1")
		text = emphasis.ReplaceAllString(text, "")
		text = single.ReplaceAllString(text, "$1$2")
		text = strings.TrimLeft(text, "> ")
	}
	if k == row {
		text = listMark.ReplaceAllString(text, "")
	}
	if text = tidy(text); letters(text) > 0 {
		p.length += len(text) + blockCost
		p.blocks = append(p.blocks, block{k, level, p.number, text})
	}
}
