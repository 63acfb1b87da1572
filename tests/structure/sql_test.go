package structure

import (
	"testing"

	"golang.org/x/tools/go/packages"
)

func TestSQLSearchFindsWhatCanNotBeChecked(t *testing.T) {
	t.Parallel()
	const excepted = "tests/structure/testdata/seeded/sql.excepted"
	seeded(t, "sql", func(pkgs []*packages.Package) []finding {
		s := searchSQL(pkgs, map[string]string{excepted: "to prove that exceptions work"})
		got := map[string]bool{}
		for _, st := range s.statements {
			got[st.sql] = true
		}
		for _, want := range []string{
			"select 1", "select 1 as one", "select 2", "select 3", "select 4", "select 5", "select 6", "select 7",
			"select 8", "select 9", "select 10", "select 11", "select 12",
		} {
			if !got[want] {
				t.Errorf("the statement %q was not found", want)
			}
		}
		if !s.used[excepted] {
			t.Error("the exception was not needed")
		}
		return s.findings
	})
}

func TestBansFindEachViolation(t *testing.T) {
	t.Parallel()
	seeded(t, "bans", findBans)
}
