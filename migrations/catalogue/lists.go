package catalogue

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// List is one kind of thing that stands between companies, each as a line of text. The lines don't depend on which
// logins and extensions a server has, so they can be compared with those of a freshly migrated database.
type List struct {
	Name string // of its golden file in migrations/testdata, without the ending
	What string // what one line is, in a word or two
	sql  string
}

// Lists are all lists.
var Lists = []List{
	{"doors", "function that runs with other rights than its caller's", doorsSQL},
	{"rights", "right on a table", rightsSQL},
	{"policies", "policy", policiesSQL},
}

const (
	doorsSQL = `
		select p.proname || '(' || pg_get_function_arguments(p.oid) || ')'
		    || E'\n    returns ' || pg_get_function_result(p.oid)
		    || E'\n    owner ' || p.proowner::regrole || case when p.prosecdef then ', security definer' else ', SECURITY INVOKER' end
		    || case p.provolatile when 's' then ', stable' when 'i' then ', immutable' else ', volatile' end
		    || ', ' || coalesce(array_to_string(p.proconfig, ', '), 'NO search_path')
		    || E'\n    called by ' || coalesce((
		        select string_agg(a.grantee::regrole::text, ', ' order by a.grantee::regrole::text)
		        from aclexplode(p.proacl) a join pg_roles r on r.oid = a.grantee and not r.rolcanlogin
		        where a.privilege_type = 'EXECUTE' and a.grantee <> p.proowner)
		    || ' and their logins', 'other doors only')
		from pg_proc p
		where p.pronamespace = 'public'::regnamespace and (p.prosecdef or p.proowner = 'openhouse_door'::regrole)
		  and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
		order by p.proname`

	rightsSQL = `
		with relation as (
		    select c.* from pg_class c where c.relnamespace = 'public'::regnamespace
		      and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
		), entry as (
		    select c.relname, a.grantee, a.privilege_type, null::text as col, 0 as position
		    from relation c, aclexplode(c.relacl) a where a.grantee <> c.relowner
		    union all
		    select c.relname, a.grantee, a.privilege_type, x.attname::text, x.attnum
		    from relation c join pg_attribute x on x.attrelid = c.oid, aclexplode(x.attacl) a where a.grantee <> c.relowner
		)
		select rpad(grantee::regrole::text, 19) || rpad(relname, 26) || rpad(lower(privilege_type), 7)
		    || coalesce('(' || string_agg(col, ', ' order by position) || ')', '')
		from entry group by grantee, relname, privilege_type order by grantee::regrole::text, relname, privilege_type`

	// The releases of Postgres print a sub-select with or without the name of its column, and break lines differently.
	policiesSQL = `
		select c.relname || ': ' || p.polname || case when p.polpermissive then '' else ', restrictive' end
		    || ', for ' || case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end
		    || ' to ' || array_to_string(array(select r::regrole::text from unnest(p.polroles) r order by 1), ', ')
		    || coalesce(E'\n    using ' || regexp_replace(regexp_replace(pg_get_expr(p.polqual, p.polrelid), ' AS current_setting', '', 'g'), '\s+', ' ', 'g'), '')
		    || coalesce(E'\n    check ' || regexp_replace(regexp_replace(pg_get_expr(p.polwithcheck, p.polrelid), ' AS current_setting', '', 'g'), '\s+', ' ', 'g'), '')
		from pg_policy p join pg_class c on c.oid = p.polrelid
		where c.relnamespace = 'public'::regnamespace
		order by c.relname, p.polname`
)

// Read answers the lines as the database behind conn has them.
func (l List) Read(ctx context.Context, conn Querier) ([]string, error) {
	rows, err := conn.Query(ctx, l.sql)
	if err != nil {
		return nil, fmt.Errorf("list the %s: %w", l.Name, err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("list the %s: %w", l.Name, err)
	}
	return lines, nil
}
