package catalogue

// rightRules: who may do what to tables, down to the column, and to the schema.
var rightRules = []rule{
	{"right-public", `
select distinct e.name, 'gives everybody (PUBLIC) the right to ' || e.privilege from entry e where e.grantee = 0`},

	{"right-login", `
select distinct e.name, 'gives ' || e.grantee::regrole || ' the right to ' || e.privilege || '; only our NOLOGIN roles have rights on tables'
from entry e where e.grantee <> 0 and e.grantee not in (select oid from our_role)`},

	{"right-kind", `
select distinct e.name, 'gives ' || e.grantee::regrole || ' the right to ' || e.privilege
from entry e where e.grantee in (select oid from our_role) and e.privilege not in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')`},

	{"right-outside-company", `
select distinct e.name, 'belongs to no company, so only doors may reach it, but ' || e.grantee::regrole || ' may ' || e.privilege
from entry e join tab t on t.oid = e.relid
where t.name = any (@without_company) and e.grantee in (select oid from our_role where name <> 'openhouse_door')`},

	{"right-staff-only", `
select distinct e.name, 'is for staff, but openhouse_resident may ' || e.privilege
from entry e where e.grantee = 'openhouse_resident'::regrole and e.name = any (@staff_only)`},

	{"right-secret", `
select s.tab || '.' || s.col, 'is a secret that only doors read, but ' || r.name || ' may select it'
from (select split_part(c, '.', 1) as tab, split_part(c, '.', 2) as col from unnest(@secret_columns::text[]) c) s
join tab t on t.name = s.tab
join our_role r on r.name not in ('openhouse_owner', 'openhouse_door')
where exists (select 1 from entry e where e.relid = t.oid and e.grantee = r.oid and e.privilege = 'SELECT' and (e.col is null or e.col = s.col))`},

	{"right-append-only", `
select distinct e.name, 'is append-only, but ' || e.grantee::regrole || ' may ' || e.privilege
from entry e where e.name = any (@append_only) and e.privilege in ('UPDATE', 'DELETE', 'TRUNCATE')`},

	{"right-identity", `
select distinct e.name, 'lets ' || e.grantee::regrole || ' change the column ' || e.col || ', by which the row is known'
from entry e where e.privilege = 'UPDATE' and e.col in ('tenant_id', 'id')`},

	{"right-schema", `
select 'schema public', 'lets ' || case when a.grantee = 0 then 'everybody (PUBLIC)' else a.grantee::regrole::text end || ' create objects'
from pg_namespace n, aclexplode(n.nspacl) a
where n.nspname = 'public' and a.privilege_type = 'CREATE' and a.grantee not in (n.nspowner, 'openhouse_owner'::regrole)`},
}
