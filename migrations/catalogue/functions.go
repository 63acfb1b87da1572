package catalogue

// functionRules: a door runs with its owner's rights, so it is fenced in; everything else is nobody's but the owner's.
var functionRules = []rule{
	{"function-owner", `
select f.name, case when f.prosecdef then 'runs with its owner''s rights, so it must belong to openhouse_door, not to '
                    else 'must belong to openhouse_owner, not to ' end || f.proowner::regrole
from func f where f.name <> all (@owners_functions) and f.proowner <> case when f.prosecdef then 'openhouse_door'::regrole else 'openhouse_owner'::regrole end`},

	{"function-search-path", `
select f.name, 'runs with its owner''s rights without search_path = pg_catalog, public, pg_temp: a caller could put a table of its own before ours'
from func f where f.prosecdef and not coalesce(f.proconfig @> array['search_path=pg_catalog, public, pg_temp'], false)`},

	{"function-public", `
select c.name, 'may be called by everybody (PUBLIC)' from callable c where c.grantee = 0`},

	{"function-callable", `
select c.name, 'may be called by ' || c.grantee::regrole || ', but is not a door'
from callable c where c.grantee <> 0 and not c.prosecdef`},

	{"door-caller", `
select c.name, 'may be called by ' || c.grantee::regrole || ', which is neither one of our roles nor a login of a role that may call it'
from callable c
where c.grantee <> 0 and c.prosecdef and c.grantee not in (select oid from our_role)
  and not exists (
    select 1 from callable role_right join membership m on m.roleid = role_right.grantee and m.member = c.grantee
    where role_right.oid = c.oid and role_right.grantee in (select oid from our_role))`},
}
