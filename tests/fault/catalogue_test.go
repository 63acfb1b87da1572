package fault

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// shown is one fault of the catalogue and where it is shown.
type shown struct {
	id, title string
	full      bool     // only in the full run
	by        []string // "TestRaces", another test of this package, or "folder: TestName"
	later     string   // why nothing shows it yet
}

// catalogue is every fault that the portals are meant to stand, F1 to F40.
var catalogue = []shown{
	{id: "F1", title: "one backend ended, again and again", by: []string{"TestRaces"}},
	{id: "F2", title: "all backends ended", by: []string{"TestRaces"}},
	{id: "F3", title: "a backend killed with -9: the cluster restarts", full: true, by: []string{"TestRaces"}},
	{id: "F4", title: "fast restart", by: []string{"TestRaces"}},
	{id: "F5", title: "outage of 3 s", by: []string{"TestRaces"}},
	{id: "F6", title: "outage of 10 s and 40 s", full: true, by: []string{"TestRaces"}},
	{id: "F7", title: "hung server", full: true, by: []string{"TestRaces"}},
	{id: "F8", title: "hung network", by: []string{"TestRaces"}},
	{id: "F9", title: "packets vanish", by: []string{"TestRaces"}},
	{id: "F10", title: "idle connections silently dropped", by: []string{"TestRaces"}},
	{id: "F11", title: "resets", by: []string{"TestRaces"}},
	{id: "F12", title: "latency and jitter", by: []string{"TestRaces"}},
	{id: "F13", title: "slow trickle, sliced packets", by: []string{"TestRaces"}},
	{id: "F14", title: "connection limit of the login", by: []string{"TestRaces"}},
	{id: "F15", title: "all slots taken at the start", by: []string{"TestSlotsTakenAtStart"}},
	{id: "F16", title: "password changed, login forbidden, database gone", by: []string{"TestLoginRefused"}},
	{id: "F17", title: "the host's name fails, or its address changes", by: []string{"TestNames"}},
	{id: "F18", title: "TLS: none, unknown authority, wrong name, expired", by: []string{"TestTLS", "packages/db: TestTLSIsVerifiedOrRefusedWithItsCure"}},
	{id: "F19", title: "primary crashes, standby is promoted", later: "clusters come with more than one machine"},
	{id: "F20", title: "primary demoted in place", later: "clusters come with more than one machine"},
	{id: "F21", title: "a standby by mistake", by: []string{"TestStandby"}},
	{id: "F22", title: "disk full", by: []string{"TestDiskFull"}},
	{id: "F23", title: "lock wait", by: []string{"TestLockWait"}},
	{id: "F24", title: "deadlocks and serialization failures", by: []string{"TestCollisions", "packages/db: TestWriteRestartsAfterADeadlock"}},
	{id: "F25", title: "slow statements fill the pool", by: []string{"TestFullPool"}},
	{id: "F26", title: "statement timeout", by: []string{"TestStatementTimeout"}},
	{id: "F27", title: "a connection that is held", by: []string{"TestAHeldConnectionIsNamed", "packages/db: TestCloseIsBoundedAndNamesTheHolder"}},
	{id: "F28", title: "panic, Goexit, unread rows, open transaction, nesting", by: []string{
		"TestCallbacksGoneWrong", "packages/db: TestWithClientLeavesASpotlessSession", "packages/db: TestANestedAcquireOnAFullPoolFailsAtOnce",
	}},
	{id: "F29", title: "clients hang up", by: []string{"TestImpatientClients"}},
	{id: "F30", title: "PgBouncer killed and restarted", by: []string{"TestPoolerRaces"}},
	{id: "F31", title: "PgBouncer paused", by: []string{"TestPoolerRaces"}},
	{id: "F32", title: "outage behind PgBouncer", by: []string{"TestPoolerRaces"}},
	{id: "F33", title: "PgBouncer in transaction mode, and nobody says so", by: []string{"TestPoolerThatIsNotSaid"}},
	{id: "F34", title: "DDL under load", by: []string{"TestRaces"}},
	{id: "F35", title: "SIGTERM under load", by: []string{"tests/e2e: TestGracefulStop"}},
	{id: "F36", title: "SIGTERM while the database hangs", by: []string{"TestStopWhileHung", "tests/e2e: TestStopIsBounded"}},
	{id: "F37", title: "storm of probes", by: []string{"TestProbeStorm"}},
	{id: "F38", title: "spike", by: []string{"TestSpike"}},
	{id: "F39", title: "flapping", full: true, by: []string{"TestRaces"}},
	{id: "F40", title: "slow, idle and oversized clients", by: []string{"TestSlowAndIdleClients", "tests/e2e: TestOddRequests"}},
}

// TestEveryFaultIsShown: the list has every number, each names a test that exists, and each race is on the list.
func TestEveryFaultIsShown(t *testing.T) {
	t.Parallel()
	top, err := repository()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string][]string{} // names of tests by folder
	tests := func(folder string) []string {
		if known[folder] == nil {
			known[folder] = testsIn(t, filepath.Join(top, folder))
		}
		return known[folder]
	}
	raced := map[string]bool{} // id → at least one is part of the short run
	for _, f := range slices.Concat(races(), poolerRaces()) {
		raced[f.id] = raced[f.id] || !f.long
	}
	if runtime.GOOS != "linux" {
		raced["F9"] = true
		t.Log("F9 (packets vanish) was NOT tried: only Linux can drop the packets of one socket")
	}
	for i, f := range catalogue {
		if want := fmt.Sprintf("F%d", i+1); f.id != want {
			t.Fatalf("number %d of the catalogue is %s", i+1, f.id)
		}
		if (len(f.by) == 0) == (f.later == "") {
			t.Errorf("%s (%s) must be shown by a test, or say why not", f.id, f.title)
		}
		for _, by := range f.by {
			folder, name, elsewhere := strings.Cut(by, ": ")
			if !elsewhere {
				folder, name = "tests/fault", by
			}
			if !slices.Contains(tests(folder), name) {
				t.Errorf("%s (%s) is shown by %s, which does not exist in %s", f.id, f.title, name, folder)
			}
			if strings.HasSuffix(name, "Races") && raced[f.id] == f.full {
				t.Errorf("%s (%s): the list says that it is run in the full run only: %v, its races say otherwise, or there are none", f.id, f.title, f.full)
			}
		}
		delete(raced, f.id)
	}
	delete(raced, commitRaces()[0].id)
	if len(raced) > 0 {
		t.Errorf("races that are not in the catalogue: %v", raced)
	}
}

// testsIn are the names of the tests in a folder.
func testsIn(t *testing.T, folder string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(folder, e.Name()), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(f.Name.Name, "Test") {
				names = append(names, f.Name.Name)
			}
		}
	}
	return names
}
