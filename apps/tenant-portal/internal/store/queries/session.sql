-- The guard of every statement under a resident's scope. An ended occupancy, a disabled person, a suspended company and
-- a revoked or expired session each make it false, so they end access at the next request.

-- name: ResidentGuard :one
select exists (
    select 1
    from sessions s
    join residents r on r.tenant_id = s.tenant_id and r.id = s.resident_id
    join occupancies o on o.tenant_id = s.tenant_id and o.unit_id = s.unit_id and o.resident_id = s.resident_id
    join tenants t on t.id = s.tenant_id
    where s.tenant_id = sqlc.arg(tenant_id) and s.id = sqlc.arg(session_id)
      and s.resident_id = sqlc.arg(resident_id)::uuid and s.unit_id = sqlc.arg(unit_id)::uuid
      and s.revoked_at is null and s.expires_at > now()
      and r.disabled_at is null and o.ended_at is null and t.suspended_at is null
) as valid;
