package isolation

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/tests/isolation/tries"
	"openhouse.example/tests/stack"
)

// TestMatrix is the proof: every route, by everybody, in every class of attack. ISOLATION_JSON names a file for the
// report. ISOLATION=hole is how TestHolesInCode runs it in a copy of the source: with the few attempts that find a hole,
// on a database in which ISOLATION_SQL has opened one.
func TestMatrix(t *testing.T) {
	routes, err := readRoutes(stack.Root(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, sentence := range unknownParameters(routes) {
		t.Error(sentence)
	}
	if t.Failed() {
		return
	}
	w := newWorld(t, pgtest.New(t))
	w.prepare(t)
	for name := range w.portals {
		w.launch(name)
		w.portals[name].AwaitReady()
	}
	report := &tries.Report{}
	m := newMatrix(t, w, routes, report)
	if m.quick = os.Getenv("ISOLATION") == "hole"; m.quick {
		if sql := os.Getenv("ISOLATION_SQL"); sql != "" {
			w.exec(t, sql)
		}
		m.run(people[:len(people)-2], attacks[:5])
	} else {
		m.stage()
		m.rows()
		m.run(people, attacks)
	}
	report.Measured("%d routes, %d people, %s; %d text columns take no canary", len(routes), len(people), w, len(w.Unmarked))
	report.Measured("read of one's own: %s", describe(m.read))
	fmt.Println(report)
	if path := os.Getenv("ISOLATION_JSON"); path != "" {
		if err := report.Write(path); err != nil {
			t.Error(err)
		}
	}
	if report.Crossings() > 0 {
		t.Errorf("%d crossings", report.Crossings())
	}
	if m.quick {
		return
	}
	for _, media := range []string{"application/pdf", "application/pdf code", "application/zip", "application/zip code", "text/html", "application/json", "text/csv", "accepted changes"} {
		if m.read[media] == 0 {
			t.Errorf("nobody has read anything of their own in %s: the proof is blind there", media)
		}
	}
	if t.Failed() {
		for _, p := range w.portals {
			if trouble := p.Trouble(); strings.Contains(trouble, "panic") {
				t.Log(trouble)
			}
		}
	}
}
