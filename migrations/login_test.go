package migrations_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"openhouse.example/migrations"
	"openhouse.example/migrations/catalogue"
	"openhouse.example/packages/pgdev/pgtest"
)

// as rewrites an address for another user.
func as(t *testing.T, address, user, password string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(user, password)
	return u.String()
}

func TestALoginIsLimitedInTimeAndHasNoRightOfItsOwn(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	conn := connect(t, db.StaffURL())
	for name, want := range map[string]string{
		"statement_timeout": "10s", "lock_timeout": "3s", "idle_in_transaction_session_timeout": "15s", "client_connection_check_interval": "5s",
	} {
		if got := one[string](t, conn, "select current_setting($1)", name); got != want {
			t.Errorf("%s = %s, want %s", name, got, want)
		}
	}
	for _, sql := range []string{"select from developments", "select from rate_limits", "create table x ()", "set role openhouse_resident", "set role openhouse_owner", "set role openhouse_door"} {
		if _, err := conn.Exec(t.Context(), sql); code(err) != "42501" {
			t.Errorf("%s: %v, want 42501", sql, err)
		}
	}
}

func TestALoginsDoorsAreThoseOfItsRole(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	for _, tc := range []struct{ login, allowed, denied string }{
		{db.StaffURL(), "select count(*) from staff_sign_in('x@example.org')", "select resident_link_request('x@example.org')"},
		{db.ResidentURL(), "select count(*) from resident_link_request('x@example.org')", "select staff_sign_in('x@example.org')"},
		{db.WorkerURL(), "select schema_version()", "select staff_sign_in('x@example.org')"},
	} {
		conn := connect(t, tc.login)
		if _, err := conn.Exec(t.Context(), tc.allowed); err != nil {
			t.Errorf("%s: %v", tc.allowed, err)
		}
		if _, err := conn.Exec(t.Context(), tc.denied); code(err) != "42501" {
			t.Errorf("%s: %v, want 42501", tc.denied, err)
		}
	}
}

func TestEnsureLoginAfterTheMigrationsOpensTheDoorsToo(t *testing.T) {
	t.Parallel()
	db := pgtest.NewOn(t, pgtest.Server(t))
	admin := connect(t, db.AdminURL())
	login := migrations.Login{Name: "late_portal", Password: `it's "odd" \ but ASCII`, Role: migrations.RoleStaff}
	if err := migrations.EnsureLogin(t.Context(), admin, login); err != nil {
		t.Fatal(err)
	}
	conn := connect(t, as(t, db.AdminURL(), login.Name, login.Password))
	if v := one[int64](t, conn, "select schema_version()"); v != migrations.Latest() {
		t.Errorf("schema_version() = %d, want %d", v, migrations.Latest())
	}
	if stored := one[string](t, admin, "select rolpassword from pg_authid where rolname = $1", login.Name); !strings.HasPrefix(stored, "SCRAM-SHA-256$4096:") {
		t.Errorf("stored password %q, want a SCRAM verifier", stored)
	}
	if _, err := pgx.Connect(t.Context(), as(t, db.AdminURL(), login.Name, "wrong")); code(err) != "28P01" {
		t.Errorf("a wrong password: %v, want 28P01", err)
	}

	// The password changes and nothing is lost on repetition.
	login.Password = "another"
	if err := migrations.EnsureLogin(t.Context(), admin, login); err != nil {
		t.Fatal(err)
	}
	connect(t, as(t, db.AdminURL(), login.Name, "another"))

	// A login that changed its role loses the doors of the old one.
	exec(t, admin, "revoke openhouse_staff from late_portal")
	login.Role = migrations.RoleResident
	if err := migrations.EnsureLogin(t.Context(), admin, login); err != nil {
		t.Fatal(err)
	}
	conn = connect(t, as(t, db.AdminURL(), login.Name, "another"))
	if _, err := conn.Exec(t.Context(), "select staff_sign_in('x@example.org')"); code(err) != "42501" {
		t.Errorf("the old role's door: %v, want 42501", err)
	}
}

func TestEnsureLoginRefuses(t *testing.T) {
	t.Parallel()
	conn := connect(t, pgtest.NewOn(t, pgtest.Server(t)).AdminURL())
	exec(t, conn, "create role almighty superuser login")
	exec(t, conn, "create role reader login; grant pg_read_all_data to reader")
	for _, tc := range []struct {
		login migrations.Login
		want  string
	}{
		{migrations.Login{Name: "", Password: "x", Role: migrations.RoleStaff}, "not usable"},
		{migrations.Login{Name: `x"; drop`, Password: "x", Role: migrations.RoleStaff}, "not usable"},
		{migrations.Login{Name: "pg_portal", Password: "x", Role: migrations.RoleStaff}, "not usable"},
		{migrations.Login{Name: "openhouse_staff", Password: "x", Role: migrations.RoleStaff}, "another name"},
		{migrations.Login{Name: "portal", Password: "x", Role: migrations.RoleOwner}, "is a member of"},
		{migrations.Login{Name: "portal", Password: "x", Role: migrations.RoleDoor}, "is a member of"},
		{migrations.Login{Name: "portal", Password: "x", Role: "staff"}, "is a member of"},
		{migrations.Login{Name: "portal", Password: "", Role: migrations.RoleStaff}, "needs a password"},
		{migrations.Login{Name: "portal", Password: "Seán", Role: migrations.RoleStaff}, "printable ASCII"},
		{migrations.Login{Name: "almighty", Password: "x", Role: migrations.RoleStaff}, "must not have"},
		{migrations.Login{Name: "reader", Password: "x", Role: migrations.RoleStaff}, "revoke pg_read_all_data from"},
		{migrations.Login{Name: "openhouse_tenant_portal", Password: "x", Role: migrations.RoleStaff}, "revoke openhouse_resident from"},
	} {
		if err := migrations.EnsureLogin(t.Context(), conn, tc.login); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%+v: %v, want an error with %q", tc.login, err, tc.want)
		}
	}
}

func TestEnsureRolesRefusesARoleThatIsTooMuch(t *testing.T) {
	t.Parallel()
	conn := connect(t, pgtest.Server(t).URL("postgres"))
	exec(t, conn, "create role openhouse_staff login")
	if err := migrations.EnsureRoles(t.Context(), conn); err == nil || !strings.Contains(err.Error(), "alter role openhouse_staff nologin") {
		t.Errorf("a login of that name: %v, want a refusal with the cure", err)
	}
}

// An installation whose administrator is no superuser: the error carries the SQL, and after it was run all works.
func TestAnAdminWithoutRightsIsToldWhatToAskFor(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	super := connect(t, server.URL("postgres"))
	exec(t, super, "create role dba login password 'dba'")
	exec(t, super, "create database company_homes owner postgres")
	address := as(t, server.URL("company_homes"), "dba", "dba")

	ask := func(want ...string) string {
		t.Helper()
		err := migrations.Up(t.Context(), address, nil)
		if err == nil {
			t.Fatal("Up worked without rights")
		}
		for _, sql := range want {
			if !strings.Contains(err.Error(), sql) {
				t.Errorf("the error does not say %q:\n%v", sql, err)
			}
		}
		_, script, _ := strings.Cut(err.Error(), "try again:\n")
		script, _, _ = strings.Cut(script, "\n(")
		return script
	}
	superThere := connect(t, server.URL("company_homes"))
	exec(t, superThere, ask("create role openhouse_owner nologin", "create role openhouse_door nologin noinherit", "grant openhouse_door to openhouse_owner", `grant openhouse_owner to "dba"`))
	exec(t, superThere, ask("create extension pg_trgm schema public"))
	exec(t, superThere, ask("create extension unaccent schema public"))
	exec(t, superThere, ask("grant usage, create on schema public to openhouse_owner with grant option"))
	if err := migrations.Up(t.Context(), address, nil); err != nil {
		t.Fatalf("Up after the administrator's help: %v", err)
	}
	if _, err := migrations.Status(t.Context(), address); err != nil {
		t.Errorf("Status as a member of the owner: %v", err)
	}

	dba, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = dba.Close(context.Background()) }()
	err = migrations.EnsureLogin(t.Context(), dba, migrations.Login{Name: "portal", Password: "hush-hush", Role: migrations.RoleStaff})
	if err == nil || !strings.Contains(err.Error(), `create role "portal" login noinherit`) || strings.Contains(err.Error(), "SCRAM") || strings.Contains(err.Error(), "hush-hush") {
		t.Errorf("EnsureLogin without rights: %v, want the SQL without the password", err)
	}
	if err := migrations.Down(t.Context(), address, 0, nil); err != nil {
		t.Errorf("Down as a member of the owner: %v", err)
	}
}

// A hosted database's administrator: no superuser, but owner of the database and allowed to make roles. Nothing has to be asked for.
func TestAnAdminWhoMayMakeRolesNeedsNobody(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	exec(t, connect(t, server.URL("postgres")), "create role dba login createrole password 'dba'")
	exec(t, connect(t, server.URL("postgres")), "create database homes owner dba")
	address := as(t, server.URL("homes"), "dba", "dba")
	if err := migrations.Up(t.Context(), address, nil); err != nil {
		t.Fatal(err)
	}
	dba := connect(t, address)
	login := migrations.Login{Name: "portal", Password: "secret", Role: migrations.RoleResident}
	if err := migrations.EnsureLogin(t.Context(), dba, login); err != nil {
		t.Fatal(err)
	}
	portal := connect(t, as(t, address, "portal", "secret"))
	if v := one[int64](t, portal, "select schema_version()"); v != migrations.Latest() {
		t.Errorf("schema_version() = %d, want %d", v, migrations.Latest())
	}
	for what, check := range map[string]func(context.Context, catalogue.Querier) ([]catalogue.Finding, error){"database": catalogue.Check, "logins": catalogue.Logins} {
		findings, err := check(t.Context(), dba)
		if err != nil || len(findings) > 0 {
			t.Errorf("%s: %v %v, want no finding", what, findings, err)
		}
	}
	if err := migrations.Down(t.Context(), address, 0, nil); err != nil {
		t.Fatal(err)
	}
	if err := migrations.Up(t.Context(), address, nil); err != nil {
		t.Fatal(err)
	}
}

func TestAnExtensionElsewhereIsRefusedWithTheCure(t *testing.T) {
	t.Parallel()
	db := pgtest.NewEmpty(t)
	db.Exec("create schema extensions; create extension unaccent schema extensions")
	if err := migrations.Up(t.Context(), db.AdminURL(), nil); err == nil || !strings.Contains(err.Error(), "alter extension unaccent set schema public") {
		t.Errorf("unaccent in another schema: %v, want the cure", err)
	}
}
