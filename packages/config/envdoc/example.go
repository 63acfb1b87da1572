package envdoc

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"openhouse.example/packages/config"
)

const width = 96 // columns of a comment line, "# " included

// Example is the text of a .env.example. Each variable has comment lines with
// its meaning, unit, default and trade-off, then NAME=default, or "# NAME="
// where it has none. A file copied as it stands changes no default.
//
// A name that occurs in several sections is set in the first one only. Where
// their defaults differ it is left commented out in each.
func Example(sections []Section) string {
	var b strings.Builder
	differ, done := shared(sections), map[string]bool{}
	for i, s := range sections {
		if i > 0 {
			b.WriteString("\n")
		}
		rule := strings.Repeat("-", max(3, width-6-utf8.RuneCountInString(s.Title)))
		fmt.Fprintf(&b, "# --- %s %s\n", s.Title, rule)
		for _, p := range paragraphs(s.Text) {
			b.WriteString("#\n")
			comment(&b, p)
		}
		for _, v := range s.Variables {
			if done[v.Name] && !differ[v.Name] {
				continue
			}
			done[v.Name] = true
			b.WriteString("\n")
			variable(&b, v, differ[v.Name])
		}
		for _, block := range s.Blocks {
			b.WriteString("\n")
			comment(&b, block.Title+":")
			for _, line := range block.Lines {
				fmt.Fprintf(&b, "# %s\n", line)
			}
		}
	}
	return b.String()
}

func variable(b *strings.Builder, v config.Variable, commented bool) {
	comment(b, sentence(v.Description))
	comment(b, strings.Join(facts(v), " "))
	comment(b, sentence(v.Tradeoff))
	if v.Default == "" {
		fmt.Fprintf(b, "# %s=\n", v.Name)
		return
	}
	if commented {
		b.WriteString("# ")
	}
	fmt.Fprintf(b, "%s=%s\n", v.Name, quote(v.Default))
}

// facts are the short sentences about a variable that are not its meaning.
func facts(v config.Variable) []string {
	var all []string
	add := func(present bool, sentence string) {
		if present {
			all = append(all, sentence)
		}
	}
	add(v.Required, "Required.")
	add(v.Secret, "Secret.")
	add(v.Unit != "", "Unit: "+v.Unit+".")
	add(v.Default != "", "Default: "+v.Default+".")
	add(v.Default == "" && !v.Required, "Default: unset.")
	add(v.File, "Or set "+v.Name+"_FILE to the name of a file that holds it.")
	add(v.Example != "", "Example: "+v.Example) // last, so that nothing runs into it
	return all
}

// quote writes a value so that a shell, Compose and the usual readers of .env
// files all take it literally.
func quote(value string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-./:,@%+=", r)
	}
	if strings.IndexFunc(value, func(r rune) bool { return !plain(r) }) < 0 {
		return value
	}
	if !strings.ContainsRune(value, '\'') {
		return "'" + value + "'"
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`").Replace(value) + `"`
}

// comment writes text as comment lines, broken between words.
func comment(b *strings.Builder, text string) {
	line := "#"
	for word := range strings.FieldsSeq(text) {
		if line != "#" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			b.WriteString(line + "\n")
			line = "#"
		}
		line += " " + word
	}
	if line != "#" {
		b.WriteString(line + "\n")
	}
}

func paragraphs(text string) []string {
	var all []string
	for p := range strings.SplitSeq(text, "\n\n") {
		if p = strings.TrimSpace(p); p != "" {
			all = append(all, p)
		}
	}
	return all
}
