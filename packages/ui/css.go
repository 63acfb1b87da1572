package ui

import (
	"bytes"
	"regexp"
	"strings"
)

// tokensFile holds every colour; no other style sheet may say light-dark().
const tokensFile = "css/10-tokens.css"

var (
	cssComment = regexp.MustCompile(`(?s)/\*.*?\*/`)
	cssSpace   = regexp.MustCompile(`\s+`)
	cssAround  = regexp.MustCompile(` ?([{};,]) ?`)
)

// shrinkCSS takes out comments and needless space. The style sheets hold no
// strings in which either would matter.
func shrinkCSS(css []byte) []byte {
	css = cssComment.ReplaceAll(css, nil)
	css = cssSpace.ReplaceAll(css, []byte(" "))
	return bytes.TrimSpace(cssAround.ReplaceAll(css, []byte("$1")))
}

// withFallback puts the light values before the tokens, for browsers of before
// 2024 that don't know light-dark() and would show no colour at all.
func withFallback(tokens []byte) []byte {
	light := lightOnly(string(cssComment.ReplaceAll(tokens, nil)))
	return []byte(light + "@supports (color: light-dark(red, red)) {" + string(tokens) + "}")
}

// lightOnly replaces every light-dark(a, b) by a.
func lightOnly(css string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(css, "light-dark(")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		comma, end := splitArguments(rest)
		out.WriteString(rest[:comma])
		css = rest[end+1:]
	}
}

// splitArguments finds the comma between two arguments and the parenthesis that
// closes them; either may hold parentheses of its own.
func splitArguments(s string) (comma, end int) {
	for i, depth := 0, 0; i < len(s); i++ {
		switch s[i] {
		case '(':
			depth++
		case ',':
			if depth == 0 && comma == 0 {
				comma = i
			}
		case ')':
			if depth == 0 {
				return comma, i
			}
			depth--
		}
	}
	return len(s) - 1, len(s) - 1
}
