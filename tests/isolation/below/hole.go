package below

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/platform"
	"openhouse.example/tests/isolation/world"
)

// Hole is something wrong in the database, made on purpose.
type Hole struct {
	Name   string
	SQL    string
	Tables []string // where to look
	Doors  []string
	Roles  []string // of which scopes
}

// Kind is what sort of hole it is: the words before the first name.
func (h Hole) Kind() string {
	kind, _, _ := strings.Cut(h.Name, ":")
	if before, _, named := strings.Cut(kind, "granted to"); named && strings.HasPrefix(kind, "door ") {
		return "door granted"
	} else if named {
		command, rest, _ := strings.Cut(before, " ")
		what, _, _ := strings.Cut(rest, " ")
		return command + " " + what + " granted"
	}
	for _, kind := range []string{"no row-level security", "belongs to", "with one more column", "without"} {
		if strings.Contains(h.Name, kind) {
			return kind
		}
	}
	return kind
}

// Holes are made from the catalogue and the golden files: a new table, policy, key or door brings its own.
func (e *Env) Holes(ctx context.Context, admin *pgx.Conn) ([]Hole, error) {
	var all []Hole
	for _, make := range []func(context.Context, *pgx.Conn) ([]Hole, error){e.policyHoles, e.tableHoles, e.grantHoles, e.keyHoles, e.doorHoles} {
		holes, err := make(ctx, admin)
		if err != nil {
			return nil, err
		}
		all = append(all, holes...)
	}
	return append(all, e.otherHoles()...), nil
}

var portals = []string{platform.RoleStaff, platform.RoleResident, platform.RoleWorker}

const policiesSQL = `
	select t.relname::text, p.polname::text, r.rolname::text, p.polcmd::text, coalesce(pg_get_expr(p.polqual, p.polrelid), '') || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '')
	from pg_policy p join pg_class t on t.oid = p.polrelid cross join unnest(p.polroles) as of_role join pg_roles r on r.oid = of_role
	where t.relnamespace = 'public'::regnamespace and r.rolname <> 'openhouse_owner' order by 1, 2`

// narrower are conditions that ask for more than the company.
var narrower = regexp.MustCompile(` AND |app\.(staff|resident|unit)_id`)

func (e *Env) policyHoles(ctx context.Context, admin *pgx.Conn) (holes []Hole, err error) {
	type entry struct{ Table, Policy, Role, Command, Condition string }
	entries, err := world.Ask[entry](ctx, admin, policiesSQL)
	for _, p := range entries {
		table, policy, role, command, condition := p.Table, p.Policy, p.Role, p.Command, p.Condition
		on := fmt.Sprintf("%s on %s", name(policy), name(table))
		widened := func(to string) string {
			sql := "alter policy " + on
			if command != "a" {
				sql += " using (" + to + ")"
			}
			if command == "*" || command == "a" || command == "w" {
				sql += " with check (" + to + ")"
			}
			return sql
		}
		hole := Hole{Tables: []string{table}, Roles: []string{role}}
		if role == "openhouse_door" {
			hole.Tables, hole.Roles = nil, portals
			for _, d := range e.Doors {
				hole.Doors = append(hole.Doors, d.Name)
			}
		}
		hole.Name, hole.SQL = "policy dropped: "+policy+" on "+table, "drop policy "+on
		holes = append(holes, hole)
		if role == "openhouse_door" { // wide as it is: its columns and its doors are the limit
			continue
		}
		hole.Name, hole.SQL = "policy for all rows: "+policy+" on "+table, widened("true")
		holes = append(holes, hole)
		if narrower.MatchString(strings.ReplaceAll(condition, " AND true", "")) {
			company := "tenant_id"
			if table == "tenants" {
				company = "id"
			}
			hole.Name, hole.SQL = "policy for the whole company: "+policy+" on "+table, widened(company+" = current_setting('app.tenant_id')::uuid")
			holes = append(holes, hole)
		}
	}
	return holes, err
}

func (e *Env) tableHoles(context.Context, *pgx.Conn) (holes []Hole, err error) {
	for _, t := range e.World.Sorted() {
		n := name(t.Name)
		holes = append(holes,
			Hole{Name: "no row-level security on " + t.Name, SQL: "alter table " + n + " disable row level security", Tables: []string{t.Name}, Roles: portals})
		for _, role := range portals {
			holes = append(holes, Hole{
				Name: t.Name + " belongs to " + role + ", security not forced", Tables: []string{t.Name}, Roles: []string{role},
				SQL: fmt.Sprintf("alter table %s no force row level security; alter table %[1]s owner to %s", n, role),
			})
		}
	}
	return holes, nil
}

func (e *Env) grantHoles(context.Context, *pgx.Conn) (holes []Hole, err error) {
	for _, t := range e.World.Sorted() {
		for _, role := range append(slices.Clone(portals), "public", "openhouse_tenant_portal", "openhouse_developer_portal") {
			for _, command := range []string{"select", "insert", "update", "delete", "truncate"} {
				if e.Rights[role][t.Name][command] != nil {
					continue
				}
				who := []string{role}
				if !slices.Contains(portals, role) {
					who = portals
				}
				holes = append(holes, Hole{
					Name: fmt.Sprintf("%s on %s granted to %s", command, t.Name, role), Tables: []string{t.Name}, Roles: who,
					SQL: fmt.Sprintf("grant %s on %s to %s", command, name(t.Name), role),
				})
			}
		}
		for _, role := range portals {
			for _, command := range []string{"select", "insert", "update"} {
				columns := e.Rights.Of(role, t, command)
				for _, c := range t.Columns {
					if columns == nil || slices.Contains(columns, c.Name) || c.Generated && command != "select" {
						continue
					}
					holes = append(holes, Hole{
						Name: fmt.Sprintf("%s of %s.%s granted to %s", command, t.Name, c.Name, role), Tables: []string{t.Name}, Roles: []string{role},
						SQL: fmt.Sprintf("grant %s (%s) on %s to %s", command, name(c.Name), name(t.Name), role),
					})
				}
			}
		}
	}
	return holes, nil
}

const uniquesSQL = `
	select t.relname::text, i.indexrelid::regclass::text, coalesce(pg_get_expr(i.indpred, i.indrelid), 'true'), array_agg(a.attname::text order by k.place)
	from pg_index i join pg_class t on t.oid = i.indrelid
	cross join lateral unnest(i.indkey::smallint[]) with ordinality as k (attnum, place)
	join pg_attribute a on a.attrelid = t.oid and a.attnum = k.attnum
	where t.relnamespace = 'public'::regnamespace and i.indisunique and a.attname <> 'tenant_id'
	group by 1, i.indexrelid, 3 order by 1, 2`

// keyHoles leave the company out of what is unique and of what refers.
func (e *Env) keyHoles(ctx context.Context, admin *pgx.Conn) (holes []Hole, err error) {
	type unique struct {
		Table, Index, Condition string
		Columns                 []string
	}
	uniques, err := world.Ask[unique](ctx, admin, uniquesSQL)
	for _, u := range uniques {
		if t := e.World.Tables[u.Table]; t != nil && t.Has("tenant_id") {
			holes = append(holes, Hole{
				Name: fmt.Sprintf("unique over all companies: %s (%s)", u.Index, strings.Join(u.Columns, ", ")), Tables: []string{u.Table}, Roles: portals,
				SQL: fmt.Sprintf("create unique index hole on %s (%s) where tenant_id in (md5('a:tenant')::uuid, md5('b:tenant')::uuid) and (%s)",
					name(u.Table), names(u.Columns), u.Condition),
			})
		}
	}
	for _, t := range e.World.Sorted() {
		for _, p := range t.Parents {
			if p.Table == "tenants" {
				continue
			}
			last, there := p.Columns[len(p.Columns)-1], p.Referenced[len(p.Referenced)-1]
			holes = append(holes, Hole{
				Name: "reference to any company: " + t.Name + " " + p.Name, Tables: []string{t.Name}, Roles: portals,
				SQL: fmt.Sprintf("create unique index hole on %s (%s); alter table %s drop constraint %s, add constraint hole foreign key (%s) references %[1]s (%[2]s)",
					name(p.Table), name(there), name(t.Name), name(p.Name), name(last)),
			})
		}
	}
	return holes, err
}

const doorsSQL = `
	select p.proname::text, p.oid::regprocedure::text, pg_get_functiondef(p.oid), l.lanname = 'sql' and p.proretset, coalesce(pg_get_function_result(p.oid), '')
	from pg_proc p join pg_language l on l.oid = p.prolang where p.pronamespace = 'public'::regnamespace and p.prosecdef order by 1`

// loosened are parts of a door that narrow its answer, and what stands there in a door that doesn't.
var loosened = []struct {
	part *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`\b\w+\.\w+ = p_\w+\b`), "true"},
	{regexp.MustCompile(`\b(\w+\.\w+) = lower\(btrim\(p_email\)\)`), "$1 like '%' || lower(btrim(p_email)) || '%'"},
	{regexp.MustCompile(`\b(\w+\.\w+) = w\.email`), "$1 like '%' || w.email || '%'"},
	{regexp.MustCompile(`\b\w+\.(suspended_at|disabled_at|used_at|ended_at|revoked_at) is null`), "true"},
	{regexp.MustCompile(`\be\.expires_at > now\(\)`), "true"},
	{regexp.MustCompile(`\blimit 5\b`), "limit 500"},
	{regexp.MustCompile(` and t\.demo\b`), ""},
}

func (e *Env) doorHoles(ctx context.Context, admin *pgx.Conn) (holes []Hole, err error) {
	type entry struct {
		Name, Signature, Definition string
		Wraps                       bool
		Result                      string
	}
	entries, err := world.Ask[entry](ctx, admin, doorsSQL)
	for _, f := range entries {
		door, signature, definition, result := f.Name, f.Signature, f.Definition, f.Result
		i := slices.IndexFunc(e.Doors, func(d *Door) bool { return d.Name == door })
		if i < 0 {
			return nil, fmt.Errorf("the door %s is not in doors.golden", signature)
		}
		for _, role := range append(slices.Clone(portals), "public") {
			if !slices.Contains(e.Doors[i].Callers, role) && len(e.Doors[i].Callers) < len(portals) {
				holes = append(holes, Hole{Name: "door " + door + " granted to " + role, SQL: "grant execute on function " + signature + " to " + role, Roles: portals})
			}
		}
		for _, l := range loosened {
			for n, at := range l.part.FindAllStringIndex(definition, -1) {
				part := definition[at[0]:at[1]]
				holes = append(holes, Hole{
					Name: fmt.Sprintf("door %s without %q (%d)", door, strings.TrimSpace(part), n), Doors: []string{door}, Roles: portals,
					SQL: definition[:at[0]] + l.part.ReplaceAllString(part, l.with) + definition[at[1]:],
				})
			}
		}
		if f.Wraps && strings.HasPrefix(result, "TABLE(") {
			more := strings.Replace(definition, result, strings.TrimSuffix(result, ")")+", more text)", 1)
			body := definition[strings.Index(definition, "AS $function$")+len("AS $function$") : strings.LastIndex(definition, "$function$")]
			if strings.HasPrefix(strings.TrimSpace(body), "select") || strings.HasPrefix(strings.TrimSpace(body), "with") {
				more = strings.Replace(more, body, "select x.*, 'more' from ("+body+") x", 1)
				holes = append(holes, Hole{
					Name: "door " + door + " with one more column", Doors: []string{door}, Roles: portals,
					SQL: fmt.Sprintf("drop function %s cascade; %s; alter function %[1]s owner to openhouse_door; grant execute on function %[1]s to %[3]s",
						signature, more, strings.Join(e.Doors[i].Callers, ", ")),
				})
			}
		}
	}
	return holes, err
}

func (e *Env) otherHoles() []Hole {
	return []Hole{
		{Name: "a view with its owner's rights", SQL: "create view all_homes as select * from units; grant select on all_homes to openhouse_resident", Roles: portals},
		{Name: "a view with its caller's rights, unnamed", SQL: "create view some_homes with (security_invoker = true) as select id from units; grant select on some_homes to openhouse_staff", Roles: portals},
		{Name: "a materialised view", SQL: "create materialized view kept_homes as select * from units; grant select on kept_homes to openhouse_staff", Roles: portals},
		{Name: "a function with its owner's rights", SQL: "create function all_homes() returns setof units language sql security definer as 'select * from units'; grant execute on function all_homes to openhouse_resident", Roles: portals},
		{Name: "a function for everybody", SQL: "create function harmless() returns integer language sql as 'select 1'; grant execute on function harmless to public", Roles: portals},
		{Name: "a default company", SQL: `do $$ begin execute format('alter database %I set app.tenant_id = %L', current_database(), md5('b:tenant')::uuid); end $$`, Roles: portals},
		{Name: "whoever comes creates tables", SQL: "grant create on schema public to public", Roles: portals},
		{Name: "attempts for everybody", SQL: "grant select on rate_limits to openhouse_resident", Roles: portals},
	}
}
