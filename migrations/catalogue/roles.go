package catalogue

// roleMissing is asked first: the other rules name the roles.
var roleMissing = []rule{
	{"role-missing", `
select wanted, 'does not exist; run the migrations'
from unnest(array['openhouse_owner', 'openhouse_staff', 'openhouse_resident', 'openhouse_worker', 'openhouse_door']) wanted
where wanted not in (select name from our_role)`},
}

// roleRules: the five roles themselves.
var roleRules = []rule{
	{"role-attributes", `
select r.name, 'may log in or stands above others (superuser, bypassrls, createrole, createdb or replication)'
from our_role r where r.rolcanlogin or r.rolsuper or r.rolbypassrls or r.rolcreaterole or r.rolcreatedb or r.rolreplication`},

	{"role-membership", `
select r.name, 'is a member of ' || m.roleid::regrole || '; of these roles only the owner is a member of another, the door'
from our_role r join membership m on m.member = r.oid
where not (r.name = 'openhouse_owner' and m.roleid = 'openhouse_door'::regrole)`},
}

// loginRules: a login that may become one of our roles is a member of exactly one and of nothing else, inherits nothing
// and owns nothing. Members of the owner are administrators; they must not be a portal's login too.
var loginRules = []rule{
	{"login-attributes", `
select l.rolname::text, 'is a superuser, passes row-level security or may make roles, databases or replicas; a portal''s login must not'
from portal_login l where l.rolsuper or l.rolbypassrls or l.rolcreaterole or l.rolcreatedb or l.rolreplication`},

	{"login-one-role", `
select l.rolname::text, 'is a member of ' || string_agg(m.roleid::regrole::text, ', ' order by m.roleid::regrole::text) || '; a portal''s login has exactly one role'
from portal_login l join (select distinct member, roleid from membership) m on m.member = l.oid
group by l.rolname having count(*) > 1`},

	{"login-door", `
select m.member::regrole::text, 'is a member of openhouse_door; only openhouse_owner is'
from membership m join our_role r on r.oid = m.roleid and r.name = 'openhouse_door'
where m.member not in (select oid from our_role)`},

	{"login-inherits", `
select distinct l.rolname::text, 'inherits its role''s rights outside a scope; make it NOINHERIT, and from version 16 on the grant WITH INHERIT FALSE'
from portal_login l join membership m on m.member = l.oid where l.rolinherit or m.inherits`},

	{"login-admin-option", `
select l.rolname::text, 'may give ' || m.roleid::regrole || ' to others (admin option)'
from portal_login l join membership m on m.member = l.oid where m.admin_option`},

	{"login-owns", `
select l.rolname::text, 'owns ' || c.name || '; a portal''s login owns nothing'
from portal_login l join relation c on c.relowner = l.oid`},
}
