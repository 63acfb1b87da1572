package structure

import (
	"slices"
	"strings"
	"testing"
)

func TestImportsGoOneWay(t *testing.T) {
	t.Parallel()
	pkgs, err := goList("work")
	if err != nil {
		t.Fatal(err)
	}
	if len(pkgs) < 10 {
		t.Fatalf("only %d packages in the workspace", len(pkgs))
	}
	for _, p := range pkgs {
		for _, wrong := range wrongImports(p) {
			t.Error(wrong)
		}
	}
}

// What a portal's binary is linked from contains nothing of the tests' and no
// Postgres launcher.
func TestShippedBinariesHaveNoTestCode(t *testing.T) {
	t.Parallel()
	pkgs, err := goList("work")
	if err != nil {
		t.Fatal(err)
	}
	binaries := 0
	for _, p := range pkgs {
		if p.Name != "main" || !strings.HasPrefix(p.ImportPath, module+"apps/") {
			continue
		}
		binaries++
		for _, dep := range p.Deps {
			if local, ok := strings.CutPrefix(dep, module); ok && insideAny(local, testRooms) || dep == "testing" {
				t.Errorf("%s is linked with %s", p.ImportPath, dep)
			}
		}
	}
	if binaries < 2 {
		t.Errorf("%d binaries below apps, want both portals'", binaries)
	}
}

func TestWrongImportsAreFound(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		from, imports string
		inTest        bool
		want          string
	}{
		"upwards":                      {from: "packages/db", imports: module + "packages/platform", want: "one way"},
		"sideways":                     {from: "packages/platform", imports: module + "packages/web", want: "one way"},
		"app to app":                   {from: "apps/tenant-portal", imports: module + "apps/developer-portal", want: "one way"},
		"look to data":                 {from: "packages/ui", imports: module + "packages/db", want: "one way"},
		"the leaf has jwt only":        {from: "packages/web/auth", imports: "github.com/jackc/pgx/v5", want: "only modules"},
		"the leaf knows no pool":       {from: "packages/web/auth", imports: module + "packages/db", want: "one way"},
		"the middleware's words":       {from: "packages/web", imports: module + "packages/ui/text"},
		"the middleware shows nothing": {from: "packages/web", imports: module + "packages/ui", want: "one way"},
		"words know no HTTP":           {from: "packages/ui/text", imports: module + "packages/web", want: "one way"},
		"words know no look":           {from: "packages/ui/text", imports: module + "packages/ui", want: "one way"},
		"words are plain":              {from: "packages/ui/text", imports: "github.com/a-h/templ", want: "only modules"},
		"store to handlers":            {from: "apps/tenant-portal/internal/store", imports: module + "apps/tenant-portal/internal/portal", want: "inside an app"},
		"store to HTTP":                {from: "apps/tenant-portal/internal/store", imports: module + "packages/web", want: "one way"},
		"a launcher in a binary":       {from: "apps/tenant-portal", imports: module + "packages/pgdev", want: "tests only"},
		"test helpers in a package":    {from: "packages/web", imports: module + "packages/web/webtest", want: "tests only"},
		"a test may have a server":     {from: "packages/db", imports: module + "packages/pgdev/pgtest", inTest: true},
		"a test may not look upwards":  {from: "packages/db", imports: module + "packages/platform", inTest: true, want: "one way"},
		"a room nobody has described":  {from: "packages/surprise", imports: "fmt", want: "no room"},
		"the standard library":         {from: "packages/config", imports: "net/url"},
		"downwards":                    {from: "packages/platform", imports: module + "packages/db"},
		"the app's own":                {from: "apps/tenant-portal", imports: module + "apps/tenant-portal/internal/portal"},
		"black box tests see all":      {from: "tests/demo", imports: module + "packages/platform"},
		"handlers to their statements": {from: "apps/tenant-portal/internal/portal", imports: module + "apps/tenant-portal/internal/store"},
	} {
		p := listed{ImportPath: module + test.from}
		if test.inTest {
			p.XTestImports = []string{test.imports}
		} else {
			p.Imports = []string{test.imports}
		}
		got := wrongImports(p)
		if ok := test.want == "" && len(got) == 0 || len(got) == 1 && test.want != "" && strings.Contains(got[0], test.want); !ok {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// A rule for a room that is gone hides nothing, but misleads.
func TestRoomsExist(t *testing.T) {
	t.Parallel()
	pkgs, err := goList("work")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rooms {
		used := slices.ContainsFunc(pkgs, func(p listed) bool { return inside(strings.TrimPrefix(p.ImportPath, module), r.room) })
		if !used {
			t.Errorf("room %s has no packages", r.room)
		}
	}
}
