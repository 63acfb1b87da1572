-- Undo takes a committed import back. The homes that a commit made or changed have its moment as their updated_at, so
-- whatever was written to a home since shows. Statements that touch homes are given their ids: right after an import
-- Postgres knows nothing about the size of its tables, and would compare every row with every other.

-- name: ImportToUndo :one
select i.state, i.development_id, i.committed_at
from imports i
where i.tenant_id = @tenant_id and i.id = @id;

-- name: LaterImport :one
-- The import that stands in the way of undoing another one: committed after it, or being committed now.
select id, state
from imports
where tenant_id = @tenant_id and development_id = @development_id and id <> @id
  and (state = 'committing' or state = 'committed' and committed_at > @committed_at)
order by state desc, committed_at desc
limit 1;

-- name: HomesToUndo :many
-- The homes that an import made or changed and that are still there, in the order of the file.
select r.line_number, r.state, r.unit_id::uuid as unit_id
from import_rows r
where r.tenant_id = @tenant_id and r.import_id = @import_id and r.state in ('new', 'changed') and r.unit_id is not null
order by r.line_number;

-- name: LockHomes :exec
-- From here on nobody edits these homes, moves in, or claims them. Always in the same order.
select u.id
from units u
where u.tenant_id = @tenant_id and u.id = any (@ids::uuid[])
order by u.id
for update;

-- name: LockPatience :exec
-- Somebody who is moving into one of the homes may wait for us to let go of it while we wait for their link. They
-- were first: we give up long before Postgres would pick one of the two.
select set_config('lock_timeout', '500ms', true);

-- name: HomesInTheWay :many
-- Why homes can't be taken back: somebody lives or lived there, somebody claims to, the home has papers of its own, or
-- it was edited since. total counts all of them.
select u.id, u.block, u.unit_number, coalesce(w.reason, '')::text as reason, count(*) over () as total
from units u
cross join lateral (
    select case
        when exists (select 1 from occupancies o where o.tenant_id = u.tenant_id and o.unit_id = u.id) then 'lived_in'
        when exists (select 1 from unit_claims c where c.tenant_id = u.tenant_id and c.unit_id = u.id and c.state = 'pending') then 'claimed'
        when u.id = any (@made::uuid[])
             and exists (select 1 from documents d where d.tenant_id = u.tenant_id and d.unit_id = u.id) then 'papers'
        when u.updated_at <> @committed_at then 'edited'
        end as reason) w
where u.tenant_id = @tenant_id and u.id = any (@ids::uuid[]) and w.reason is not null
order by u.block, u.unit_order, u.unit_number, u.id
limit @most;

-- name: CodesToUndo :one
-- How many printed codes that still work open one of the homes.
select count(*)
from unit_invites v
where v.tenant_id = @tenant_id and v.unit_id = any (@ids::uuid[]) and v.revoked_at is null;

-- name: TypesToUndo :many
-- The house types that an import made, that nobody has changed since, and that nothing but its own homes uses.
select t.id
from imports i
cross join jsonb_to_recordset(i.findings -> 'newTypes') as n (id uuid)
join house_types t on t.tenant_id = i.tenant_id and t.id = n.id
where i.tenant_id = @tenant_id and i.id = @import_id and t.updated_at = i.committed_at
  and not exists (
      select 1 from units u
      where u.tenant_id = t.tenant_id and u.house_type_id = t.id
        and not exists (
            select 1 from import_rows r
            where r.tenant_id = u.tenant_id and r.unit_id = u.id and r.import_id = i.id and r.state in ('new', 'changed')))
  and not exists (select 1 from room_dimensions d where d.tenant_id = t.tenant_id and d.house_type_id = t.id)
  and not exists (select 1 from documents d where d.tenant_id = t.tenant_id and d.house_type_id = t.id)
  and not exists (select 1 from notices n where n.tenant_id = t.tenant_id and n.house_type_id = t.id)
  and not exists (select 1 from faqs f where f.tenant_id = t.tenant_id and f.house_type_id = t.id);

-- name: RestoreHomes :execrows
-- Changed homes as they were, their version included: to whoever looked at one before the import, nothing has happened.
update units u
set house_type_id = b.house_type_id, address_line_1 = b.address_line_1, address_line_2 = b.address_line_2, city = b.city,
    postcode = b.postcode, bedrooms = b.bedrooms, bathrooms = b.bathrooms, floor_area_m2 = b.floor_area_m2,
    handover_date = b.handover_date, purchaser_name = b.purchaser_name, purchaser_email = b.purchaser_email,
    purchaser_phone = b.purchaser_phone, updated_at = b.updated_at
from import_rows r
cross join lateral jsonb_to_record(r.before) as b (
    house_type_id uuid, address_line_1 text, address_line_2 text, city text, postcode text, bedrooms smallint, bathrooms smallint,
    floor_area_m2 numeric, handover_date date, purchaser_name text, purchaser_email text, purchaser_phone text, updated_at timestamptz)
where r.tenant_id = @tenant_id and r.import_id = @import_id and r.state = 'changed'
  and r.line_number between @first_line and @last_line
  and u.tenant_id = @tenant_id and u.id = any (@ids::uuid[]) and u.id = r.unit_id;

-- name: RemoveHomes :execrows
-- With a home go its printed codes and the links that were sent for it.
delete from units
where tenant_id = @tenant_id and id = any (@ids::uuid[]);

-- name: RemoveHouseTypes :execrows
delete from house_types
where tenant_id = @tenant_id and id = any (@ids::uuid[]);

-- name: FinishUndo :execrows
update imports
set state = 'undone', undone_at = now(), error = '', updated_at = clock_timestamp()
where tenant_id = @tenant_id and id = @id and state = 'committed';

-- name: TakeStockOfHomes :exec
select take_stock_of_homes();
