// Package envdoc writes the documents about a program's environment variables
// from the declarations themselves, so that neither can drift from the other:
// [Example] is a .env.example, [Table] is Markdown.
//
// Both are plain functions of their input: the same sections give the same
// bytes. The package knows no variable of its own and writes no file.
package envdoc

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"openhouse.example/packages/config"
)

// Section is one heading of the document with what stands under it, in the
// order of the fields. Everything but Title may be empty.
type Section struct {
	Title     string
	Text      string // free text; a blank line starts a new paragraph
	Variables []config.Variable
	Blocks    []Block
}

// Block is a ready set of settings to copy, such as those for one kind of
// environment. It is always written as a comment or as code, never as settings
// in force.
type Block struct {
	Title string
	Lines []string // NAME=value each
}

// shared are the names that sections declare with different defaults. One file
// cannot give both, so it gives neither.
func shared(sections []Section) map[string]bool {
	first, differ := map[string]string{}, map[string]bool{}
	for _, s := range sections {
		for _, v := range s.Variables {
			if d, ok := first[v.Name]; ok && d != v.Default {
				differ[v.Name] = true
			}
			if _, ok := first[v.Name]; !ok {
				first[v.Name] = v.Default
			}
		}
	}
	return differ
}

// sentence begins with a capital letter and ends with a full stop, however the
// declaration wrote it. A name, such as "true: encrypt", is left as it is.
func sentence(text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(text)
	word, _, _ := strings.Cut(text, " ")
	if !strings.HasSuffix(word, ":") && !strings.HasSuffix(word, ",") {
		text = string(unicode.ToUpper(first)) + text[size:]
	}
	if last, _ := utf8.DecodeLastRuneInString(text); !strings.ContainsRune(".!?…", last) {
		text += "."
	}
	return text
}
