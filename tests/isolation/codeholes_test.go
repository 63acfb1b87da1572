package isolation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/tests/stack"

	"openhouse.example/tests/isolation/tries"
)

// edit changes a file of the source: what the expression finds first becomes the text.
type edit struct{ file, from, to string }

// codeHole is a mistake that somebody could make in the source, with what else has to be wrong for it to matter:
// where two walls stand, one of them is taken away first.
type codeHole struct {
	name  string
	edits []edit
	sql   string // done to the filled database
}

// openPolicies takes one wall away: the policies of staff let everybody through, and only the statements hold.
const openPolicies = `do $$ declare p record; begin
	for p in select tablename, policyname, cmd from pg_policies where schemaname = 'public' and roles = '{openhouse_staff}' and cmd in ('SELECT', 'ALL', 'UPDATE', 'DELETE') loop
		execute format('alter policy %I on %I using (true)', p.policyname, p.tablename);
	end loop; end $$`

const (
	developerStore = "apps/developer-portal/internal/store/"
	tenantStore    = "apps/tenant-portal/internal/store/"
)

var codeHoles = []codeHole{
	{"the guard forgets roles", []edit{{"packages/web/guard.go", `case !slices\.Contains\(g\.roles, p\.Role\):`, "case !slices.Contains(g.roles, p.Role) && false:"}}, ""},
	{"the guard forgets sessions", []edit{{"packages/web/guard.go", `case !ok:`, "case false:"}}, ""},
	{"the session of staff isn't asked about", []edit{{developerStore + "staff.go", `scope\.Guard = .*`, ""}}, ""},
	{"the session of residents isn't asked about", []edit{{tenantStore + "resident.go", `scope\.Guard = .*`, "_ = dbgen.ResidentGuard"}}, ""},
	{"an ended session of staff will do", []edit{{developerStore + "dbgen/staff.sql.go", `and s\.revoked_at is null`, "and true"}}, ""},
	{"a disabled account will do", []edit{{developerStore + "dbgen/staff.sql.go", `p\.disabled_at is null and`, ""}}, ""},
	{"the role is the token's", []edit{{developerStore + "dbgen/staff.sql.go", `p\.role = \$4`, "$$4::text <> ''"}}, ""},
	{"whoever has moved out stays", []edit{{tenantStore + "dbgen/session.sql.go", `and o\.ended_at is null`, ""}}, ""},
	{"the home is the token's", []edit{
		{tenantStore + "dbgen/session.sql.go", `and s\.unit_id = \$4::uuid`, "and $$4::uuid is not null"},
		{tenantStore + "dbgen/session.sql.go", `o\.unit_id = s\.unit_id and`, ""},
	}, ""},
	{"the role comes in a header", []edit{
		{"packages/web/authenticate.go", `(requestOf\(r\)\.tenantID = p\.TenantID)`, "$1\n\t\tif role := r.Header.Get(\"X-Role\"); role == \"admin\" && p.Portal == a.Portal && p.UnitID == p.DevelopmentID {\n\t\t\tp.Role = \"admin\"\n\t\t}"},
		{developerStore + "dbgen/staff.sql.go", `p\.role = \$4`, "$$4::text <> ''"},
		{"packages/web/guard.go", `case !slices\.Contains\(g\.roles, p\.Role\):`, "case !slices.Contains(g.roles, p.Role) && r.Header.Get(\"X-Role\") == \"\":"},
	}, "create policy gap on developments for select to openhouse_staff using (current_setting('app.staff_id') <> '')"},
	{"the outbox is for everybody", []edit{{developerStore + "doors.go", `if frame\.Limited \{`, "if false {"}}, ""},
	{"a home of any company", []edit{{developerStore + "dbgen/homes.sql.go", `where u\.tenant_id = \$2 and u\.id = \$3\n`, "where $$2::uuid is not null and u.id = $$3\n"}}, openPolicies},
	{"a development of any company", []edit{{developerStore + "dbgen/developments.sql.go", `where tenant_id = \$1 and id = \$2`, "where $$1::uuid is not null and id = $$2"}}, openPolicies},
	{"an import of any company", []edit{{developerStore + "dbgen/imports.sql.go", `where i\.tenant_id = \$1 and i\.id = \$2`, "where $$1::uuid is not null and i.id = $$2"}}, openPolicies},
	{"all companies' developments", []edit{{developerStore + "dbgen/developments.sql.go", `where p\.tenant_id = \$1`, "where $$1::uuid is not null"}}, openPolicies},
}

// routeHoles are the routes of the developer portal, each without its guard.
func routeHoles(t *testing.T, root string) (list []codeHole) {
	t.Helper()
	const file = "apps/developer-portal/routes.go"
	text, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range regexp.MustCompile(`(?:both|page)\(may\(auth\.\w+\), (?:get|post), "[^"]+", p\.\w+\)`).FindAllString(string(text), -1) {
		open := regexp.MustCompile(`\(may\(auth\.\w+\),`).ReplaceAllString(line, "(r,")
		list = append(list, codeHole{"no guard: " + line, []edit{{file, regexp.QuoteMeta(line), open}}, ""})
	}
	return list
}

// TestHolesInCode makes mistakes in copies of the source, builds them and runs the quick classes, which must find each.
// It takes half an hour, so it runs with ISOLATION=full. HOLE, a regular expression, chooses some by name.
func TestHolesInCode(t *testing.T) {
	if !full() && os.Getenv("HOLE") == "" {
		t.Skip("ISOLATION=full or HOLE=… makes holes in copies of the source")
	}
	root := stack.Root(t)
	chosen := regexp.MustCompile(os.Getenv("HOLE"))
	db := pgtest.NewEmpty(t)
	scratch := t.TempDir() // one for all, so that each hole builds only what it changes
	if err := stack.CopyTree(root, scratch); err != nil {
		t.Fatal(err)
	}
	var tally tally
	for _, h := range append(codeHoles, routeHoles(t, root)...) {
		if !chosen.MatchString(h.name) {
			continue
		}
		found, said := h.find(t, scratch, db.AdminURL())
		tally.add(h.name+"\n"+said, found)
		fmt.Printf("%-100.100s found: %t\n", h.name, found)
	}
	fmt.Printf("seeded holes in code: %d made, %d found\n", tally.made, tally.made-len(tally.missed))
	if len(tally.missed) > 0 {
		t.Errorf("not found:\n%s", strings.Join(tally.missed, "\n"))
	}
}

// find makes the hole in a copy of the source, runs the matrix there, and closes the hole.
func (h codeHole) find(t *testing.T, scratch, server string) (found bool, said string) {
	t.Helper()
	for _, e := range h.edits {
		path := filepath.Join(scratch, e.file)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { // the last of several in one file puts the first's text back
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}()
		at := regexp.MustCompile(e.from).FindSubmatchIndex(text)
		if at == nil {
			t.Errorf("%s: %s has no %s: the hole can't be made any more", h.name, e.file, e.from)
			return false, ""
		}
		changed := regexp.MustCompile(e.from).Expand(nil, []byte(e.to), text, at)
		if err := os.WriteFile(path, append(append(bytes.Clone(text[:at[0]]), changed...), text[at[1]:]...), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	report := filepath.Join(t.TempDir(), "isolation.json")
	cmd := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-run", "^TestMatrix$", "./tests/isolation")
	cmd.Dir = scratch
	cmd.Env = append(os.Environ(), "ISOLATION=hole", "ISOLATION_JSON="+report, "ISOLATION_SQL="+h.sql, "TEST_DATABASE_URL="+server, "GOWORK="+filepath.Join(scratch, "go.work"))
	out, _ := cmd.CombinedOutput() // it is meant to fail, and the report says how
	var counted struct{ Classes []tries.Class }
	text, err := os.ReadFile(report)
	if err == nil {
		err = json.Unmarshal(text, &counted)
	}
	if err != nil {
		return false, fmt.Sprintf("no report: %v\n%.2000s", err, out)
	}
	for _, c := range counted.Classes {
		if c.Crossings > 0 {
			return true, string(text)
		}
	}
	return false, fmt.Sprintf("%.2000s", out)
}
