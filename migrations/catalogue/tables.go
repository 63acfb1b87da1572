package catalogue

// tableRules: what every table and index must be.
var tableRules = []rule{
	{"owner", `
select r.name, 'belongs to ' || r.relowner::regrole || ', not to openhouse_owner'
from relation r where r.relowner <> 'openhouse_owner'::regrole`},

	{"kind", `
select r.name, 'is a materialised view or a foreign table: row-level security does not reach it'
from relation r where r.relkind in ('m', 'f')`},

	{"view-invoker", `
select r.name, 'is a view that reads with its owner''s rights; it needs (security_invoker = true)'
from relation r where r.relkind = 'v' and not coalesce(r.reloptions @> array['security_invoker=true'], false)`},

	{"tenant-column", `
select t.name, 'has no column tenant_id uuid not null and is not on the list of tables without a company'
from company t
where t.name <> all (@without_tenant_column) and not exists (
    select 1 from pg_attribute a where a.attrelid = t.oid and a.attname = 'tenant_id' and a.atttypid = 'uuid'::regtype and a.attnotnull and not a.attisdropped)`},

	{"rls-forced", `
select t.name, case when t.relrowsecurity then 'does not force row-level security on its owner' else 'has no row-level security' end
from company t where not (t.relrowsecurity and t.relforcerowsecurity)`},

	{"primary-key", `
select t.name, coalesce('has a primary key that does not begin with tenant_id but with ' || k.first, 'has no primary key')
from tab t left join lateral (
    select a.attname::text as first from pg_index i join pg_attribute a on a.attrelid = t.oid and a.attnum = i.indkey[0]
    where i.indrelid = t.oid and i.indisprimary) k on true
where k.first is null
   or (k.first <> 'tenant_id' and t.name <> all (@without_company) and t.name <> all (@without_tenant_column))`},

	{"unique-tenant", `
select 'index ' || i.indexrelid::regclass || ' of ' || t.name, 'is unique over all companies; it needs tenant_id among its columns'
from company t join pg_index i on i.indrelid = t.oid and i.indisunique
where t.name <> all (@without_tenant_column) and not exists (
    select 1 from pg_attribute a where a.attrelid = t.oid and a.attname = 'tenant_id' and a.attnum = any (i.indkey[0:i.indnkeyatts - 1]))`},

	{"foreign-key-tenant", `
select 'foreign key ' || f.conname || ' of ' || t.name, 'does not carry tenant_id, so a row could point into another company'
from company t join pg_constraint f on f.conrelid = t.oid and f.contype = 'f'
where not exists (
    select 1 from unnest(f.conkey, f.confkey) as pair (mine, theirs)
    join pg_attribute m on m.attrelid = f.conrelid and m.attnum = pair.mine and m.attname = 'tenant_id'
    join pg_attribute o on o.attrelid = f.confrelid and o.attnum = pair.theirs
     and o.attname = case when f.confrelid = to_regclass('public.tenants') then 'id' else 'tenant_id' end)`},

	{"foreign-key-set-null", `
select 'foreign key ' || f.conname || ' of ' || t.name, 'would null tenant_id; name the column: on delete set null (x_id)'
from company t join pg_constraint f on f.conrelid = t.oid and f.contype = 'f'
where f.confupdtype in ('n', 'd')
   or (f.confdeltype in ('n', 'd') and (f.confdelsetcols is null or exists (
        select 1 from pg_attribute a where a.attrelid = t.oid and a.attname = 'tenant_id' and a.attnum = any (f.confdelsetcols))))`},

	{"foreign-key-company", `
select t.name, 'does not reference tenants, so rows of a company that is gone could stay'
from company t
where t.name <> all (@without_tenant_column) and t.name <> all (@without_foreign_keys) and not exists (
    select 1 from pg_constraint f where f.conrelid = t.oid and f.contype = 'f' and f.confrelid = to_regclass('public.tenants'))`},

	{"no-foreign-keys", `
select t.name, 'must outlive what it names, but has the foreign key ' || f.conname
from tab t join pg_constraint f on f.conrelid = t.oid and f.contype = 'f' where t.name = any (@without_foreign_keys)`},

	{"comment", `
select t.name, 'has no comment' from tab t where obj_description(t.oid, 'pg_class') is null
union all
select 'index ' || i.indexrelid::regclass || ' of ' || t.name, 'has no comment'
from tab t join pg_index i on i.indrelid = t.oid where obj_description(i.indexrelid, 'pg_class') is null`},
}
