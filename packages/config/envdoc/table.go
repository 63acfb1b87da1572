package envdoc

import (
	"fmt"
	"strings"

	"openhouse.example/packages/config"
)

// Table is the same in Markdown: per section a heading of the second level,
// its text, a table of its variables, and its blocks as code.
func Table(sections []Section) string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	for _, s := range sections {
		add("## %s\n", s.Title)
		for _, p := range paragraphs(s.Text) {
			add("%s\n", p)
		}
		if len(s.Variables) > 0 {
			var b strings.Builder
			b.WriteString("| Variable | Default | Unit | Meaning |\n|---|---|---|---|\n")
			for _, v := range s.Variables {
				fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", v.Name, standing(v), cell(v.Unit), meaning(v))
			}
			parts = append(parts, b.String())
		}
		for _, block := range s.Blocks {
			add("**%s**\n", block.Title)
			add("```bash\n%s\n```\n", strings.Join(block.Lines, "\n"))
		}
	}
	return strings.Join(parts, "\n")
}

func standing(v config.Variable) string {
	switch {
	case v.Required:
		return "required"
	case v.Default == "":
		return "unset"
	}
	return code(v.Default)
}

func meaning(v config.Variable) string {
	var words []string
	for _, text := range []string{v.Description, v.Tradeoff} {
		if text != "" {
			words = append(words, cell(sentence(text)))
		}
	}
	if v.Secret {
		words = append(words, "Secret.")
	}
	if v.Example != "" {
		words = append(words, "Example: "+code(v.Example)+".")
	}
	if v.File {
		words = append(words, "Or `"+v.Name+"_FILE`: the name of a file that holds it.")
	}
	return strings.Join(words, " ")
}

// cell keeps text within its cell: a bar would end it, a line break the table,
// and what looks like a tag would vanish.
func cell(text string) string {
	return strings.ReplaceAll(oneLine(text), "<", `\<`)
}

func oneLine(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}

func code(value string) string {
	fence := "`"
	for strings.Contains(value, fence) {
		fence += "`"
	}
	if len(fence) > 1 {
		return fence + " " + oneLine(value) + " " + fence
	}
	return fence + oneLine(value) + fence
}
