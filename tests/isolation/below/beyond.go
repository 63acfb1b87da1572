package below

import (
	"context"
	"fmt"

	"openhouse.example/packages/platform"
	"openhouse.example/tests/isolation/tries"
	"openhouse.example/tests/isolation/world"
)

var allRoles = []string{"openhouse_owner", platform.RoleStaff, platform.RoleResident, platform.RoleWorker, "openhouse_door", "postgres", "pg_read_all_data"}

// Beyond tries to get out of a scope altogether: to another role, to the disk, to the catalogue's figures about rows,
// and to tables without any scope.
func (e *Env) Beyond(ctx context.Context, l Logins, relations []string, r *tries.Report) error {
	for _, role := range sortedKeys(l) {
		d, s := l[role], e.first(role)
		var list []shape
		add := func(class, sql string, want func(Result) string) {
			list = append(list, shape{class: class, sql: sql, want: want})
		}
		for _, other := range allRoles {
			if other == role {
				continue
			}
			add(classRole, "set role "+other, refused)
			add(classRole, "set session authorization "+other, refused)
			add(classRole, fmt.Sprintf("select set_config('role', '%s', true)", other), refused)
			add(classRole, fmt.Sprintf("grant %s to current_user", other), failed)
		}
		for _, sql := range []string{
			"reset role; select count(*) from units", "set role none; select count(*) from units",
			"select set_config('role', 'none', true); select count(*) from units", "reset session authorization; select count(*) from units",
			"set row_security = off; select count(*) from tenants",
			"create table public.mine (n integer)", "create view public.mine as select * from tenants", "create schema mine",
			"create function public.mine() returns integer language sql security definer return 1", "create extension dblink",
			"select pg_read_file('PG_VERSION')", "select lo_import('/etc/passwd')", "copy tenants to program 'cat'", "copy (select 1) to '/tmp/x'",
			"select pg_ls_dir('.')", "alter role current_user superuser", "alter role current_user bypassrls",
			"alter database " + "postgres" + " set app.tenant_id = 'x'", "create policy mine on tenants using (true)", "grant select on tenants to public",
		} {
			add(classRole, sql, failed)
		}
		for _, sql := range []string{
			"select * from pg_stats where schemaname = 'public'", "select * from pg_stats_ext where schemaname = 'public'",
			"select query from pg_stat_activity where usename is distinct from session_user",
			"select prosrc from pg_proc where pronamespace = 'public'::regnamespace",
		} {
			add(classCatalogue, sql, nil)
		}
		add(classCatalogue, "select stavalues1 from pg_statistic", refused)
		add(classCatalogue, "select rolpassword from pg_authid", refused)
		if role == platform.RoleResident { // whoever can write SQL chooses the settings, not the role
			for _, t := range e.World.Sorted() {
				if e.Rights[role][t.Name] == nil {
					sql := fmt.Sprintf("select set_config('app.tenant_id', '%s', true), set_config('app.staff_id', '%s', true); select count(*) from %s",
						world.ID("b", "tenant"), world.ID("b", "admin"), name(t.Name))
					list = append(list, shape{class: classInjected, sql: sql, given: sql, want: refused})
				}
			}
		}
		for _, sh := range list {
			e.judge(r, s, sh, d.Run(ctx, s, sh.sql))
		}
		e.unscoped(ctx, d, role, relations, r)
		d.Undo(ctx)
		if err := d.alive(); err != nil {
			return err
		}
	}
	return nil
}

// unscoped reads every relation as the bare login, and as its role without the settings.
func (e *Env) unscoped(ctx context.Context, d *Direct, role string, relations []string, r *tries.Report) {
	for _, relation := range relations {
		for _, sql := range []string{"select count(*) from %s", "select * from %s limit 1", "delete from %s", "insert into %s default values", "truncate %s"} {
			sh := shape{class: classUnscoped, sql: fmt.Sprintf(sql, name(relation)), want: refused}
			e.judge(r, e.first(role), sh, d.Run(ctx, nil, sh.sql))
		}
		known := e.World.Tables[relation]
		if known != nil {
			sh := shape{class: classUnscoped, sql: fmt.Sprintf("update %s set %s = null", name(relation), name(known.Company())), want: refused}
			e.judge(r, e.first(role), sh, d.Run(ctx, nil, sh.sql))
		}
		if known == nil { // no table of company data: nobody's but the doors'
			sh := shape{class: classRight, sql: "select count(*) from " + name(relation), want: refused}
			e.judge(r, e.first(role), sh, d.Run(ctx, e.first(role), sh.sql))
			continue
		}
		if columns := e.Rights.Of(role, known, "select"); columns != nil {
			sh := shape{class: classUnscoped, sql: fmt.Sprintf("set local role %s; select %s from %s", role, names(columns), name(relation)), want: loud}
			e.judge(r, e.first(role), sh, d.Run(ctx, nil, sh.sql))
		}
	}
}

// loud wants an error about the missing setting, never rows and never none.
func loud(r Result) string {
	if c := code(r.Err); c != "42704" && c != "22P02" {
		return "without its settings it " + outcome(r)
	}
	return ""
}
