package migrations_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"openhouse.example/migrations"
	"openhouse.example/packages/pgdev/pgtest"
)

// companyTables are all tables with a tenant_id.
const companyTables = `
	select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
	where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' order by 1`

func TestWorldHasRowsOfBothCompaniesInEveryTable(t *testing.T) {
	t.Parallel()
	conn := connect(t, world(t).OwnerURL())
	for _, table := range column[string](t, conn, companyTables) {
		if n := one[int64](t, conn, "select count(distinct tenant_id) from "+table); n != 2 {
			t.Errorf("%s has rows of %d companies, want 2: testdata/company.sql is behind the schema", table, n)
		}
	}
}

// objects describes everything that a database has in public, apart from the extensions' and the library's own.
const objects = `
	select 'relation ' || c.relname || ' ' || coalesce(obj_description(c.oid, 'pg_class'), '') || ' ' || coalesce(pg_get_indexdef(x.indexrelid), '')
	from pg_class c left join pg_index x on x.indexrelid = c.oid where c.relnamespace = 'public'::regnamespace and c.relname not like 'goose%'
	union all select 'function ' || p.oid::regprocedure || ' ' || p.proowner::regrole || ' ' || (select string_agg(a::text, ' ' order by a::text) from unnest(p.proacl) a) from pg_proc p
	where p.pronamespace = 'public'::regnamespace and not exists (select 1 from pg_depend d where d.objid = p.oid and d.deptype = 'e')
	union all select 'policy ' || polrelid::regclass || ' ' || polname || ' ' || coalesce(pg_get_expr(polqual, polrelid), '') || ' ' || coalesce(pg_get_expr(polwithcheck, polrelid), '') from pg_policy
	union all select 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) from pg_constraint where connamespace = 'public'::regnamespace and conrelid <> 0 and conrelid <> 'goose_db_version'::regclass
	union all select 'column ' || attrelid::regclass || ' ' || attname || ' ' || format_type(atttypid, atttypmod) || ' ' || attnotnull || coalesce(attacl::text, '') from pg_attribute a
	join pg_class c on c.oid = a.attrelid where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped and c.relname not like 'goose%'
	union all select 'rights ' || relname || ' ' || relacl::text from pg_class where relnamespace = 'public'::regnamespace and relacl is not null and relkind = 'r' and relname not like 'goose%'
	union all select 'search ' || cfgname from pg_ts_config where cfgnamespace = 'public'::regnamespace
	union all select 'schema ' || nspacl::text from pg_namespace where nspname = 'public'
	union all select 'default rights ' || defaclrole::regrole || ' ' || defaclacl::text from pg_default_acl
	order by 1`

func TestDownToEmptyAndUpAgainWithRows(t *testing.T) {
	t.Parallel()
	db := world(t)
	before := column[string](t, connect(t, db.AdminURL()), objects)

	var steps []string
	if err := migrations.Down(t.Context(), db.AdminURL(), 0, func(line string) { steps = append(steps, line) }); err != nil {
		t.Fatal(err)
	}
	if want := int(migrations.Latest()); len(steps) != want {
		t.Errorf("%d steps told, want %d: %v", len(steps), want, steps)
	}
	left := column[string](t, connect(t, db.AdminURL()), objects)
	left = slices.DeleteFunc(left, func(line string) bool {
		return strings.HasPrefix(line, "schema ") // the rights that prepare a database stay
	})
	if len(left) > 0 {
		t.Errorf("left over at version 0:\n%s", strings.Join(left, "\n"))
	}

	if err := migrations.Up(t.Context(), db.AdminURL(), nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, column[string](t, connect(t, db.AdminURL()), objects)); diff != "" {
		t.Errorf("the second up made something else (-first +second):\n%s", diff)
	}
	fill(t, db.OwnerURL())
}

func TestEachStepDownAndUpAgainWithRows(t *testing.T) {
	t.Parallel()
	db := world(t)
	admin := connect(t, db.AdminURL())
	before := column[string](t, admin, objects)
	for to := migrations.Latest() - 1; to >= 2; to-- {
		if err := migrations.Down(t.Context(), db.AdminURL(), to, nil); err != nil {
			t.Fatalf("down to %d: %v", to, err)
		}
		if n := one[int64](t, admin, "select count(*) from tenants"); n != 2 {
			t.Fatalf("at version %d there are %d companies, want 2: a step took rows that are not its own", to, n)
		}
		if err := migrations.Up(t.Context(), db.AdminURL(), nil); err != nil {
			t.Fatalf("up again from %d: %v", to, err)
		}
	}
	if diff := cmp.Diff(before, column[string](t, admin, objects)); diff != "" {
		t.Errorf("going down and up changed the schema (-before +after):\n%s", diff)
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	db := pgtest.NewEmpty(t)
	pending, err := migrations.Status(t.Context(), db.AdminURL())
	if err != nil {
		t.Fatal(err)
	}
	if len(pending) != int(migrations.Latest()) || slices.ContainsFunc(pending, func(m migrations.Migration) bool { return m.Applied }) {
		t.Errorf("an empty database: %+v, want %d pending", pending, migrations.Latest())
	}
	if exists := one[bool](t, connect(t, db.AdminURL()), "select to_regclass('goose_db_version') is not null"); exists {
		t.Error("Status made a table; it must change nothing")
	}

	if err := migrations.Up(t.Context(), db.AdminURL(), nil); err != nil {
		t.Fatal(err)
	}
	if err := migrations.Down(t.Context(), db.AdminURL(), 3, nil); err != nil {
		t.Fatal(err)
	}
	some, err := migrations.Status(t.Context(), db.AdminURL())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range some {
		if m.Applied != (m.Version <= 3) || m.Applied == m.AppliedAt.IsZero() || !strings.HasSuffix(m.Name, ".sql") {
			t.Errorf("at version 3: %+v", m)
		}
	}
}

func TestANewerDatabaseIsLeftAlone(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	db.Exec("insert into goose_db_version (version_id, is_applied) values ($1, true)", migrations.Latest()+7)
	if err := migrations.Up(t.Context(), db.AdminURL(), nil); err != nil {
		t.Errorf("up on a newer database: %v, want nothing done", err)
	}
	if err := migrations.Down(t.Context(), db.AdminURL(), 0, nil); err == nil || !strings.Contains(err.Error(), "with the program that brought it up") {
		t.Errorf("down on a newer database: %v, want a refusal that says what to do", err)
	}
	list, err := migrations.Status(t.Context(), db.AdminURL())
	if err != nil {
		t.Fatal(err)
	}
	if last := list[len(list)-1]; last.Version != migrations.Latest()+7 || last.Name != "" || !last.Applied {
		t.Errorf("status ends with %+v, want the unknown version", last)
	}
}

func TestAFailingStepIsNamedAndRolledBack(t *testing.T) {
	t.Parallel()
	db := pgtest.NewEmpty(t)
	if err := migrations.Up(t.Context(), db.AdminURL(), nil); err != nil {
		t.Fatal(err)
	}
	if err := migrations.Down(t.Context(), db.AdminURL(), 5, nil); err != nil {
		t.Fatal(err)
	}
	db.Exec("create table import_rows (already_here int)")
	err := migrations.Up(t.Context(), db.AdminURL(), nil)
	if err == nil || !strings.Contains(err.Error(), "00006_imports.sql") || code(err) != "42P07" {
		t.Fatalf("up over a foreign table: %v, want the file's name and 42P07", err)
	}
	if exists := one[bool](t, connect(t, db.AdminURL()), "select to_regclass('imports') is not null"); exists {
		t.Error("the failed file left the table imports behind")
	}
	db.Exec("drop table import_rows")
	if err := migrations.Up(t.Context(), db.AdminURL(), nil); err != nil {
		t.Errorf("up after mending: %v", err)
	}
}

func TestHashAndLatest(t *testing.T) {
	t.Parallel()
	if h := migrations.Hash(); len(h) != 64 || h != migrations.Hash() {
		t.Errorf("Hash() = %q, want the same 64 hex digits twice", h)
	}
	conn := connect(t, pgtest.New(t).StaffURL())
	if v := one[int64](t, conn, "select schema_version()"); v != migrations.Latest() {
		t.Errorf("schema_version() = %d, Latest() = %d", v, migrations.Latest())
	}
}
