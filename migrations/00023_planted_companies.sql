-- Companies that the self-check plants to try whether it can get from one to the other. They live for minutes: nothing is
-- sent or worked off for them, and whatever ends the check, the next one or the worker sweeps them away.

-- +goose Up
alter table tenants add column planted_until timestamptz;
-- A company that people use can't become one by mistake: its short name begins otherwise.
alter table tenants add constraint tenants_planted_is_marked
    check (planted_until is null or (slug like 'selfcheck-%' and planted_until <= created_at + interval '10 minutes'));
comment on column tenants.planted_until is 'Planted by the self-check, to be swept away then; null for a company.';

grant select (planted_until) on tenants to openhouse_door;

-- +goose StatementBegin
create or replace function mail_claim(p_lease interval) returns table (tenant_id uuid, id uuid, attempt integer)
    language sql volatile security definer
    set search_path = pg_catalog, public, pg_temp
as $$
    update mail_outbox m
    set state = 'sending', attempts = m.attempts + 1,
        next_at = clock_timestamp() + p_lease, lease_until = clock_timestamp() + p_lease
    from (
        select w.tenant_id, w.id from mail_outbox w
        where w.state in ('queued', 'sending') and w.next_at <= clock_timestamp()
          and not exists (select from tenants t where t.id = w.tenant_id and t.planted_until is not null)
        order by w.next_at
        limit 1
        for update skip locked
    ) as due
    where m.tenant_id = due.tenant_id and m.id = due.id
    returning m.tenant_id, m.id, m.attempts
$$;

create or replace function job_claim(p_kinds text[], p_lease interval) returns table (tenant_id uuid, id uuid, attempt integer)
    language sql volatile security definer
    set search_path = pg_catalog, public, pg_temp
as $$
    update jobs j
    set state = 'running', attempts = j.attempts + 1,
        run_at = clock_timestamp() + p_lease, lease_until = clock_timestamp() + p_lease
    from (
        select w.tenant_id, w.id from jobs w
        where w.state in ('queued', 'running') and w.run_at <= clock_timestamp() and w.kind = any (p_kinds)
          and not exists (select from tenants t where t.id = w.tenant_id and t.planted_until is not null)
        order by w.run_at
        limit 1
        for update skip locked
    ) as due
    where j.tenant_id = due.tenant_id and j.id = due.id
    returning j.tenant_id, j.id, j.attempts
$$;

create function planted_sweep() returns bigint
    language sql volatile security definer
    set search_path = pg_catalog, public, pg_temp
as $$
    with gone as (
        delete from tenants t where t.planted_until <= clock_timestamp() returning t.id
    ), noted as ( -- the audit log outlives its company, but not one that never was
        delete from audit_log a using gone where a.tenant_id = gone.id
    )
    select count(*) from gone
$$;
comment on function planted_sweep() is 'Takes the companies away whose time is over that the self-check has planted, with all of their rows; answers how many.';
revoke all on function planted_sweep() from public;
-- +goose StatementEnd
grant execute on function planted_sweep() to openhouse_worker;

-- +goose Down
drop function planted_sweep();
-- +goose StatementBegin
create or replace function job_claim(p_kinds text[], p_lease interval) returns table (tenant_id uuid, id uuid, attempt integer)
    language sql volatile security definer
    set search_path = pg_catalog, public, pg_temp
as $$
    update jobs j
    set state = 'running', attempts = j.attempts + 1,
        run_at = clock_timestamp() + p_lease, lease_until = clock_timestamp() + p_lease
    from (
        select w.tenant_id, w.id from jobs w
        where w.state in ('queued', 'running') and w.run_at <= clock_timestamp() and w.kind = any (p_kinds)
        order by w.run_at
        limit 1
        for update skip locked
    ) as due
    where j.tenant_id = due.tenant_id and j.id = due.id
    returning j.tenant_id, j.id, j.attempts
$$;

create or replace function mail_claim(p_lease interval) returns table (tenant_id uuid, id uuid, attempt integer)
    language sql volatile security definer
    set search_path = pg_catalog, public, pg_temp
as $$
    update mail_outbox m
    set state = 'sending', attempts = m.attempts + 1,
        next_at = clock_timestamp() + p_lease, lease_until = clock_timestamp() + p_lease
    from (
        select w.tenant_id, w.id from mail_outbox w
        where w.state in ('queued', 'sending') and w.next_at <= clock_timestamp()
        order by w.next_at
        limit 1
        for update skip locked
    ) as due
    where m.tenant_id = due.tenant_id and m.id = due.id
    returning m.tenant_id, m.id, m.attempts
$$;
-- +goose StatementEnd
revoke select (planted_until) on tenants from openhouse_door;
alter table tenants drop column planted_until;
