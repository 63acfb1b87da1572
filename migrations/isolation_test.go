package migrations_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// rights lists, for a role, the company tables it may do something to and with which columns.
const rights = `
	select c.relname::text, array_agg(a.attname::text order by a.attnum)
	from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
	where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and has_column_privilege($1, c.oid, a.attnum, $2)
	  and exists (select 1 from pg_attribute k where k.attrelid = c.oid and k.attname = 'tenant_id')
	group by c.relname order by c.relname`

func allowed(t *testing.T, conn *pgx.Conn, role, privilege string) map[string][]string {
	t.Helper()
	rows, err := conn.Query(t.Context(), rights, role, privilege)
	if err != nil {
		t.Fatal(err)
	}
	tables := map[string][]string{}
	var table string
	var columns []string
	if _, err := pgx.ForEachRow(rows, []any{&table, &columns}, func() error {
		tables[table] = columns
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(tables) == 0 {
		t.Fatalf("%s may %s nothing; the test is blind", role, privilege)
	}
	return tables
}

// In every table, whatever a role may do, it does to its own company only.
func TestNobodyReachesAnotherCompany(t *testing.T) {
	t.Parallel()
	db := world(t)
	owner := connect(t, db.OwnerURL())
	for _, who := range []struct {
		name  string
		login string
		scope scope
	}{
		{"staff", db.StaffURL(), staffOf("a", "admin")},
		{"resident", db.ResidentURL(), residentOf("a", "anna", "home-1")},
		{"worker", db.WorkerURL(), workerOf("a")},
	} {
		t.Run(who.name, func(t *testing.T) {
			conn := connect(t, who.login)
			other := id("b", "tenant")
			for table := range allowed(t, owner, who.scope.role, "select") {
				inside(t, conn, who.scope, func(tx pgx.Tx) {
					if n := one[int64](t, tx, "select count(*) from "+table+" where tenant_id = $1", other); n != 0 {
						t.Errorf("sees %d rows of company b in %s", n, table)
					}
					if n := one[int64](t, tx, "select count(*) from "+table); n == 0 && table != "idempotency_keys" {
						t.Errorf("sees no row of its own in %s; the test is blind there", table)
					}
				})
			}
			for table, columns := range allowed(t, owner, who.scope.role, "update") {
				inside(t, conn, who.scope, func(tx pgx.Tx) {
					tag, err := tx.Exec(t.Context(), fmt.Sprintf("update %s set %[2]s = %[2]s where tenant_id = $1", table, pgx.Identifier{columns[0]}.Sanitize()), other)
					if err != nil || tag.RowsAffected() != 0 {
						t.Errorf("update of company b in %s: %v, %v", table, tag, err)
					}
				})
			}
			for table, columns := range allowed(t, owner, who.scope.role, "insert") {
				row := one[json.RawMessage](t, owner, "select to_jsonb(x) from "+table+" x where tenant_id = $1 limit 1", other)
				inside(t, conn, who.scope, func(tx pgx.Tx) {
					names := make([]string, len(columns))
					for i, column := range columns {
						names[i] = pgx.Identifier{column}.Sanitize()
					}
					list := strings.Join(names, ", ")
					_, err := tx.Exec(t.Context(), fmt.Sprintf("insert into %s (%s) select %[2]s from jsonb_populate_record(null::%[1]s, $1)", table, list), row)
					if code(err) != "42501" || !strings.Contains(err.Error(), "row-level security") {
						t.Errorf("insert for company b into %s: %v, want 42501 by row-level security", table, err)
					}
				})
			}
			var deletable []string
			for table := range allowed(t, owner, who.scope.role, "select") {
				if one[bool](t, owner, "select has_table_privilege($1, $2, 'delete')", who.scope.role, table) {
					deletable = append(deletable, table)
				}
			}
			for _, table := range deletable {
				inside(t, conn, who.scope, func(tx pgx.Tx) {
					if tag, err := tx.Exec(t.Context(), "delete from "+table+" where tenant_id = $1", other); err != nil || tag.RowsAffected() != 0 {
						t.Errorf("delete of company b in %s: %v, %v", table, tag, err)
					}
				})
			}
			if who.scope.role == "openhouse_staff" {
				inside(t, conn, who.scope, func(tx pgx.Tx) {
					if names := column[string](t, tx, "select slug from tenants"); len(names) != 1 || names[0] != "company-a" {
						t.Errorf("companies %v, want company-a", names)
					}
				})
			}
		})
	}
}

func TestWithoutAScopeNothingIsReadable(t *testing.T) {
	t.Parallel()
	db := world(t)
	owner := connect(t, db.OwnerURL())
	for _, login := range []string{db.StaffURL(), db.ResidentURL(), db.WorkerURL()} {
		conn := connect(t, login)
		for _, table := range column[string](t, owner, companyTables) {
			if _, err := conn.Exec(t.Context(), "select from "+table); code(err) != "42501" {
				t.Errorf("select from %s without a scope: %v, want 42501", table, err)
			}
		}
	}
}

// A role without its settings is an error, never all rows and never none.
func TestAMissingSettingIsLoud(t *testing.T) {
	t.Parallel()
	db := world(t)
	owner := connect(t, db.OwnerURL())
	for _, who := range []struct{ role, login string }{
		{"openhouse_staff", db.StaffURL()}, {"openhouse_resident", db.ResidentURL()}, {"openhouse_worker", db.WorkerURL()},
	} {
		fresh, reused := connect(t, who.login), connect(t, who.login)
		inside(t, reused, scope{who.role, map[string]string{"app.tenant_id": id("a", "tenant").String(), "app.staff_id": "", "app.resident_id": "", "app.unit_id": ""}}, func(pgx.Tx) {})
		for table := range allowed(t, owner, who.role, "select") {
			for name, want := range map[*pgx.Conn]string{fresh: "42704", reused: "22P02"} {
				inside(t, name, scope{who.role, nil}, func(tx pgx.Tx) {
					var n int64
					if err := tx.QueryRow(t.Context(), "select count(*) from "+table).Scan(&n); code(err) != want {
						t.Errorf("%s reads %s without settings: %v, want %s", who.role, table, err, want)
					}
				})
			}
		}
	}
}

func TestAReadOnlyScopeRefusesWrites(t *testing.T) {
	t.Parallel()
	db := world(t)
	inside(t, connect(t, db.StaffURL()), staffOf("a", "admin"), func(tx pgx.Tx) {
		if _, err := tx.Exec(t.Context(), "select set_config('transaction_read_only', 'on', true)"); err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(t.Context(), "update developments set name = 'x'"); code(err) != "25006" {
			t.Errorf("a write in a read-only scope: %v, want 25006", err)
		}
	})
}

func TestNoLoginTakesAnotherRole(t *testing.T) {
	t.Parallel()
	db := world(t)
	for login, roles := range map[string][]string{
		db.ResidentURL(): {"openhouse_staff", "openhouse_worker", "openhouse_door", "openhouse_owner"},
		db.StaffURL():    {"openhouse_resident", "openhouse_worker", "openhouse_door", "openhouse_owner"},
		db.WorkerURL():   {"openhouse_staff", "openhouse_resident", "openhouse_door", "openhouse_owner"},
	} {
		conn := connect(t, login)
		for _, role := range roles {
			if _, err := conn.Exec(t.Context(), "select set_config('role', $1, true)", role); code(err) != "42501" {
				t.Errorf("set_config('role', %s): %v, want 42501", role, err)
			}
		}
	}
	// Not from inside a scope either.
	inside(t, connect(t, db.ResidentURL()), residentOf("a", "anna", "home-1"), func(tx pgx.Tx) {
		if _, err := tx.Exec(t.Context(), "select set_config('role', 'openhouse_staff', true)"); code(err) != "42501" {
			t.Errorf("a resident's transaction becomes staff: %v, want 42501", err)
		}
	})
}

// seen is the ids a scope sees in a table, as the names they were made from.
func seen(t *testing.T, tx pgx.Tx, company, table, column string, names []string) []string {
	t.Helper()
	rows, err := tx.Query(context.Background(), fmt.Sprintf("select distinct %s from %s", pgx.Identifier{column}.Sanitize(), table))
	if err != nil {
		t.Fatalf("%s: %v", table, err)
	}
	visible, err := pgx.CollectRows(rows, pgx.RowTo[[16]byte])
	if err != nil {
		t.Fatalf("%s: %v", table, err)
	}
	var found []string
	for _, name := range names {
		for _, v := range visible {
			if v == id(company, name) {
				found = append(found, name)
			}
		}
	}
	if len(found) != len(visible) {
		found = append(found, fmt.Sprintf("and %d that nobody named", len(visible)-len(found)))
	}
	return found
}
