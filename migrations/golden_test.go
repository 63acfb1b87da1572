package migrations_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"openhouse.example/packages/pgdev/pgtest"
)

// golden compares lines with a file under testdata, or writes it with -update. The files are the surface of the
// schema: a change to them is meant to be read in review.
func golden(t *testing.T, file string, lines []string) {
	t.Helper()
	path := "testdata/" + file
	got := strings.Join(lines, "\n") + "\n"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; write it with: go test -run %s -update", err, t.Name())
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is not what the database has (-file +database); if the change is meant: go test -run %s -update\n%s", path, t.Name(), diff)
	}
}

func TestDoors(t *testing.T) {
	t.Parallel()
	golden(t, "doors.golden", column[string](t, connect(t, pgtest.New(t).AdminURL()), `
		select p.proname || '(' || pg_get_function_arguments(p.oid) || ')'
		    || E'\n    returns ' || pg_get_function_result(p.oid)
		    || E'\n    owner ' || p.proowner::regrole || case when p.prosecdef then ', security definer' else ', SECURITY INVOKER' end
		    || case p.provolatile when 's' then ', stable' when 'i' then ', immutable' else ', volatile' end
		    || ', ' || coalesce(array_to_string(p.proconfig, ', '), 'NO search_path')
		    || E'\n    called by ' || (
		        select string_agg(a.grantee::regrole::text, ', ' order by a.grantee::regrole::text)
		        from aclexplode(p.proacl) a join pg_roles r on r.oid = a.grantee and not r.rolcanlogin
		        where a.privilege_type = 'EXECUTE' and a.grantee <> p.proowner)
		    || ' and their logins'
		from pg_proc p
		where p.pronamespace = 'public'::regnamespace and (p.prosecdef or p.proowner = 'openhouse_door'::regrole)
		order by p.proname`))
}

func TestRights(t *testing.T) {
	t.Parallel()
	golden(t, "rights.golden", column[string](t, connect(t, pgtest.New(t).AdminURL()), `
		with entry as (
		    select c.relname, a.grantee, a.privilege_type, null::text as col, 0 as position
		    from pg_class c, aclexplode(c.relacl) a where c.relnamespace = 'public'::regnamespace and a.grantee <> c.relowner
		    union all
		    select c.relname, a.grantee, a.privilege_type, x.attname::text, x.attnum
		    from pg_class c join pg_attribute x on x.attrelid = c.oid, aclexplode(x.attacl) a
		    where c.relnamespace = 'public'::regnamespace and a.grantee <> c.relowner
		)
		select rpad(grantee::regrole::text, 19) || rpad(relname, 26) || rpad(lower(privilege_type), 7)
		    || coalesce('(' || string_agg(col, ', ' order by position) || ')', '')
		from entry group by grantee, relname, privilege_type order by grantee::regrole::text, relname, privilege_type`))
}
