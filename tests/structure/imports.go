package structure

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// roomRule says what the packages in one room may import. The longest rule that
// fits a package counts, so a leaf can be given less than the room around it.
type roomRule struct {
	room string
	// workspace are the rooms of this workspace that it may import, beside itself.
	workspace []string
	// only, if not nil, are the only modules from outside the standard library.
	only []string
}

var shared = []string{"packages/config", "packages/db", "packages/web", "packages/ui", "packages/platform", "packages/knowledge", "packages/markdown", "migrations"}

// rooms is the picture in docs/architecture.md, as a table.
var rooms = append([]roomRule{
	{room: "packages/config", only: []string{"github.com/kelseyhightower/envconfig"}},
	{room: "packages/config/envdoc", workspace: []string{"packages/config"}, only: []string{}},
	{room: "packages/db", workspace: []string{"packages/config"}, only: []string{"github.com/jackc/pgx/v5", "github.com/google/uuid"}},
	{room: "packages/web", workspace: []string{"packages/config", "packages/db", "packages/ui/text"}},
	{room: "packages/web/auth", only: []string{"github.com/golang-jwt/jwt/v5", "github.com/google/uuid"}},
	{room: "packages/web/idtoken", workspace: []string{}, only: []string{"github.com/golang-jwt/jwt/v5"}},
	{room: "packages/web/csvfile", workspace: []string{}, only: []string{}},
	{room: "packages/web/webtest", workspace: []string{"packages/web"}},
	{room: "packages/ui"},
	{room: "packages/ui/text", only: []string{"golang.org/x/text"}},
	{room: "packages/platform", workspace: []string{"packages/config", "packages/db"}},
	{room: "packages/knowledge", workspace: []string{"packages/config", "packages/db", "packages/platform", "packages/ui/text"}},
	{room: "packages/markdown", workspace: []string{}, only: []string{"github.com/microcosm-cc/bluemonday", "github.com/yuin/goldmark"}},
	{room: "packages/pgdev"},
	{room: "packages/pgdev/pgtest", workspace: []string{"packages/pgdev", "migrations"}},
	{room: "migrations", only: []string{"github.com/jackc/pgx/v5", "github.com/pressly/goose/v3"}},
	{room: "apps/developer-portal/internal/sheets", workspace: []string{"packages/web/csvfile"}},
	{room: "apps/developer-portal/internal/background", workspace: []string{"packages/db"}},
	{room: "apps/developer-portal/internal/mailing", workspace: []string{"packages/config", "packages/db", "packages/platform", "packages/ui"}},
	{room: "tests", workspace: []string{"packages", "migrations", "apps"}},
}, append(appRooms("apps/developer-portal"), appRooms("apps/tenant-portal")...)...)

func appRooms(app string) []roomRule {
	return []roomRule{
		{room: app, workspace: shared},
		{room: app + "/internal/portal", workspace: []string{"packages/config", "packages/db", "packages/web", "packages/ui", "packages/platform", app + "/internal", app + "/words"}},
		{room: app + "/internal/pages", workspace: []string{"packages/ui", "packages/web", "packages/markdown", app + "/internal", app + "/words"}},
		{room: app + "/internal/store", workspace: []string{"packages/db", "packages/platform", "packages/knowledge", "packages/web/auth", app + "/internal"}},
	}
}

// ownOrder is the direction inside an app, first to last: a package may import
// those after it, never those before it.
var ownOrder = []string{"internal/portal", "internal/pages", "internal/store"}

// testRooms are imported by tests only; no shipped binary may reach them.
var testRooms = []string{
	"packages/pgdev", "packages/web/webtest", "packages/ui/uitest", "packages/knowledge/papertest", "packages/knowledge/bench", "apps/developer-portal/internal/mailing/smtptest",
	"apps/developer-portal/internal/sheets/sheetstest", "tests",
}

// listed is what `go list -json` says about a package.
type listed struct {
	ImportPath, Dir                    string
	Name                               string
	Standard                           bool
	Imports, TestImports, XTestImports []string
	Deps                               []string
}

func goList(args ...string) ([]listed, error) {
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Dir,Name,Standard,Imports,TestImports,XTestImports,Deps"}, args...)...)
	cmd.Dir = top()
	cmd.Env = append(os.Environ(), "GOWORK="+filepath.Join(top(), "go.work"))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, stderr.String())
	}
	var all []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
}

// ruleFor is the longest rule that fits a path within the workspace, or nil.
func ruleFor(path string) *roomRule {
	var best *roomRule
	for i, r := range rooms {
		if inside(path, r.room) && (best == nil || len(r.room) > len(best.room)) {
			best = &rooms[i]
		}
	}
	return best
}

// wrongImports judges one package. Each answer is a sentence.
func wrongImports(p listed) []string {
	path := strings.TrimPrefix(p.ImportPath, module)
	rule := ruleFor(path)
	if rule == nil {
		return []string{path + " has no room: give it one in tests/structure/imports.go and docs/architecture.md"}
	}
	var wrong []string
	for _, imported := range p.Imports {
		if why := judge(path, rule, imported); why != "" {
			wrong = append(wrong, fmt.Sprintf("%s imports %s: %s", path, imported, why))
		}
	}
	for _, imported := range append(p.TestImports, p.XTestImports...) {
		local, isLocal := strings.CutPrefix(imported, module)
		if isLocal && insideAny(local, testRooms) && !inside(local, "tests") || inside(path, "tests") {
			continue
		}
		if !isLocal { // a test may bring its own tools
			continue
		}
		if why := judge(path, rule, imported); why != "" {
			wrong = append(wrong, fmt.Sprintf("a test of %s imports %s: %s", path, imported, why))
		}
	}
	return wrong
}

func judge(path string, rule *roomRule, imported string) string {
	local, isLocal := strings.CutPrefix(imported, module)
	switch {
	case !isLocal && !strings.Contains(strings.Split(imported, "/")[0], "."): // the standard library
		return ""
	case !isLocal:
		if rule.only != nil && !insideAny(imported, rule.only) {
			return "its only modules from outside are " + strings.Join(rule.only, ", ")
		}
		return ""
	case inside(rule.room, "tests") && !strings.HasSuffix(local, "/internal"):
		return ""
	case insideAny(local, testRooms) && !insideAny(path, testRooms):
		return "that is for tests only"
	case !insideAny(local, append(rule.workspace, rule.room)):
		return "imports go one way, see docs/architecture.md"
	}
	for app := range appsOf(path, local) {
		if from, to := place(path, app), place(local, app); from >= 0 && to >= 0 && to < from {
			return "inside an app imports go " + strings.Join(ownOrder, " → ")
		}
	}
	return ""
}

// appsOf yields the app that both paths belong to.
func appsOf(a, b string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for _, app := range []string{"apps/developer-portal", "apps/tenant-portal"} {
			if inside(a, app) && inside(b, app) && !yield(app) {
				return
			}
		}
	}
}

func place(path, app string) int {
	for i, room := range ownOrder {
		if inside(path, app+"/"+room) {
			return i
		}
	}
	return -1
}

func insideAny(path string, rooms []string) bool {
	for _, r := range rooms {
		if inside(path, r) {
			return true
		}
	}
	return false
}
