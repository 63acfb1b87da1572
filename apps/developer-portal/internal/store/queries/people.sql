-- The people of a home. Whoever ends what opens a home holds the home first, then takes back its code, then its unused
-- links, then its entrance, and then the rest: somebody who is coming in at this moment is waited for and seen, or finds
-- the way in ended.

-- name: LockHome :one
-- Held until the transaction ends. Not "for update": that would stop somebody who is moving in, while we wait for them.
select development_id, updated_at from units where tenant_id = @tenant_id and id = @id for no key update;

-- name: HoldEntrance :exec
-- The lock under which people enter one home, one after the other (door resident_enter).
select pg_advisory_xact_lock(hashtextextended('enter ' || @tenant_id::uuid || @unit_id::uuid, 0));

-- name: HomePeople :many
-- Everybody who lives or has lived in a home, each once, as they do now or did last: those who live there first.
select p.id, case when @people::bool then p.full_name else '' end as full_name, case when @people::bool then p.email else '' end as email, p.disabled, p.kind, p.started_at, p.ended_at, l.last_seen_at
from (
    select distinct on (o.resident_id) r.id, r.full_name, r.email, (r.disabled_at is not null)::bool as disabled,
           o.kind, o.started_at, o.ended_at
    from occupancies o
    join residents r on r.tenant_id = o.tenant_id and r.id = o.resident_id
    where o.tenant_id = @tenant_id and o.unit_id = @unit_id
    order by o.resident_id, o.ended_at desc nulls first, o.started_at desc) p
left join sessions l on l.tenant_id = @tenant_id and l.id = (
    select x.id from sessions x
    where x.tenant_id = @tenant_id and x.unit_id = @unit_id and x.resident_id = p.id
    order by x.last_seen_at desc, x.id limit 1)
order by p.ended_at desc nulls first, p.started_at, p.id
limit @most;

-- name: PersonOfHome :one
-- Somebody who lives or has lived in a home, as they do now or did last.
select r.id, r.full_name, r.email, (r.disabled_at is not null)::bool as disabled, o.kind, o.started_at, o.ended_at
from occupancies o
join residents r on r.tenant_id = o.tenant_id and r.id = o.resident_id
where o.tenant_id = @tenant_id and o.unit_id = @unit_id and o.resident_id = @resident_id
order by o.ended_at desc nulls first, o.started_at desc
limit 1;

-- name: InsertResident :exec
-- Nothing happens if the company knows the address already. No column is named for that: a limited member of staff may
-- not see the person yet, and Postgres would ask for it.
insert into residents (tenant_id, id, email, full_name)
values (@tenant_id, @id, @email, @full_name)
on conflict do nothing;

-- name: FindResident :one
select id, (disabled_at is not null)::bool as disabled from residents where tenant_id = @tenant_id and email = @email;

-- name: NameResident :exec
-- Whoever came by a link before has said no name.
update residents
set full_name = @full_name, updated_at = clock_timestamp()
where tenant_id = @tenant_id and id = @id and full_name = '';

-- name: InsertOccupancy :execrows
-- No row: the person lives there already.
insert into occupancies (tenant_id, id, development_id, unit_id, resident_id, kind)
values (@tenant_id, @id, @development_id, @unit_id, @resident_id, @kind)
on conflict do nothing;

-- name: EndOccupancy :execrows
update occupancies
set ended_at = greatest(started_at, now())
where tenant_id = @tenant_id and unit_id = @unit_id and resident_id = @resident_id and ended_at is null;

-- name: EndOccupanciesOfHome :many
-- From day on, but not before they began.
update occupancies
set ended_at = greatest(started_at, least(now(), @day::timestamptz))
where tenant_id = @tenant_id and unit_id = @unit_id and ended_at is null
returning resident_id;

-- name: EndLinks :execrows
-- The unused links into a home: of one address, or with a blank one all.
update email_tokens
set used_at = now()
where tenant_id = @tenant_id and unit_id = @unit_id and purpose = 'resident_link' and used_at is null and expires_at > now()
  and (@email::text = '' or email = @email::text);

-- name: EndSessionsInHome :execrows
-- Of one person, or without one of all.
update sessions
set revoked_at = now()
where tenant_id = @tenant_id and unit_id = @unit_id and revoked_at is null and expires_at > now()
  and (sqlc.narg('resident_id')::uuid is null or resident_id = sqlc.narg('resident_id'));

-- name: UpdateBuyer :exec
update units
set purchaser_name = @purchaser_name, purchaser_email = @purchaser_email, purchaser_phone = @purchaser_phone,
    updated_at = clock_timestamp()
where tenant_id = @tenant_id and id = @id;

-- name: HasLivedIn :one
-- The resident behind an address, if they have lived in a home: the sales record alone doesn't open it to them again.
select r.id
from residents r
where r.tenant_id = @tenant_id and r.email = @email
  and exists (select 1 from occupancies o where o.tenant_id = r.tenant_id and o.resident_id = r.id and o.unit_id = @unit_id);

-- name: HasLeft :one
-- Whether whoever is behind an address has lived in a home and doesn't any more.
select exists (
    select 1
    from residents r
    join occupancies o on o.tenant_id = r.tenant_id and o.resident_id = r.id and o.unit_id = @unit_id
    where r.tenant_id = @tenant_id and r.email = @email
    having bool_and(o.ended_at is not null));

-- name: ClearSpentFilesOfHome :exec
-- Files of prints with a code of this home that has ended: nobody shall print those.
delete from invite_files f
where f.tenant_id = @tenant_id
  and exists (
      select 1 from unit_invites v
      where v.tenant_id = f.tenant_id and v.batch_id = f.batch_id and v.unit_id = @unit_id and v.revoked_at is not null);
