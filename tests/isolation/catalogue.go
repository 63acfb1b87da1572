package isolation

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// table is a table of company data as the catalogue has it.
type table struct {
	name    string
	columns []column
}

type column struct {
	name     string
	text     bool            // of a type that holds words
	readable map[string]bool // by which of the roles
}

// the roles that run on behalf of somebody.
const (
	roleStaff    = "openhouse_staff"
	roleResident = "openhouse_resident"
	roleWorker   = "openhouse_worker"
)

const companyColumns = `
	select c.relname::text, a.attname::text, a.atttypid in ('text'::regtype, 'varchar'::regtype) and a.attgenerated = '',
	    array(select r.rolname::text from pg_roles r where r.rolname = any ($1) and has_column_privilege(r.oid, c.oid, a.attnum, 'select'))
	from pg_class c
	join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
	where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
	  and (c.relname = 'tenants' or exists (select from pg_attribute k where k.attrelid = c.oid and k.attname = 'tenant_id' and not k.attisdropped))
	order by c.relname, a.attnum`

// readTables lists the tables of company data.
func readTables(ctx context.Context, conn *pgx.Conn) ([]table, error) {
	var tables []table
	var name string
	var c column
	var roles []string
	err := forEach(ctx, conn, []any{&name, &c.name, &c.text, &roles}, func() error {
		if len(tables) == 0 || tables[len(tables)-1].name != name {
			tables = append(tables, table{name: name})
		}
		c.readable = map[string]bool{}
		for _, r := range roles {
			c.readable[r] = true
		}
		last := &tables[len(tables)-1]
		last.columns = append(last.columns, c)
		return nil
	}, companyColumns, []string{roleStaff, roleResident, roleWorker})
	return tables, err
}

// forEach runs a query and fn for each of its rows, which are read into the variables.
func forEach(ctx context.Context, conn *pgx.Conn, into []any, fn func() error, sql string, args ...any) error {
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	if _, err := pgx.ForEachRow(rows, into, fn); err != nil {
		return err
	}
	return rows.Err()
}

func (t table) has(name string) bool {
	return slices.ContainsFunc(t.columns, func(c column) bool { return c.name == name })
}

// readable are the columns that a role may select.
func (t table) readable(role string) []string {
	var names []string
	for _, c := range t.columns {
		if c.readable[role] {
			names = append(names, c.name)
		}
	}
	return names
}

// key is a column that says whose a row is, here or as the id of the thing itself.
func (t table) key(name, itself string) string {
	switch {
	case t.name == itself:
		return "x.id"
	case t.has(name):
		return "x." + name
	}
	return "null::uuid"
}

func (t table) company() string {
	if t.name == "tenants" {
		return "x.id"
	}
	return "x.tenant_id"
}

// owner lists, as SQL over a row x, what Owner holds. What names a person or a home but no development belongs to that
// of the person's home.
func (t table) owner() string {
	home, person := t.key("unit_id", "units"), t.key("resident_id", "residents")
	development := t.key("development_id", "developments")
	if t.name != "tenants" && development == "null::uuid" && (home != "null::uuid" || person != "null::uuid") {
		development = fmt.Sprintf(`(select o.development_id from occupancies o where o.tenant_id = %s and (o.unit_id = %s or o.resident_id = %s)
			order by o.ended_at nulls first, o.started_at desc limit 1)`, t.company(), home, person)
	}
	list := []string{t.company(), development, t.key("house_type_id", "house_types"), home, person}
	for i := range list {
		list[i] = "coalesce((" + list[i] + ")::text, '')"
	}
	return strings.Join(list, ", ")
}

// author is, as SQL over a row x, the column that says who did something.
func (t table) author() string {
	for _, name := range []string{"actor_id", "subject_id"} {
		if t.has(name) {
			return "coalesce(x." + name + "::text, '')"
		}
	}
	return "''"
}

// Owner is whose a row is, as far as the row says: "" means everybody's within what is left.
type Owner struct{ Company, Development, HouseType, Unit, Resident string }
