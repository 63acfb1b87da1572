package selfcheck

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"openhouse.example/packages/ui/text"
)

// Text is the report for people: what was looked at, what was found, and what it doesn't show. It is Markdown that can
// be read as it is.
func (r *Report) Text(ctx context.Context) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	list := func(title string, items []string) {
		if len(items) == 0 {
			return
		}
		line("\n## %s\n", title)
		for _, item := range items {
			line("- %s", item)
		}
	}
	line("# %s\n", text.T(ctx, "selfcheck.title"))
	if r.Crossings() == 0 {
		line("**%s** %s", text.T(ctx, "selfcheck.none"), text.T(ctx, "selfcheck.none-of", r.Attempts()))
	} else {
		line("**%s** %s", text.T(ctx, "selfcheck.found", r.Crossings()), text.T(ctx, "selfcheck.found-do"))
	}
	line("\n%s", text.T(ctx, "selfcheck.what"))

	findings := make([]string, len(r.Findings))
	for i, f := range r.Findings {
		findings[i] = oneLine(f.Class + ": " + f.Says)
	}
	for _, c := range r.Classes {
		if c.Crossings > mostTold {
			findings = append(findings, c.Name+": "+text.T(ctx, "selfcheck.more", c.Crossings-mostTold))
		}
	}
	list(text.T(ctx, "selfcheck.findings"), findings)

	line("\n## %s\n", text.T(ctx, "selfcheck.counts"))
	rows := [][]string{{text.T(ctx, "selfcheck.class"), text.T(ctx, "selfcheck.attempts"), text.T(ctx, "selfcheck.crossings"), text.T(ctx, "selfcheck.meaning")}}
	for _, c := range r.Classes {
		rows = append(rows, []string{c.Name, fmt.Sprint(c.Attempts), fmt.Sprint(c.Crossings), meaning(ctx, c.Name)})
	}
	writeTable(&b, rows)

	list(text.T(ctx, "selfcheck.where"), r.where(ctx))
	list(text.T(ctx, "selfcheck.left-out"), r.Left)
	list(text.T(ctx, "selfcheck.limits"), []string{
		text.T(ctx, "selfcheck.limit.moment"), text.T(ctx, "selfcheck.limit.inside"),
		text.T(ctx, "selfcheck.limit.administrators"), text.T(ctx, "selfcheck.limit.outside"),
	})
	return b.String()
}

func (r *Report) where(ctx context.Context) []string {
	lines := []string{
		text.T(ctx, "selfcheck.at", r.At.Format(time.RFC3339), time.Duration(r.Seconds*float64(time.Second)).String()),
		text.T(ctx, "selfcheck.database", r.Database, r.Postgres, r.Schema),
		text.T(ctx, "selfcheck.logins", strings.Join(r.Logins, ", ")),
		text.T(ctx, "selfcheck.tables", r.Tables),
		text.T(ctx, "selfcheck.companies", r.Companies),
	}
	if r.Planted {
		lines = append(lines, text.T(ctx, "selfcheck.planted"))
	}
	for _, p := range r.Portals {
		lines = append(lines, text.T(ctx, "selfcheck.portal", p))
	}
	return lines
}

// meaning says what was tried in a class.
func meaning(ctx context.Context, class string) string {
	switch class {
	case classSchema:
		return text.T(ctx, "selfcheck.means.schema")
	case classLogins:
		return text.T(ctx, "selfcheck.means.logins")
	case classUnscoped:
		return text.T(ctx, "selfcheck.means.unscoped")
	case classRead:
		return text.T(ctx, "selfcheck.means.read")
	case classRight:
		return text.T(ctx, "selfcheck.means.right")
	case classRole:
		return text.T(ctx, "selfcheck.means.role")
	case classDoor:
		return text.T(ctx, "selfcheck.means.door")
	case classRoutes:
		return text.T(ctx, "selfcheck.means.routes")
	case classSpelled:
		return text.T(ctx, "selfcheck.means.spelled")
	case classUnlisted:
		return text.T(ctx, "selfcheck.means.unlisted")
	case classHeaders:
		return text.T(ctx, "selfcheck.means.headers")
	case classTheirs:
		return text.T(ctx, "selfcheck.means.theirs")
	case classAnother:
		return text.T(ctx, "selfcheck.means.another")
	case classClaimed:
		return text.T(ctx, "selfcheck.means.claimed")
	case classWrite:
		return text.T(ctx, "selfcheck.means.write")
	case classKept:
		return text.T(ctx, "selfcheck.means.kept")
	case classTLS:
		return text.T(ctx, "selfcheck.means.encryption")
	}
	return ""
}

// writeTable writes rows as a Markdown table whose columns stand under each other.
func writeTable(b *strings.Builder, rows [][]string) {
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	width[len(width)-1] = 0 // the last one is long
	for n, row := range rows {
		for i, cell := range row {
			fmt.Fprintf(b, "| %s%s ", cell, strings.Repeat(" ", max(0, width[i]-utf8.RuneCountInString(cell))))
		}
		b.WriteString("|\n")
		if n == 0 {
			for _, w := range width {
				b.WriteString("|" + strings.Repeat("-", max(w, 3)+2))
			}
			b.WriteString("|\n")
		}
	}
}

// oneLine keeps what a server has said from looking like a line of the report.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}
