package below_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"openhouse.example/packages/pgdev"
	"openhouse.example/tests/isolation/below"
)

// The generator names each statement; all of them must be attacked, and those written by hand besides.
func TestEveryStatementIsFound(t *testing.T) {
	t.Parallel()
	all, err := below.Statements()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	byHand := 0
	for _, st := range all {
		if name, ok := strings.CutPrefix(st.SQL, "-- name: "); ok {
			found[strings.Fields(name)[0]] = true
		} else {
			byHand++
		}
		if len(st.Roles) == 0 || !strings.Contains(st.Where, ".go:") {
			t.Errorf("%+v", st)
		}
	}
	root, err := pgdev.Checkout()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, "apps", "*", "internal", "store", "queries", "*.sql"))
	if err != nil || len(files) < 5 {
		t.Fatalf("%d files of queries: %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if name, ok := strings.CutPrefix(line, "-- name: "); ok && !found[strings.Fields(name)[0]] {
				t.Errorf("%s of %s is not attacked (or not generated yet)", strings.Fields(name)[0], filepath.Base(file))
			}
		}
	}
	if byHand < 15 {
		t.Errorf("only %d statements written by hand", byHand)
	}
}
