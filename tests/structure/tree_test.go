package structure

import (
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/go/packages"
)

// tree is the whole workspace without its tests, loaded once.
var tree = sync.OnceValues(func() ([]*packages.Package, error) { return load(typed, "work") })

func wholeTree(t *testing.T) []*packages.Package {
	t.Helper()
	pkgs, err := tree()
	if err != nil {
		t.Fatalf("the workspace doesn't load:\n%v", err)
	}
	return pkgs
}

func TestBans(t *testing.T) {
	t.Parallel()
	for _, f := range findBans(wholeTree(t)) {
		t.Error(f)
	}
}

// dynamicSQL are functions whose SQL is put together, with the reason why that is
// all right. They are proved by tests of their own.
var dynamicSQL = map[string]string{
	"(packages/db.Scope).queue": "the eighteen texts that set a scope are made once, from numbers only",
}

// ownSQL are rooms that talk to a server before it has a schema, mostly in
// utility statements with quoted names, which can't have parameters.
var ownSQL = []string{"migrations", "packages/pgdev", "tests"}

// oneWall are statements that name a company's table without tenant_id = $n: the
// start of the text, and the reason.
var oneWall = map[string]string{
	"select t.slug, t.name, t.created_at": "an operator lists all companies, as openhouse_owner",
}

func TestSQLIsAcceptedByTheSchema(t *testing.T) {
	t.Parallel()
	var shipped []*packages.Package
	for _, p := range wholeTree(t) {
		if !insideAny(room(p), ownSQL) {
			shipped = append(shipped, p)
		}
	}
	search := searchSQL(shipped, dynamicSQL)
	for _, f := range search.findings {
		t.Error(f)
	}
	for name := range dynamicSQL {
		if !search.used[name] {
			t.Errorf("the exception for %s is not needed", name)
		}
	}
	if len(search.statements) < 20 {
		t.Errorf("only %d statements were found", len(search.statements))
	}
	excused := map[string]bool{}
	roles := func(room string) []string {
		for _, r := range runners {
			if inside(room, r.room) {
				return r.roles
			}
		}
		return nil
	}
	for _, f := range judgeStatements(t.Context(), openSchema(t), search.statements, roles, func(st statement) bool {
		for start := range oneWall {
			if strings.HasPrefix(stripSQL(st.sql), start) {
				excused[start] = true
				return true
			}
		}
		return false
	}) {
		t.Error(f)
	}
	for start := range oneWall {
		if !excused[start] {
			t.Errorf("the exception for %q is not needed", start)
		}
	}
}
