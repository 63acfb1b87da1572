package migrations_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"openhouse.example/migrations/catalogue"
	"openhouse.example/packages/pgdev/pgtest"
)

// golden compares lines with a file under testdata, or writes it with -update. The files are the surface of the
// schema: a change to them is meant to be read in review.
func golden(t *testing.T, file string, lines []string) {
	t.Helper()
	path := "testdata/" + file
	got := strings.Join(lines, "\n") + "\n"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; write it with: go test -run %s -update", err, t.Name())
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is not what the database has (-file +database); if the change is meant: go test -run %s -update\n%s", path, t.Name(), diff)
	}
}

// TestLists keeps what stands between companies as files: what runs with other rights than its caller's, who has which
// right, and every policy.
func TestLists(t *testing.T) {
	t.Parallel()
	conn := connect(t, pgtest.New(t).AdminURL())
	for _, list := range catalogue.Lists {
		lines, err := list.Read(t.Context(), conn)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, list.Name+".golden", lines)
	}
}
