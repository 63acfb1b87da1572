-- Prints of codes. updated_at is the version of a print in work: whoever works on it names the version that he saw and
-- gets the next one, so that a worker who was held up for too long finds that another one has taken over.

-- name: CodeFigures :one
-- The homes of a development, and how many of them have a code that works.
select count(*) as homes, count(v.id) as coded
from units u
left join unit_invites v on v.tenant_id = u.tenant_id and v.unit_id = u.id and v.revoked_at is null
where u.tenant_id = @tenant_id and u.development_id = @development_id;

-- name: HomesToPrint :many
-- The homes that a print reaches, as the cards name them, in the order of the list of homes.
select u.id, u.block, u.unit_number, u.address_line_1, u.address_line_2, u.city, u.postcode
from units u
where u.tenant_id = @tenant_id and u.development_id = @development_id
  and case @reach::text
      when 'development' then true
      when 'home' then u.id = sqlc.narg('unit_id')
      else exists (
          select 1 from unit_invites v
          where v.tenant_id = u.tenant_id and v.unit_id = u.id and v.revoked_at is null
            and (@reach::text = 'missing' or v.batch_id = sqlc.narg('of_batch_id'))) = (@reach::text = 'batch') end
order by u.block, u.unit_order, u.unit_number, u.id
limit @most;

-- name: InsertInviteBatch :one
insert into invite_batches (tenant_id, id, development_id, reach, of_batch_id, unit_id, link_origin, language, homes, created_by)
values (@tenant_id, @id, @development_id, @reach, @of_batch_id, @unit_id, @link_origin, @language, @homes, @created_by)
returning updated_at;

-- name: GetInviteBatch :one
select b.id, b.development_id, d.name as development, b.reach, b.of_batch_id, b.unit_id, b.state, b.link_origin, b.language,
       b.homes, b.done, b.error, b.unprintable, b.created_at, b.updated_at, b.ready_at, b.files_until,
       coalesce(nullif(s.full_name, ''), s.email, '') as created_by,
       (b.state = 'working' and b.updated_at < clock_timestamp() - make_interval(secs => @lease_seconds::float8))::bool as abandoned,
       coalesce(b.files_until > now(), false)::bool as fresh,
       c.valid, c.scans, f.pdf_bytes, f.zip_bytes
from invite_batches b
join developments d on d.tenant_id = b.tenant_id and d.id = b.development_id
left join staff s on s.tenant_id = b.tenant_id and s.id = b.created_by
cross join lateral (
    select count(*) filter (where v.revoked_at is null) as valid, coalesce(sum(v.scans), 0)::bigint as scans
    from unit_invites v where v.tenant_id = b.tenant_id and v.batch_id = b.id) c
cross join lateral (
    select coalesce(sum(octet_length(p.content)) filter (where p.kind = 'pdf'), 0)::bigint as pdf_bytes,
           coalesce(sum(octet_length(p.content)) filter (where p.kind = 'zip'), 0)::bigint as zip_bytes
    from invite_files p where p.tenant_id = b.tenant_id and p.batch_id = b.id) f
where b.tenant_id = @tenant_id and b.id = @id;

-- name: ListInviteBatches :many
select b.id, b.reach, b.state, b.link_origin, b.homes, b.created_at, coalesce(nullif(s.full_name, ''), s.email, '') as created_by, c.valid, c.scans
from invite_batches b
left join staff s on s.tenant_id = b.tenant_id and s.id = b.created_by
cross join lateral (
    select count(*) filter (where v.revoked_at is null) as valid, coalesce(sum(v.scans), 0)::bigint as scans
    from unit_invites v where v.tenant_id = b.tenant_id and v.batch_id = b.id) c
where b.tenant_id = @tenant_id and b.development_id = @development_id
order by b.created_at desc, b.id desc
limit @page_size offset @page_offset;

-- name: InviteBatchAtWork :one
-- The print that is being made for a development, if any.
select id
from invite_batches
where tenant_id = @tenant_id and development_id = @development_id and state = 'working';

-- name: StepInviteBatch :one
-- The next version of a print in work. No row: somebody else works on it, or it has ended.
update invite_batches
set done = @done, homes = @homes, updated_at = clock_timestamp()
where tenant_id = @tenant_id and id = @id and state = 'working' and updated_at = @version
returning updated_at;

-- name: ClearInviteFiles :exec
delete from invite_files where tenant_id = @tenant_id and batch_id = @batch_id;

-- name: InsertInviteFile :exec
insert into invite_files (tenant_id, batch_id, kind, part, development_id, content)
values (@tenant_id, @batch_id, @kind, @part, @development_id, @content);

-- name: InviteFilePart :one
-- A piece of a file that can still be had.
select f.content
from invite_files f
join invite_batches b on b.tenant_id = f.tenant_id and b.id = f.batch_id and b.state = 'ready' and b.files_until > now()
where f.tenant_id = @tenant_id and f.batch_id = @batch_id and f.kind = @kind and f.part = @part;

-- name: FinishInviteBatch :execrows
update invite_batches
set state = 'ready', done = homes, unprintable = @unprintable, ready_at = now(), files_until = now() + make_interval(secs => @life_seconds::float8), updated_at = clock_timestamp()
where tenant_id = @tenant_id and id = @id and state = 'working' and updated_at = @version;

-- name: FailInviteBatch :execrows
update invite_batches
set state = 'failed', error = @error, updated_at = clock_timestamp()
where tenant_id = @tenant_id and id = @id and state = 'working';

-- name: RevokeInvites :execrows
update unit_invites
set revoked_at = now()
where tenant_id = @tenant_id and unit_id = any (@units::uuid[]) and revoked_at is null;

-- name: InsertInvites :exec
insert into unit_invites (tenant_id, id, development_id, unit_id, batch_id, token_hash, created_by)
select @tenant_id, unnest(@ids::uuid[]), @development_id, unnest(@units::uuid[]), @batch_id, unnest(@hashes::bytea[]), @created_by;

-- name: ClearSpentFiles :exec
-- Files of other prints with codes that have ended: nobody shall print those.
delete from invite_files f
where f.tenant_id = @tenant_id and f.development_id = @development_id and f.batch_id <> @batch_id
  and exists (select 1 from unit_invites v where v.tenant_id = f.tenant_id and v.batch_id = f.batch_id and v.revoked_at is not null);

-- name: HomeCode :one
-- The code of a home that works, else the one that ended last.
select v.batch_id, v.scans, v.last_scan_at, v.created_at, v.revoked_at
from unit_invites v
where v.tenant_id = @tenant_id and v.unit_id = @unit_id
order by v.revoked_at desc nulls first, v.created_at desc
limit 1;
