// Package catalogue reads Postgres' own catalogue and says where a database breaks the rules that isolation stands on:
// forced row-level security, policies for whoever has rights, keys that carry the company, comments, no right too many.
//
// Check judges one database, Logins the logins of the server. Both only read, as any role, and answer findings that
// name the object and what is wrong with it; no finding means that every rule holds. They know the schema's rules,
// not what the tables are for; what stands outside a rule is on a list in exceptions.go, each with its reason.
package catalogue

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Finding is one broken rule at one object.
type Finding struct {
	Rule    string // short, stable name, "rls-forced"
	Object  string // table, "index i of table t", function or role
	Problem string // what is wrong, in a sentence
}

func (f Finding) String() string {
	return fmt.Sprintf("%s: %s (%s)", f.Object, f.Problem, f.Rule)
}

// rule is one question to the catalogue. The SQL answers rows of (object, problem) and may name the lists of
// exceptions.go as @name.
type rule struct {
	name string
	sql  string
}

// Querier is a connection, or whatever else answers a query: a pool's handle does.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Check asks every rule about the database behind conn. On a server without our roles it says only that.
func Check(ctx context.Context, conn Querier) ([]Finding, error) {
	missing, err := ask(ctx, conn, roleMissing)
	if err != nil || len(missing) > 0 {
		return missing, err
	}
	return ask(ctx, conn, schemaRules())
}

func schemaRules() []rule {
	return slices.Concat(tableRules, policyRules, rightRules, functionRules, personalRules, roleRules)
}

// Rules is how many rules Check and Logins ask together.
func Rules() int { return len(roleMissing) + len(schemaRules()) + len(loginRules) }

// Logins asks about every login of the server that may switch to one of our roles. They belong to the server, not to
// a database: a login made for another database is judged as well.
func Logins(ctx context.Context, conn Querier) ([]Finding, error) {
	return ask(ctx, conn, loginRules)
}

// ask puts all rules into one statement, so that what the prelude gathers is gathered once.
func ask(ctx context.Context, conn Querier, rules []rule) ([]Finding, error) {
	parts := make([]string, len(rules))
	for i, r := range rules {
		parts[i] = fmt.Sprintf("select '%s', f.object, f.problem from (%s) as f (object, problem)", r.name, r.sql)
	}
	rows, err := conn.Query(ctx, prelude+strings.Join(parts, "\nunion all\n"), exceptions)
	if err != nil {
		return nil, fmt.Errorf("ask the catalogue: %w", err)
	}
	findings, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Finding])
	if err != nil {
		return nil, fmt.Errorf("ask the catalogue: %w", err)
	}
	return findings, nil
}

// prelude names what the rules ask about: our tables (in public, not an extension's), which of them hold company data,
// every right on them down to the column, and the five roles.
const prelude = `
with relation as (
    select c.oid, c.relname::text as name, c.relkind, c.relowner, c.relacl, c.relrowsecurity, c.relforcerowsecurity, c.reloptions
    from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
      and not exists (select 1 from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
), tab as (
    select * from relation where relkind in ('r', 'p')
), company as (
    select * from tab where name <> all (@without_company)
), our_role as (
    select r.*, r.rolname::text as name from pg_roles r
    where r.rolname in ('openhouse_owner', 'openhouse_staff', 'openhouse_resident', 'openhouse_worker', 'openhouse_door')
), entry as (
    select t.oid as relid, t.name, null::text as col, a.grantee, a.privilege_type::text as privilege
    from relation t, aclexplode(coalesce(t.relacl, acldefault(case when t.relkind = 'S' then 's' else 'r' end::"char", t.relowner))) a
    where a.grantee <> t.relowner
    union all
    select t.oid, t.name, c.attname::text, a.grantee, a.privilege_type::text
    from relation t join pg_attribute c on c.attrelid = t.oid and c.attnum > 0 and not c.attisdropped, aclexplode(c.attacl) a
    where a.grantee <> t.relowner
), policy as (
    select t.oid as relid, t.name as tab, p.polname::text as name, p.polpermissive, p.polroles,
           case p.polcmd when 'r' then 'SELECT' when 'a' then 'INSERT' when 'w' then 'UPDATE' when 'd' then 'DELETE' else 'ALL' end as command,
           pg_get_expr(p.polqual, p.polrelid) as qual, pg_get_expr(p.polwithcheck, p.polrelid) as with_check
    from tab t join pg_policy p on p.polrelid = t.oid
), func as (
    select p.oid, p.oid::regprocedure::text as name, p.prosecdef, p.proowner, p.proacl, p.proconfig, p.prokind
    from pg_proc p
    where p.pronamespace = 'public'::regnamespace
      and not exists (select 1 from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
), membership as (
    -- Since version 16 a membership says by itself what it is for; before, it always allowed the switch. Whoever made a
    -- role may only give it to others, and is no member in our sense.
    select * from (
        select m.member, m.roleid, m.admin_option, coalesce((to_jsonb(m) ->> 'set_option')::boolean, true) as may_switch,
               coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, l.rolinherit) as inherits
        from pg_auth_members m join pg_roles l on l.oid = m.member) as any_membership
    where may_switch or inherits
), portal_login as (
    select distinct l.* from pg_roles l join membership m on m.member = l.oid
    join our_role r on r.oid = m.roleid and r.name in ('openhouse_staff', 'openhouse_resident', 'openhouse_worker')
), callable as (
    select f.*, a.grantee from func f, aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) a
    where a.privilege_type = 'EXECUTE' and a.grantee <> f.proowner
)
`
