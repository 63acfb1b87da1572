-- name: ListTeam :many
-- One page by name, those without one by address. The last sign-in is the newest session still on record.
select s.id, s.full_name, s.email, s.role, s.limited, s.has_password, s.disabled_at, s.updated_at, l.created_at as last_sign_in,
       coalesce((
           select array_agg(d.name order by lower(d.name), d.id)
           from staff_developments sd
           join developments d on d.tenant_id = sd.tenant_id and d.id = sd.development_id
           where sd.tenant_id = @tenant_id and sd.staff_id = s.id), '{}')::text[] as developments
from (
    select p.id, p.tenant_id, p.full_name, p.email, p.role, p.limited, p.has_password, p.disabled_at, p.updated_at
    from staff p
    where p.tenant_id = @tenant_id
    order by lower(coalesce(nullif(p.full_name, ''), p.email)), p.id
    limit @page_size offset @page_offset
) s
left join sessions l on l.tenant_id = @tenant_id and l.id = (
    select x.id from sessions x where x.tenant_id = @tenant_id and x.staff_id = s.id order by x.created_at desc, x.id limit 1)
order by lower(coalesce(nullif(s.full_name, ''), s.email)), s.id;

-- name: GetTeamMember :one
select s.id, s.full_name, s.email, s.role, s.limited, s.has_password, s.disabled_at, s.updated_at, l.created_at as last_sign_in
from staff s
left join sessions l on l.tenant_id = @tenant_id and l.id = (
    select x.id from sessions x where x.tenant_id = @tenant_id and x.staff_id = s.id order by x.created_at desc, x.id limit 1)
where s.tenant_id = @tenant_id and s.id = @id;

-- name: TeamMemberDevelopments :many
select d.id, d.name
from staff_developments sd
join developments d on d.tenant_id = sd.tenant_id and d.id = sd.development_id
where sd.tenant_id = @tenant_id and sd.staff_id = @staff_id
order by lower(d.name), d.id;

-- name: DevelopmentNames :many
-- What somebody can be limited to.
select id, name from developments where tenant_id = @tenant_id order by lower(name), id;

-- name: LockAdmins :many
-- The administrators who may act now, held until the transaction ends: of two who take the role from each other, the
-- second waits here and then finds that it is not among them any more.
select id from staff where tenant_id = @tenant_id and role = 'admin' and disabled_at is null order by id for update;

-- name: LockTeamMember :one
-- Held until the transaction ends, also against a session that is being opened.
select role, limited, disabled_at, updated_at, has_password, email from staff where tenant_id = @tenant_id and id = @id for update;

-- name: InsertTeamMember :execrows
-- No row: the address is in the team already.
insert into staff (tenant_id, id, email, full_name, role, limited)
values (@tenant_id, @id, @email, @full_name, @role, @limited)
on conflict (tenant_id, email) do nothing;

-- name: InsertStaffInvite :exec
insert into email_tokens (tenant_id, id, purpose, token_hash, email, staff_id, expires_at)
values (@tenant_id, @id, 'staff_invite', @token_hash, @email, @staff_id, now() + make_interval(secs => @life_seconds::float8));

-- name: UpdateTeamMember :exec
update staff
set full_name = @full_name, role = @role, limited = @limited, updated_at = clock_timestamp()
where tenant_id = @tenant_id and id = @id;

-- name: DisableTeamMember :exec
update staff set disabled_at = now(), updated_at = clock_timestamp() where tenant_id = @tenant_id and id = @id;

-- name: EnableTeamMember :exec
update staff set disabled_at = null, updated_at = clock_timestamp() where tenant_id = @tenant_id and id = @id;

-- name: DeleteTeamMemberDevelopments :exec
delete from staff_developments where tenant_id = @tenant_id and staff_id = @staff_id;

-- name: InsertTeamMemberDevelopments :execrows
-- Fewer rows than ids: one is no development of the company.
insert into staff_developments (tenant_id, staff_id, development_id)
select d.tenant_id, @staff_id, d.id from developments d where d.tenant_id = @tenant_id and d.id = any (@ids::uuid[]);

-- name: EndLinksOfStaff :exec
-- The unused links of a member of staff: invitations, and those to a new password.
update email_tokens
set used_at = now()
where tenant_id = @tenant_id and staff_id = @staff_id and used_at is null and expires_at > now();
