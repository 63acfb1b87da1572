-- One resident, for the company's administrators.

-- name: GetResident :one
select id, email, full_name, phone, language, disabled_at, created_at
from residents
where tenant_id = @tenant_id and id = @id;

-- name: ResidentHomes :many
-- Where the person lives and has lived, the present first.
select o.unit_id, u.block, u.unit_number, u.address_line_1, d.name as development, o.kind, o.started_at, o.ended_at
from occupancies o
join units u on u.tenant_id = o.tenant_id and u.id = o.unit_id
join developments d on d.tenant_id = o.tenant_id and d.id = o.development_id
where o.tenant_id = @tenant_id and o.resident_id = @resident_id
order by o.ended_at desc nulls first, o.started_at desc, o.id
limit @most;

-- name: BoughtHomes :many
-- The homes whose sales record names an address.
select u.id, u.block, u.unit_number, u.address_line_1, d.name as development
from units u
join developments d on d.tenant_id = u.tenant_id and d.id = u.development_id
where u.tenant_id = @tenant_id and u.purchaser_email = @email and u.purchaser_email <> ''
order by d.name, u.block, u.unit_order, u.unit_number, u.id
limit @most;

-- name: ResidentSessions :many
select s.id, s.unit_id, u.block, u.unit_number, u.address_line_1, s.created_at, s.last_seen_at, s.from_ip, s.user_agent,
       (s.revoked_at is null and s.expires_at > now())::bool as living
from sessions s
join units u on u.tenant_id = s.tenant_id and u.id = s.unit_id
where s.tenant_id = @tenant_id and s.resident_id = @resident_id
order by s.last_seen_at desc, s.id
limit @most;

-- name: RequestsOfPerson :many
select c.id, c.unit_id, u.block, u.unit_number, u.address_line_1, c.state, c.created_at, c.decided_at
from unit_claims c
join units u on u.tenant_id = c.tenant_id and u.id = c.unit_id
where c.tenant_id = @tenant_id and (c.email = @email or c.resident_id = @resident_id)
order by c.created_at desc, c.id
limit @most;

-- name: WasErased :one
-- Whether somebody was erased whom an id named.
select exists (select 1 from audit_log a where a.tenant_id = @tenant_id and a.object_id = @object_id and a.action = 'person.erase');
