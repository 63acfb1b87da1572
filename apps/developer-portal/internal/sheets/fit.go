package sheets

import (
	"strings"
	"unicode/utf8"
)

// measure is the width of a text in millimetres at one point of size.
type measure func(s string) float64

const (
	lineHeight = 1.25 // of the size
	pointMM    = 25.4 / 72
	sizeStep   = 0.5 // points between two tries
)

// setting is a text broken into lines at a size.
type setting struct {
	size  float64 // points
	lines []string
}

func (s setting) height() float64 { return float64(len(s.lines)) * s.size * lineHeight * pointMM }

// fit finds the largest size between most and least points at which the text stands within width and height
// millimetres. At the least size what still doesn't fit is left out, and "…" says so.
func fit(text string, width, height, most, least float64, wide measure) setting {
	for size := most; ; size = max(size-sizeStep, least) {
		s := setting{size, wrap(text, width/size, wide)}
		if s.height() <= height {
			return s
		}
		if size <= least {
			fits := max(int(height/(least*lineHeight*pointMM)), 1)
			s.lines = s.lines[:fits]
			s.lines[fits-1] = shorten(s.lines[fits-1], width/size, wide)
			return s
		}
	}
}

// wrap breaks a text into lines of at most width, between words where it can and inside one where it must.
func wrap(text string, width float64, wide measure) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && wide(line+" "+word) <= width {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for wide(word) > width {
			head := cut(word, width, wide)
			lines = append(lines, head)
			word = word[len(head):]
		}
		line = word
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// cut is the longest beginning of a word that is no wider than width, at least one letter.
func cut(word string, width float64, wide measure) string {
	_, end := utf8.DecodeRuneInString(word)
	for end < len(word) {
		_, next := utf8.DecodeRuneInString(word[end:])
		if wide(word[:end+next]) > width {
			break
		}
		end += next
	}
	return word[:end]
}

// shorten makes room for "…" at the end of a line.
func shorten(line string, width float64, wide measure) string {
	runes := []rune(line)
	for len(runes) > 0 && wide(string(runes)+"…") > width {
		runes = runes[:len(runes)-1]
	}
	return strings.TrimRight(string(runes), " ") + "…"
}
