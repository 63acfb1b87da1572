package structure

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/tools/go/packages"

	"openhouse.example/packages/pgdev/pgtest"
)

func TestActionsThatAreNoConstantsAreFound(t *testing.T) {
	t.Parallel()
	seeded(t, "actions", func(pkgs []*packages.Package) []finding {
		actions, findings := findActions(pkgs)
		got := map[string]bool{}
		for _, a := range actions {
			got[a.name] = true
		}
		for _, want := range []string{"thing.make", "thing.change", "thing.end"} {
			if !got[want] {
				t.Errorf("the action %s was not found", want)
			}
		}
		return findings
	})
}

// actionsOfDoors are the actions that functions of the database write by themselves.
func actionsOfDoors(t *testing.T) []string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), pgtest.New(t).AdminURL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	rows, err := conn.Query(t.Context(), `select prosrc from pg_proc where pronamespace = 'public'::regnamespace and prosrc like '%insert into audit_log%'`)
	if err != nil {
		t.Fatal(err)
	}
	sources, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, source := range sources {
		for _, m := range quotedAction.FindAllStringSubmatch(source, -1) {
			if !strings.HasPrefix(m[1], "app.") { // a setting
				list = append(list, m[1])
			}
		}
	}
	return list
}

// Whatever is written into the audit log has a sentence on its page, and a name among its filters.
func TestTheAuditLogHasWordsForEveryAction(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join(top(), "apps", "developer-portal", "words", "en.json"))
	if err != nil {
		t.Fatal(err)
	}
	var words map[string]any
	if err := json.Unmarshal(raw, &words); err != nil {
		t.Fatal(err)
	}
	var shipped []*packages.Package
	for _, p := range wholeTree(t) {
		if insideAny(room(p), []string{"apps", "packages"}) && !insideAny(room(p), testRooms) {
			shipped = append(shipped, p)
		}
	}
	actions, findings := findActions(shipped)
	for _, f := range findings {
		t.Error(f)
	}
	known := map[string]string{}
	for _, a := range actions {
		known[a.name] = a.pos.String()
	}
	doors := actionsOfDoors(t)
	for _, name := range doors {
		known[name] = "a function of the database"
	}
	if len(actions) < 25 || len(doors) < 5 {
		t.Errorf("only %d actions in code and %d in the database were found", len(actions), len(doors))
	}
	for name, where := range known {
		for _, key := range []string{"audit.did.", "audit.kind."} {
			if words[key+name] == nil {
				t.Errorf("%s writes %s into the audit log, and the catalogue of the developer portal has no %s%s", where, name, key, name)
			}
		}
	}
	for key := range words {
		for _, start := range []string{"audit.did.", "audit.kind."} {
			if name, ok := strings.CutPrefix(key, start); ok && known[name] == "" {
				t.Errorf("nothing writes %s into the audit log any more, and the catalogue has %s", name, key)
			}
		}
	}
}
