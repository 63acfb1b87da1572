package isolation

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/tests/isolation/tries"
	"openhouse.example/tests/stack"
)

// TestSeededHoles opens holes in copies of a world, which the classes must find. A hole that nobody finds is a hole
// in the proof.
func TestSeededHoles(t *testing.T) {
	t.Parallel()
	original := newWorld(t, pgtest.New(t))
	original.close()
	var tally tally
	t.Run("policies", func(t *testing.T) { policyHoles(t, original, &tally) })
	t.Run("programs", func(t *testing.T) { programHoles(t, original, &tally) })
	fmt.Printf("seeded holes in SQL: %d made, %d found\n", tally.made, tally.made-len(tally.missed))
	if len(tally.missed) > 0 || tally.made < leastHoles {
		t.Errorf("%d holes made, want %d at least; not found:\n%s", tally.made, leastHoles, strings.Join(tally.missed, "\n"))
	}
}

const leastHoles = 60

// tally counts holes.
type tally struct {
	mu     sync.Mutex
	made   int
	missed []string
}

func (n *tally) add(hole string, found bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.made++
	if !found {
		n.missed = append(n.missed, hole)
	}
}

// copyOf is the world in a database of its own.
func copyOf(t *testing.T, original *World) *World {
	t.Helper()
	copying.Lock() // the original must be at rest
	db := original.DB.Clone(t)
	copying.Unlock()
	w := openWorld(t, db)
	w.Marks = original.Marks
	return w
}

var copying sync.Mutex

// policyHoles widens every policy that lets somebody do something, one clause at a time: to everything, and to
// the whole company. Each hole is made in a transaction that is rolled back.
func policyHoles(t *testing.T, original *World, tally *tally) {
	const lanes = 2
	var holes []hole
	w := copyOf(t, original)
	prober := newProber(t, w, &tries.Report{})
	for _, p := range prober.rules {
		holes = append(holes, holesOf(prober, p)...)
	}
	for _, table := range w.Tables {
		holes = append(holes, hole{"no row-level security on " + table.name, table.name, "", "alter table " + table.name + " disable row level security"})
	}
	for lane := range lanes {
		t.Run(fmt.Sprintf("lane %d", lane+1), func(t *testing.T) {
			t.Parallel()
			p := newProber(t, copyOf(t, original), nil)
			for i, h := range holes {
				if i%lanes == lane {
					tally.add(h.name, foundInRows(t, p, h))
				}
			}
		})
	}
}

// hole is one that opens a table to a role, "" for any.
type hole struct{ name, table, role, sql string }

// companyOnly is the condition that a policy has at least.
const companyOnly = "tenant_id = (select current_setting('app.tenant_id'))::uuid"

// holesOf are the ways to widen a policy that must be noticed. A clause that governs nothing the role has a right to
// lets nobody through, however wide. The two clauses of an update are opened together: each alone is closed by the
// other, since no role may write a column that says whose a row is.
func holesOf(rights *prober, p policy) (list []hole) {
	if p.Role != roleStaff && p.Role != roleResident && p.Role != roleWorker {
		return nil
	}
	company := companyOnly
	if p.Table == "tenants" {
		company = "id" + strings.TrimPrefix(companyOnly, "tenant_id")
	}
	open := func(clauses, to, name string) {
		list = append(list, hole{
			fmt.Sprintf("policy %s on %s lets %s through", p.Name, p.Table, name), p.Table, p.Role,
			fmt.Sprintf("alter policy %s on %s %s", p.Name, p.Table, strings.ReplaceAll(clauses, "?", "("+to+")")),
		})
	}
	widen := func(clauses, condition string) {
		open(clauses, "true", "everybody "+clauses)
		if strings.Contains(strings.ReplaceAll(condition, " AND true", ""), " AND ") { // more than the company
			open(clauses, company, "the whole company "+clauses)
		}
	}
	may := func(command string) bool { return len(rights.rights[p.Role+" "+p.Table+" "+command]) > 0 }
	reads := slices.ContainsFunc(rights.w.Tables, func(t table) bool { return t.name == p.Table && len(t.readable(p.Role)) > 0 })
	switch {
	case p.Command == "update" && may("update"):
		widen("using ? with check ?", p.Using)
		return list
	case p.Command == "update":
		return nil
	case p.Using != "" && (reads || p.Command != "select" && (may("update") || may("delete"))):
		widen("using ?", p.Using)
	}
	if p.Check != "" && may("insert") {
		widen("with check ?", p.Check)
	}
	return list
}

// foundInRows makes a hole and asks for the table as those whom it may concern.
func foundInRows(t *testing.T, p *prober, h hole) bool {
	t.Helper()
	p.report = &tries.Report{}
	for _, table := range p.w.Tables {
		if table.name != h.table {
			continue
		}
		for _, who := range scoped() {
			role, _ := who.scope()
			if h.role != "" && role != h.role {
				continue
			}
			if err := p.probe(t.Context(), who, table, h.sql); err != nil {
				t.Errorf("%s: %v", h.name, err)
				return false
			}
			if p.report.Crossings() > 0 {
				return true
			}
		}
	}
	return false
}

// programHole is one that the programs' answers must show.
type programHole struct {
	name    string
	portal  string
	sql     string
	door    string // a function whose text is changed:
	from    string // this, a regular expression,
	to      string // becomes that
	refused bool   // the portal says so itself and doesn't start
}

// seededInPrograms are holes behind real portals.
var seededInPrograms = []programHole{
	{name: "homes not forced", portal: developerPortal, sql: "alter table units no force row level security", refused: true},
	{name: "developments without security", portal: tenantPortal, sql: "alter table developments disable row level security", refused: true},
	{name: "the login may be every role", portal: tenantPortal, sql: "grant select on residents to openhouse_tenant_portal", refused: true},
	{name: "the outbox of everybody", portal: developerPortal, door: "outbox_recent", from: `m\.tenant_id = p_tenant`, to: "true"},
	{name: "any link of staff will do", portal: developerPortal, door: "staff_link_peek", from: `e\.token_hash = p_token_hash and`, to: "e.used_at is null and e.expires_at > now() and"},
	{name: "any link of a resident will do", portal: tenantPortal, door: "resident_link_peek", from: `e\.token_hash = p_token_hash and`, to: "e.used_at is null and e.expires_at > now() and"},
	{name: "limited staff see all developments", portal: developerPortal, sql: "alter policy staff_all on developments using (" + companyOnly + ")"},
	{name: "limited staff see all homes", portal: developerPortal, sql: "alter policy staff_all on units using (" + companyOnly + "); alter policy staff_all on developments using (" + companyOnly + ")"},
	{name: "limited staff see all imports", portal: developerPortal, sql: "alter policy staff_all on imports using (" + companyOnly + "); alter policy staff_all on developments using (" + companyOnly + ")"},
	{name: "nobody is limited any more", portal: developerPortal, sql: "update staff set limited = false"},
	{name: "limited to everything", portal: developerPortal, sql: "insert into staff_developments (tenant_id, staff_id, development_id) select s.tenant_id, s.id, d.id from staff s join developments d using (tenant_id) where s.limited on conflict do nothing"},
	{name: "the viewer has become developer", portal: developerPortal, sql: "update staff set role = 'admin' where role = 'viewer'"},
	{name: "nobody is disabled any more", portal: developerPortal, sql: "update staff set disabled_at = null"},
	{name: "nobody has moved out", portal: tenantPortal, sql: "update occupancies set ended_at = null"},
}

func programHoles(t *testing.T, original *World, tally *tally) {
	routes, err := readRoutes(stack.Root(t))
	if err != nil {
		t.Fatal(err)
	}
	slots := make(chan struct{}, 2)
	for _, h := range seededInPrograms {
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			slots <- struct{}{}
			defer func() { <-slots }()
			w := copyOf(t, original)
			w.open(t, h)
			w.prepare(t)
			w.launch(h.portal)
			portal := w.portals[h.portal]
			if h.refused {
				select {
				case <-portal.Ended():
					tally.add(h.name, portal.ExitCode() != 0)
				case <-time.After(time.Minute):
					tally.add(h.name+": the portal serves", false)
				}
				return
			}
			portal.AwaitReady()
			var mine []Route
			for _, r := range routes {
				if r.Portal == h.portal {
					mine = append(mine, r)
				}
			}
			report := &tries.Report{}
			m := newMatrix(t, w, mine, report)
			m.quick = true
			for _, p := range people {
				if report.Crossings() == 0 && p.Company != "b" && (p.Portal == h.portal || p.Portal == "") {
					m.run([]Person{p}, attacks[:2])
				}
			}
			tally.add(h.name, report.Crossings() > 0)
			if report.Crossings() > 0 && testing.Verbose() {
				t.Logf("%d of %d attempts crossed, in %v", report.Crossings(), report.Total().Attempts, report.Found())
			}
		})
	}
}

// open makes a hole.
func (w *World) open(t *testing.T, h programHole) {
	t.Helper()
	if h.sql != "" {
		if _, err := w.conn.PgConn().Exec(t.Context(), h.sql).ReadAll(); err != nil {
			t.Fatal(err)
		}
	}
	if h.door == "" {
		return
	}
	var text string
	if err := w.conn.QueryRow(t.Context(), "select pg_get_functiondef(p.oid) from pg_proc p where p.proname = $1", h.door).Scan(&text); err != nil {
		t.Fatal(err)
	}
	wide := regexp.MustCompile(h.from).ReplaceAllString(text, h.to)
	if wide == text {
		t.Fatalf("%s has no %s: the hole can't be made any more", h.door, h.from)
	}
	w.exec(t, wide)
}

// close ends the world's own connection, so that its database can be copied.
func (w *World) close() { _ = w.conn.Close(context.Background()) }

// full reports whether there is time for what takes long.
func full() bool { return cmp.Or(os.Getenv("ISOLATION"), "quick") == "full" }
