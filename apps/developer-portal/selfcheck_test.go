package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"openhouse.example/apps/developer-portal/internal/selfcheck"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/web/startup"
	"openhouse.example/packages/web/webtest"
)

// fill makes companies a and b, with rows in every table, in a migrated database.
func fillCompanies(t *testing.T, db *pgtest.DB) {
	t.Helper()
	script, err := os.ReadFile("../../migrations/testdata/company.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, company := range []string{"a", "b"} {
		db.Exec("set test.company = '" + company + "';\n" + string(script))
	}
}

// selfcheckVars are the settings for a database, without anything over HTTP.
func selfcheckVars(db *pgtest.DB) map[string]string {
	return map[string]string{
		"DEVELOPER_DATABASE_URL": db.StaffURL(), "TENANT_DATABASE_URL": db.ResidentURL(), "WORKER_DATABASE_URL": db.WorkerURL(),
		"DATABASE_MIGRATE_URL": db.AdminURL(),
	}
}

// selfcheckIn runs the command under an environment of its own.
func selfcheckIn(vars map[string]string, args ...string) (code int, out, errOut string) {
	var o, e bytes.Buffer
	lookup, environ := webtest.Environment(vars)
	code = selfChecks(args, lookup, environ, &o, &e)
	return code, o.String(), e.String()
}

func TestSelfcheckOfACleanInstallation(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	fillCompanies(t, db)
	before := fingerprint(db)
	file := filepath.Join(t.TempDir(), "report.md")
	code, out, errOut := selfcheckIn(selfcheckVars(db), "--json", "--report", file)
	if code != 0 {
		t.Fatalf("code %d\n%s%s", code, out, errOut)
	}
	var r selfcheck.Report
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Classes) != 7 || r.Attempts() < 1000 || r.Tables < 30 || r.Companies != 2 || len(r.Logins) != 3 || r.Crossings() != 0 {
		t.Errorf("it looked at too little: %d attempts in %d classes\n%s", r.Attempts(), len(r.Classes), out)
	}
	for _, c := range r.Classes {
		if c.Attempts == 0 {
			t.Errorf("nothing was tried in %q", c.Name)
		}
	}
	if after := fingerprint(db); after != before {
		t.Error("rows have changed")
	}
	report, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"No way through was found", "go without a scope", "What this does not show", "PostgreSQL"} {
		if !strings.Contains(string(report), want) {
			t.Errorf("the report doesn't say %q:\n%s", want, report)
		}
	}
	for _, secret := range []string{"example.org", "Company a", "home-1", "anna", "postgres://"} {
		if strings.Contains(string(report)+out, secret) {
			t.Errorf("the report holds %q:\n%s", secret, report)
		}
	}
	t.Logf("%s", report)
}

// With less it looks at less, and says so.
func TestSelfcheckSaysWhatItLeavesOut(t *testing.T) {
	t.Parallel()
	vars := selfcheckVars(pgtest.New(t))
	delete(vars, "WORKER_DATABASE_URL")
	delete(vars, "DATABASE_MIGRATE_URL")
	code, out, errOut := selfcheckIn(vars)
	if code != 0 {
		t.Fatalf("code %d\n%s%s", code, out, errOut)
	}
	_, left, _ := strings.Cut(out, "## What was left out")
	for _, want := range []string{"DATABASE_MIGRATE_URL", "WORKER_DATABASE_URL", "DEVELOPER_PUBLIC_URL", "TENANT_PUBLIC_URL"} {
		if !strings.Contains(left, want) {
			t.Errorf("doesn't name %s:\n%s", want, out)
		}
	}
}

// fingerprint is of every row of every table.
func fingerprint(db *pgtest.DB) string {
	return pgtest.Value[string](db, `
		select string_agg(c.relname || md5(query_to_xml('select * from ' || c.oid::regclass || ' x order by x::text', true, true, '')::text), ' ' order by c.relname)
		from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'`)
}

// holes are ways to spoil an installation at the database.
var databaseHoles = map[string]struct {
	sql  string
	says []string // each in some sentence
}{
	"a policy is dropped":               {`drop policy staff_all on house_types`, []string{"house_types", "policy"}},
	"a policy is widened":               {`alter policy staff_all on units using (true)`, []string{"sees", "other companies in units", "openhouse_developer_portal"}},
	"a policy in addition":              {`create policy more on units for select to openhouse_resident using (true)`, []string{"other companies in units", "the migrations don't make this policy"}},
	"a policy with an or":               {`alter policy staff_all on house_types using (tenant_id = (select current_setting('app.tenant_id'))::uuid and code <> 'none' or code = 'A')`, []string{"other companies in house_types"}},
	"security is not forced":            {`alter table units no force row level security`, []string{"units: does not force"}},
	"security is off":                   {`alter table units disable row level security`, []string{"units: has no row-level security", "as openhouse_resident reads units although no company is set"}},
	"a new table without security":      {`create table ledger (id uuid primary key, tenant_id uuid); grant select on ledger to openhouse_staff`, []string{"ledger: has no row-level security"}},
	"a right for a role":                {`grant select on staff to openhouse_resident`, []string{"staff: is for staff", "can read staff, which is for staff"}},
	"a right for a login":               {`grant select on units to openhouse_tenant_portal`, []string{"openhouse_tenant_portal can use units without a scope"}},
	"a right for everybody":             {`grant select on rate_limits to public`, []string{"rate_limits: gives everybody"}},
	"a right less":                      {`revoke update on units from openhouse_staff`, []string{"the migrations make this right on a table"}},
	"a door for a login":                {`grant execute on function staff_sign_in(text) to openhouse_tenant_portal`, []string{"openhouse_tenant_portal may call staff_sign_in"}},
	"a door for a role":                 {`grant execute on function staff_sign_in(text) to openhouse_resident`, []string{"staff_sign_in(p_email text): the migrations don't make this"}},
	"a function of the owner's":         {`create function peek() returns setof units language sql security definer as 'select * from units'; revoke all on function peek from public; grant execute on function peek to openhouse_resident`, []string{"peek(): runs with its owner's rights"}},
	"a view that reads as its owner":    {`create view all_homes as select * from units; grant select on all_homes to openhouse_staff`, []string{"all_homes"}},
	"a company for whoever doesn't say": {`do $$ begin execute format('alter database %I set app.tenant_id = %L', current_database(), md5('b:tenant')::uuid); end $$`, []string{"as openhouse_worker reads units although no company is set"}},
}

func TestSelfcheckNamesEveryHole(t *testing.T) {
	t.Parallel()
	original := pgtest.New(t)
	fillCompanies(t, original)
	for name, hole := range databaseHoles {
		t.Run(name, func(t *testing.T) {
			db := original.Clone(t)
			db.Exec(hole.sql)
			code, out, errOut := selfcheckIn(selfcheckVars(db))
			if code != startup.ExitFailed {
				t.Fatalf("code %d\n%s%s", code, out, errOut)
			}
			for _, want := range hole.says {
				if !strings.Contains(out, want) {
					t.Errorf("doesn't say %q:\n%s", want, out)
				}
			}
		})
	}
}

// Roles belong to a server, so these holes are made on one of the test's own, one after the other.
func TestSelfcheckNamesEveryUnsafeLogin(t *testing.T) {
	t.Parallel()
	db := pgtest.NewOn(t, pgtest.Server(t))
	fillCompanies(t, db)
	for _, hole := range []struct{ name, sql, undo, says string }{
		{"superuser", `alter role openhouse_tenant_portal superuser`, `alter role openhouse_tenant_portal nosuperuser`, "openhouse_tenant_portal: is a superuser"},
		{"bypasses", `alter role openhouse_tenant_portal bypassrls`, `alter role openhouse_tenant_portal nobypassrls`, "openhouse_tenant_portal: is a superuser, passes row-level security"},
		{"a second role", `grant openhouse_staff to openhouse_tenant_portal`, `revoke openhouse_staff from openhouse_tenant_portal`, "openhouse_tenant_portal: is a member of openhouse_resident, openhouse_staff"},
		{"inherits", `alter role openhouse_developer_portal inherit`, `alter role openhouse_developer_portal noinherit`, "openhouse_developer_portal: inherits"},
		{"owns", `create table mine (id uuid primary key); alter table mine owner to openhouse_developer_portal`, `drop table mine`, "owns mine"},
		{"a role that bypasses", `alter role openhouse_staff bypassrls`, `alter role openhouse_staff nobypassrls`, "rows of other companies in developments"},
		{"a door for a role", `grant openhouse_door to openhouse_staff`, `revoke openhouse_door from openhouse_staff`, "openhouse_staff: is a member of openhouse_door"},
	} {
		db.Exec(hole.sql)
		code, out, errOut := selfcheckIn(selfcheckVars(db))
		if code != startup.ExitFailed || !strings.Contains(out, hole.says) {
			t.Errorf("%s: code %d, doesn't say %q\n%s%s", hole.name, code, hole.says, out, errOut)
		}
		db.Exec(hole.undo)
	}
	if code, out, errOut := selfcheckIn(selfcheckVars(db)); code != 0 {
		t.Errorf("after all was undone: code %d\n%s%s", code, out, errOut)
	}
}

func TestSelfcheckThatCouldNotLook(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	older := pgtest.New(t)
	older.Exec(`insert into goose_db_version (version_id, is_applied) values (99999, true)`)
	for name, c := range map[string]struct {
		vars map[string]string
		args []string
		says string
	}{
		"no settings":             {map[string]string{"DEVELOPER_DATABASE_URL": "", "TENANT_DATABASE_URL": ""}, nil, "TENANT_DATABASE_URL is required"},
		"an unknown flag":         {nil, []string{"--fast"}, "its flags: --plant, --json"},
		"something more":          {nil, []string{"now"}, `"now" belongs to no flag`},
		"nobody there":            {map[string]string{"TENANT_DATABASE_URL": "postgres://portal:own-hush@127.0.0.1:1/openhouse"}, nil, "TENANT_DATABASE_URL can't be used"},
		"a wrong password":        {map[string]string{"TENANT_DATABASE_URL": strings.Replace(db.ResidentURL(), ":", ":x", 2)}, nil, "TENANT_DATABASE_URL"},
		"no administrator":        {map[string]string{"DATABASE_MIGRATE_URL": "postgres://postgres:own-hush@127.0.0.1:1/openhouse"}, nil, "DATABASE_MIGRATE_URL can't be used"},
		"a newer schema":          {map[string]string{"DEVELOPER_DATABASE_URL": older.StaffURL()}, nil, "it is at 99999, this program knows"},
		"nothing to plant with":   {nil, []string{"--plant"}, "DATABASE_MIGRATE_URL, DEVELOPER_PUBLIC_URL and TENANT_PUBLIC_URL must be set"},
		"no address":              {nil, []string{"--tenant-url", "homes"}, `--tenant-url "homes" is not an address`},
		"no portal there":         {map[string]string{"TENANT_PUBLIC_URL": "http://127.0.0.1:1"}, nil, "TENANT_PUBLIC_URL (http://127.0.0.1:1) can't be looked at"},
		"a folder for the report": {nil, []string{"--report", t.TempDir()}, "write the report"},
	} {
		vars := selfcheckVars(db)
		vars["DB_POOL_CONN_TIMEOUT_MS"] = "2000"
		maps.Copy(vars, c.vars)
		code, out, errOut := selfcheckIn(vars, c.args...)
		if code != startup.ExitUsage || !strings.Contains(errOut, c.says) || strings.Contains(out+errOut, "hush") {
			t.Errorf("%s: code %d, want %q\n%s%s", name, code, c.says, out, errOut)
		}
	}
}
