package fault

import (
	"context"
	"log/slog"
	"testing"

	"github.com/google/uuid"

	"openhouse.example/packages/config"
	"openhouse.example/packages/db"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform"
)

// openPool opens packages/db in this process, for what no route of a portal does. settings are environment variables.
func openPool(t testing.TB, address string, settings map[string]string) *db.Pool {
	t.Helper()
	var c db.Config
	given := map[string]string{"DATABASE_URL": address}
	for name, value := range settings {
		given[name] = value
	}
	if err := config.LoadFrom(&c, func(name string) (string, bool) { v, ok := given[name]; return v, ok }, nil); err != nil {
		t.Fatal(err)
	}
	p, err := db.Open(t.Context(), c, db.WithRole(platform.RoleStaff), db.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.ClosePool(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return p
}

// scopeOf is the staff's scope of a company.
func scopeOf(company uuid.UUID) db.Scope {
	return db.Scope{Role: platform.RoleStaff, TenantID: company}
}

// counters makes a table of this test's own, with n counters at 0.
func counters(d *pgtest.DB, n int) {
	d.Exec("create table counters (n int primary key, value int not null)")
	d.Exec("alter table counters enable row level security; alter table counters force row level security") // a pool refuses to serve without
	d.Exec("create policy counters_staff on counters to openhouse_staff using (true) with check (true)")
	d.Exec("insert into counters select n, 0 from generate_series(1, $1::int) n", n)
	d.Exec("grant select, update on counters to openhouse_staff")
}
