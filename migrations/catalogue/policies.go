package catalogue

// policyRules: who sees which rows. A right without a policy shows no row and says nothing; a policy without a right is
// a rule nobody reads; a policy that does not begin with the company is a hole.
var policyRules = []rule{
	{"policy-owner", `
select t.name, 'has no policy for all to openhouse_owner using (true) with check (true): forced security would hide every row from migrations'
from company t
where not exists (
    select 1 from policy p where p.relid = t.oid and p.polpermissive and p.command = 'ALL' and p.polroles = array['openhouse_owner'::regrole::oid]
      and p.qual = 'true' and p.with_check = 'true')`},

	{"policy-role", `
select p.tab, 'has the policy ' || p.name || ' for somebody else than one of our roles'
from policy p where exists (select 1 from unnest(p.polroles) r where r not in (select oid from our_role))`},

	{"policy-missing", `
select e.name, 'gives ' || e.grantee::regrole || ' the right to ' || e.privilege || ' but has no policy for it: no row, in silence'
from (select distinct relid, name, grantee, privilege from entry where privilege in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')) e
join company t on t.oid = e.relid
where not exists (
    select 1 from policy p where p.relid = e.relid and p.polpermissive and p.command in ('ALL', e.privilege) and e.grantee = any (p.polroles))`},

	{"policy-dead", `
select p.tab, 'has the policy ' || p.name || ' for ' || r::regrole || ', which has no right to ' || p.command
from policy p, unnest(p.polroles) r
where r <> 'openhouse_owner'::regrole and not exists (
    select 1 from entry e where e.relid = p.relid and e.grantee = r
      and (e.privilege = p.command or (p.command = 'ALL' and e.privilege in ('SELECT', 'INSERT', 'UPDATE', 'DELETE'))))`},

	// The company comes first and nothing is or-ed with it; the loud form only, so that a missing setting is an error.
	{"policy-company", `
select p.tab, 'has the policy ' || p.name || ' for ' || r::regrole || ' whose ' || e.kind
    || ' does not begin with tenant_id = (select current_setting(''app.tenant_id''))::uuid and …: ' || e.expression
from policy p, unnest(p.polroles) r, lateral (values ('condition', p.qual), ('check', p.with_check)) as e (kind, expression)
where r in ('openhouse_staff'::regrole, 'openhouse_resident'::regrole, 'openhouse_worker'::regrole) and p.polpermissive and e.expression is not null
  and e.expression !~ ('^\(?\(' || case when p.tab = any (@without_tenant_column) then 'id' else 'tenant_id' end
      || ' = \(\(? ?(SELECT )?\(?current_setting\(''app\.tenant_id''::text\)( AS current_setting)?\)?\)?\)?::uuid\)( AND .*\))?$')`},

	{"policy-narrow", `
select p.tab, 'has the policy ' || p.name || ' that shows openhouse_resident the whole company'
from policy p join tab t on t.oid = p.relid
where 'openhouse_resident'::regrole = any (p.polroles)
  and exists (select 1 from pg_attribute a where a.attrelid = t.oid and not a.attisdropped
      and a.attname in ('development_id', 'unit_id', 'resident_id', 'subject_id'))
  and not coalesce(p.qual, p.with_check) ~ 'app\.(resident_id|unit_id)|FROM (documents|issues|must_read_releases|notices) '`},

	{"policy-limited", `
select p.tab, 'has the policy ' || p.name || ' that does not ask whether the member of staff is limited to some developments'
from policy p join tab t on t.oid = p.relid
where 'openhouse_staff'::regrole = any (p.polroles)
  and (t.name = 'developments' or exists (select 1 from pg_attribute a where a.attrelid = t.oid and a.attname = 'development_id' and not a.attisdropped))
  and t.name <> 'staff_developments'
  and not coalesce(p.qual, p.with_check) ~ 'staff_developments|development_id IS NULL'`},
}
