package migrations

import (
	"context"
	"embed"
	"regexp"
	"slices"
	"strings"

	"openhouse.example/migrations/catalogue"
)

//go:embed testdata/doors.golden testdata/policies.golden testdata/rights.golden
var made embed.FS

// linesStart is where the next entry of a list begins: its further lines are set in.
var linesStart = regexp.MustCompile(`\n(\S)`)

// Compare holds what stands between companies against what the migrations make: functions with rights of their own,
// rights on tables, policies. It says what is missing and what is there in addition, and how many entries it compared.
// conn may be anybody's; the database must be at the version Latest.
func Compare(ctx context.Context, conn catalogue.Querier) (findings []catalogue.Finding, compared int, err error) {
	for _, list := range catalogue.Lists {
		text, err := made.ReadFile("testdata/" + list.Name + ".golden")
		if err != nil {
			return nil, 0, err
		}
		want := strings.Split(linesStart.ReplaceAllString(strings.TrimSuffix(string(text), "\n"), "\x00$1"), "\x00")
		got, err := list.Read(ctx, conn)
		if err != nil {
			return nil, 0, err
		}
		compared += len(want)
		say := func(entry, problem string) {
			name, _, _ := strings.Cut(entry, "\n")
			findings = append(findings, catalogue.Finding{Rule: "list-" + list.Name, Object: strings.Join(strings.Fields(name), " "), Problem: problem})
		}
		for _, entry := range want {
			if !slices.Contains(got, entry) {
				say(entry, "the migrations make this "+list.What+", and here it is missing or another")
			}
		}
		for _, entry := range got {
			if !slices.Contains(want, entry) {
				say(entry, "the migrations don't make this "+list.What)
			}
		}
	}
	return findings, compared, nil
}
