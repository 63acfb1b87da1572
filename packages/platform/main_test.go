package platform_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"openhouse.example/packages/config"
	"openhouse.example/packages/db"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Wrap(m)) }

// house is a database of the test's own with one company, two members of staff
// and one resident in one home.
type house struct {
	*pgtest.DB
	t                           testing.TB
	pool                        *db.Pool // the developer portal's
	tenant, staff, other        uuid.UUID
	development, unit, resident uuid.UUID
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{DB: pgtest.New(t), t: t}
	for _, id := range []*uuid.UUID{&h.tenant, &h.staff, &h.other, &h.development, &h.unit, &h.resident} {
		*id = uuid.New()
	}
	h.Exec(`insert into tenants (id, name, slug, demo) values ($1, 'Meadow Homes', 'meadow-homes', true)`, h.tenant)
	for address, id := range map[string]uuid.UUID{"ann@example.org": h.staff, "ben@example.org": h.other} {
		h.Exec(`insert into staff (tenant_id, id, email, role) values ($1, $2, $3, 'developer')`, h.tenant, id, address)
	}
	houseType := uuid.New()
	h.Exec(`insert into developments (tenant_id, id, slug, name) values ($1, $2, 'longview-park', 'Longview Park')`, h.tenant, h.development)
	h.Exec(`insert into house_types (tenant_id, id, development_id, code) values ($1, $2, $3, 'B')`, h.tenant, houseType, h.development)
	h.Exec(`insert into units (tenant_id, id, development_id, house_type_id, unit_number) values ($1, $2, $3, $4, '14')`,
		h.tenant, h.unit, h.development, houseType)
	h.Exec(`insert into residents (tenant_id, id, email) values ($1, $2, 'mia@example.org')`, h.tenant, h.resident)
	h.Exec(`insert into occupancies (tenant_id, id, development_id, unit_id, resident_id) values ($1, $2, $3, $4, $5)`,
		h.tenant, uuid.New(), h.development, h.unit, h.resident)
	h.pool = h.open(h.StaffURL(), platform.RoleStaff)
	return h
}

func (h *house) open(url, role string) *db.Pool {
	h.t.Helper()
	var c db.Config
	set := map[string]string{"DATABASE_URL": url, "DB_POOL_MAX": "4", "DB_POOL_MIN": "0"}
	if err := config.LoadFrom(&c, func(name string) (string, bool) { v, ok := set[name]; return v, ok }, nil); err != nil {
		h.t.Fatal(err)
	}
	p, err := db.Open(context.Background(), c, db.WithRole(role), db.WithLedger(platform.Ledger{}), db.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() {
		if err := p.ClosePool(context.Background()); err != nil {
			h.t.Error(err)
		}
	})
	return p
}

// scope is a member of staff's.
func (h *house) scope(staff uuid.UUID) db.Scope {
	return db.Scope{
		Role: platform.RoleStaff, TenantID: h.tenant,
		Settings: []db.Setting{{Name: "app.staff_id", Value: staff.String()}},
	}
}

func (h *house) residentScope() db.Scope {
	return db.Scope{Role: platform.RoleResident, TenantID: h.tenant, Settings: []db.Setting{
		{Name: "app.resident_id", Value: h.resident.String()}, {Name: "app.unit_id", Value: h.unit.String()},
	}}
}

// write runs fn as Ann.
func write[T any](h *house, in db.Intent, fn func(context.Context, *db.Tx) (T, error)) (T, error) {
	return db.Write(context.Background(), h.pool, h.scope(h.staff), in, fn)
}
