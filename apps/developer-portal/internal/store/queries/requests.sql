-- Requests: people who say that a home is theirs, by its printed code, and wait for staff.

-- name: ListRequests :many
-- One page of those that wait, oldest first: of all developments, of one, or of one home. total counts all pages.
select c.id, case when @people::bool then c.full_name else '' end as full_name, case when @people::bool then c.email else '' end as email, c.created_at, u.id as unit_id, u.development_id, d.name as development,
       u.block, u.unit_number, u.address_line_1,
       case when @buyers::bool then u.purchaser_name else '' end as purchaser_name,
       case when @buyers::bool then u.purchaser_email else '' end as purchaser_email, count(*) over () as total
from unit_claims c
join units u on u.tenant_id = c.tenant_id and u.id = c.unit_id
join developments d on d.tenant_id = c.tenant_id and d.id = c.development_id
where c.tenant_id = @tenant_id and c.state = 'pending' and c.decided_through = 'staff'
  and (sqlc.narg('development_id')::uuid is null or c.development_id = sqlc.narg('development_id'))
  and (sqlc.narg('unit_id')::uuid is null or c.unit_id = sqlc.narg('unit_id'))
order by c.created_at, c.id
limit @page_size offset @page_offset;

-- name: RequestFigures :many
-- The developments with requests that wait, and how many.
select d.id, d.name, count(*) as requests
from unit_claims c
join developments d on d.tenant_id = c.tenant_id and d.id = c.development_id
where c.tenant_id = @tenant_id and c.state = 'pending' and c.decided_through = 'staff'
group by d.id, d.name
order by lower(d.name), d.id;

-- name: RequestHome :one
-- The home that a request is about, which is held before the request is looked at.
select unit_id from unit_claims where tenant_id = @tenant_id and id = @id and decided_through = 'staff';

-- name: LockRequest :exec
-- The request before the person, as a link that enters takes them.
select id from unit_claims where tenant_id = @tenant_id and id = @id for update;

-- name: GetRequest :one
select c.email, c.full_name, c.state, c.decided_at, coalesce(nullif(s.full_name, ''), s.email, '') as decided_by
from unit_claims c
left join staff s on s.tenant_id = c.tenant_id and s.id = c.decided_by
where c.tenant_id = @tenant_id and c.id = @id;

-- name: DecideRequest :exec
update unit_claims
set state = @state, resident_id = sqlc.narg('resident_id'), decided_by = @decided_by, decided_at = now()
where tenant_id = @tenant_id and id = @id and state = 'pending';

-- name: RejectRequestsOfHome :many
-- All that are open, also those that a link would have decided.
update unit_claims
set state = 'rejected', decided_by = @decided_by, decided_at = now()
where tenant_id = @tenant_id and unit_id = @unit_id and state = 'pending'
returning email, decided_through;
