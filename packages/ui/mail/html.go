package mail

import (
	"context"
	"regexp"
	"strings"
)

// part is a piece of a line: words, or the address of a page.
type part struct {
	text    string
	address bool
}

var webAddress = regexp.MustCompile(`https?://[^\s<>"]+`)

// HTML is a plain text in the clothes of a page: the same words in the same order, paragraphs where blank lines were,
// addresses as links that show where they lead. It loads nothing and suits light and dark.
func HTML(subject, body string) (string, error) {
	var paragraphs [][][]part
	text := strings.ReplaceAll(body, "\r\n", "\n")
	for paragraph := range strings.SplitSeq(strings.Trim(text, "\n"), "\n\n") {
		var lines [][]part
		for line := range strings.SplitSeq(strings.Trim(paragraph, "\n"), "\n") {
			lines = append(lines, linked(line))
		}
		paragraphs = append(paragraphs, lines)
	}
	var out strings.Builder
	if err := document(subject, paragraphs).Render(context.Background(), &out); err != nil {
		return "", err
	}
	return out.String(), nil
}

// linked parts a line into words and addresses. Punctuation behind an address is the sentence's.
func linked(line string) []part {
	var parts []part
	at := 0
	for _, found := range webAddress.FindAllStringIndex(line, -1) {
		address := strings.TrimRight(line[found[0]:found[1]], ".,;:!?)")
		if found[0] > at {
			parts = append(parts, part{text: line[at:found[0]]})
		}
		parts = append(parts, part{text: address, address: true})
		at = found[0] + len(address)
	}
	if at < len(line) {
		parts = append(parts, part{text: line[at:]})
	}
	return parts
}
