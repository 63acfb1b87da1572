package removal_test

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/tests/load/removal"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// companies makes two companies with the same name and returns the developments of the first.
func companies(t *testing.T) (db *pgtest.DB, ours []string) {
	t.Helper()
	db = pgtest.New(t)
	for i, email := range []string{"ada@loadtest.example.org", "bea@harbour.example.org"} {
		company := uuid.New()
		db.Exec(`insert into tenants (id, name, slug) values ($1, 'Load Test Homes', $2)`, company, []string{"load-test", "harbour"}[i])
		db.Exec(`insert into staff (tenant_id, id, email, full_name, role) values ($1, $2, $3, 'Ada Nolan', 'admin')`, company, uuid.New(), email)
		for _, slug := range []string{"one", "two"} {
			development, houses, home := uuid.New(), uuid.New(), uuid.New()
			db.Exec(`insert into developments (tenant_id, id, slug, name) values ($1, $2, $3, 'Load test')`, company, development, slug)
			db.Exec(`insert into house_types (tenant_id, id, development_id, code) values ($1, $2, $3, 'B')`, company, houses, development)
			db.Exec(`insert into units (tenant_id, id, development_id, house_type_id, unit_number, address_line_1) values ($1, $2, $3, $4, '1', '1 Load test')`,
				company, home, development, houses)
			if i == 0 {
				ours = append(ours, development.String())
			}
		}
	}
	return db, ours
}

func left(t *testing.T, db *pgtest.DB) string {
	t.Helper()
	return pgtest.Value[string](db, `select string_agg(slug, ' ' order by slug) || ', ' || (select count(*) from units) || ' homes' from tenants`)
}

func TestACompanyIsRemovedWithAllThatItHas(t *testing.T) {
	t.Parallel()
	db, ours := companies(t)
	if err := removal.Company(t.Context(), db.AdminURL(), removal.Throwaway{Name: "Load Test Homes", Admin: "ada@loadtest.example.org", Developments: ours}); err != nil {
		t.Fatal(err)
	}
	if got := left(t, db); got != "harbour, 2 homes" {
		t.Errorf("left are %s", got)
	}
	if got := pgtest.Value[string](db, `select string_agg(actor_kind || ' ' || action, ', ') from audit_log`); got != "operator company.remove" {
		t.Errorf("the audit log says %s", got)
	}
}

func TestAnotherCompanyIsNotTouched(t *testing.T) {
	t.Parallel()
	db, ours := companies(t)
	for name, c := range map[string]removal.Throwaway{
		"another name":                     {Name: "Harbour Homes", Admin: "ada@loadtest.example.org", Developments: ours},
		"another administrator":            {Name: "Load Test Homes", Admin: "cy@loadtest.example.org", Developments: ours},
		"a development that is not ours":   {Name: "Load Test Homes", Admin: "ada@loadtest.example.org", Developments: ours[:1]},
		"no developments of ours":          {Name: "Load Test Homes", Admin: "ada@loadtest.example.org"},
		"somebody else's with a like name": {Name: "Load Test Homes", Admin: "bea@harbour.example.org", Developments: ours},
		"no id":                            {Name: "Load Test Homes", Admin: "ada@loadtest.example.org", Developments: append([]string{"x"}, ours...)},
	} {
		if err := removal.Company(t.Context(), db.AdminURL(), c); !errors.Is(err, removal.ErrNotOurs) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := left(t, db); got != "harbour load-test, 4 homes" {
		t.Errorf("left are %s", got)
	}
}
