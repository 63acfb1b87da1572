-- name: StaffGuard :one
-- True while the session lives, the person is enabled in the role that the token says, and the company is not suspended.
select exists (
    select 1
    from sessions s
    join staff p on p.tenant_id = s.tenant_id and p.id = s.staff_id
    join tenants t on t.id = s.tenant_id
    where s.tenant_id = @tenant_id and s.id = @session_id and s.staff_id = @staff_id
      and s.revoked_at is null and s.expires_at > now()
      and p.disabled_at is null and p.role = @role and t.suspended_at is null);

-- name: Frame :one
-- What stands around every page: the company, the person, and how many requests wait that the person sees.
select t.name as company, p.full_name, p.email, p.role, p.limited,
       (select count(*) from unit_claims c
        where c.tenant_id = @tenant_id and c.state = 'pending' and c.decided_through = 'staff') as requests
from staff p
join tenants t on t.id = p.tenant_id
where p.tenant_id = @tenant_id and p.id = @staff_id;
