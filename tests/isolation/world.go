package isolation

import (
	"context"
	"crypto/md5" //nolint:gosec // names for fixtures, no secret
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/web/auth"
	"openhouse.example/tests/stack"
)

// id is the id that testdata/company.sql of the migrations gives to a thing of a company.
func id(company, name string) string {
	return uuid.UUID(md5.Sum([]byte(company + ":" + name))).String() //nolint:gosec // as above
}

// World is a database with two companies that look alike, and what can be recognised of each.
type World struct {
	DB     *pgtest.DB
	Tables []table
	Marks  Marks
	// Unmarked are the text columns whose rules admit no canary, such as states.
	Unmarked []string

	secrets []Mark    // printed codes, in small letters
	conn    *pgx.Conn // the superuser's, for whoever prepares and compares; one at a time
	portals map[string]*stack.Portal
	files   sync.Map // sha256 of a file -> the marks in it: the same are fetched many times, and take long to open
}

// scripts fill one company; they are the tests' of the schema, and are kept complete by them.
var scripts = []string{"migrations/testdata/company.sql", "tests/isolation/world/neighbours.sql"}

// newWorld fills a database.
func newWorld(t testing.TB, db *pgtest.DB) *World {
	t.Helper()
	w := openWorld(t, db)
	for _, company := range []string{"a", "b"} {
		w.exec(t, "select set_config('test.company', $1, false)", company)
		for _, name := range scripts {
			script, err := os.ReadFile(filepath.Join(stack.Root(t), name))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.conn.PgConn().Exec(t.Context(), string(script)).ReadAll(); err != nil {
				t.Fatalf("%s for company %s: %v", name, company, err)
			}
		}
	}
	w.exec(t, "update tenants set demo = true, name = 'Harbour Homes'")
	w.exec(t, "update staff set password_hash = $1", stack.PasswordHash)
	w.exec(t, "update invite_batches set state = 'failed' where state = 'working'") // no process makes it
	w.exec(t, "update units set address_line_1 = unit_number || ' Mill Road'")
	w.mark(t)
	return w
}

// openWorld is a database that was filled before.
func openWorld(t testing.TB, db *pgtest.DB) *World {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), db.AdminURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	w := &World{DB: db, conn: conn, portals: map[string]*stack.Portal{}}
	if w.Tables, err = readTables(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *World) mark(t testing.TB) {
	t.Helper()
	var err error
	if w.Marks, w.Unmarked, err = mark(t.Context(), w.conn, w.Tables); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, m := range w.Marks {
		seen[m.Table+" "+m.Owner.Company] = true
	}
	for _, table := range w.Tables {
		for _, company := range []string{"a", "b"} {
			if table.has("id") && !seen[table.name+" "+id(company, "tenant")] {
				t.Errorf("company %s has no row in %s: the proof is blind there. Add one to migrations/testdata/company.sql", company, table.name)
			}
		}
	}
}

func (w *World) exec(t testing.TB, sql string, args ...any) {
	t.Helper()
	if _, err := w.conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func (w *World) readable(table, column, role string) bool {
	for _, t := range w.Tables {
		for _, c := range t.columns {
			if t.name == table && c.name == column {
				return c.readable[role]
			}
		}
	}
	return false
}

// prepare gives the portals that are asked their addresses and keys; nothing runs yet.
func (w *World) prepare(t testing.TB, names ...string) {
	t.Helper()
	for _, name := range names {
		w.portals[name] = stack.Prepare(t, name)
	}
	for _, name := range []string{developerPortal, tenantPortal} { // the key of one that never runs signs tokens for the other
		if w.portals[name] == nil {
			w.portals[name] = stack.Prepare(t, name)
		}
	}
}

// launch starts a prepared portal.
func (w *World) launch(name string) {
	w.portals[name].Launch(
		"DEVELOPER_PUBLIC_URL="+w.portals[developerPortal].URL, "TENANT_PUBLIC_URL="+w.portals[tenantPortal].URL,
		"OPENHOUSE_ENV=development", "DRAIN_DELAY_MS=0", "DATABASE_SSL=false", "DB_POOL_MAX=6",
		"DEVELOPER_DATABASE_URL="+w.DB.StaffURL(), "TENANT_DATABASE_URL="+w.DB.ResidentURL(),
	)
}

// token opens a session for a person and signs its token, as signing in would; "" for who has none.
func (w *World) token(t testing.TB, p Person) string {
	t.Helper()
	switch {
	case p.Broken != nil:
		return p.Broken(w)
	case p.Portal == "":
		return ""
	}
	session := uuid.New()
	who := auth.Principal{
		TenantID: uuid.MustParse(id(p.Company, "tenant")), SessionID: session, Role: auth.Role(p.Role),
		Expires: time.Now().Add(7 * time.Hour).Truncate(time.Second),
	}
	name, url := auth.PortalDeveloper, w.portals[developerPortal]
	var revoked *time.Time
	if p.Role == roleOfResidents {
		name, url = auth.PortalTenant, w.portals[tenantPortal]
		who.Subject = uuid.MustParse(id(p.Company, p.Resident))
		who.UnitID, who.DevelopmentID = uuid.MustParse(id(p.Company, p.Unit)), uuid.MustParse(id(p.Company, p.Development))
		home := p.Unit
		if p.Dead && p.Resident == "anna" {
			home = "home-1" // the session's; the token says another
		}
		w.exec(t, `insert into sessions (tenant_id, id, kind, resident_id, development_id, unit_id, expires_at)
			values ($1, $2, 'resident', $3, $4, $5, now() + interval '1 day')`,
			who.TenantID, session, who.Subject, who.DevelopmentID, id(p.Company, home))
	} else {
		who.Subject = uuid.MustParse(id(p.Company, p.Staff))
		if p.Dead && p.Staff == "admin" {
			now := time.Now()
			revoked = &now
		}
		w.exec(t, `insert into sessions (tenant_id, id, kind, staff_id, expires_at, revoked_at) values ($1, $2, 'staff', $3, now() + interval '8 hours', $4)`,
			who.TenantID, session, who.Subject, revoked)
	}
	issuer, err := auth.NewIssuer(name, url.URL, url.Key)
	if err != nil {
		t.Fatal(err)
	}
	token, err := issuer.Issue(who)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// snapshot is what the database holds now.
func (w *World) snapshot(t testing.TB) snapshot {
	t.Helper()
	s, err := take(t.Context(), w.conn, w.Tables)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (w *World) String() string {
	return fmt.Sprintf("%d tables, %d marks", len(w.Tables), len(w.Marks))
}
