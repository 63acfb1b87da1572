-- What the worker needs: mail and jobs of all companies are claimed through doors, with a lease, and done in the scope
-- of the company. A claim moves next_at (run_at) to the lease's end, so "is due" is one comparison, whether the work
-- was never begun or whoever began it is gone. attempts goes up with every claim and never down: it tells this
-- claim from an older one whose lease is over.

-- +goose Up
alter table mail_outbox add column give_up_at timestamptz not null default now() + interval '24 hours';
comment on column mail_outbox.give_up_at is 'After this it is not sent any more: it becomes a dead letter.';
comment on column mail_outbox.next_at is 'When it may be claimed (again): at first at once, then the end of the lease or of the wait between attempts.';
comment on column mail_outbox.attempts is 'Claims so far; never goes down, so that it tells an expired claim from the present one.';
comment on column mail_outbox.body is 'Plain text, may carry a secret link. "-" once it is sent: the secret is the reader''s then.';
create index mail_outbox_failed on mail_outbox (created_at) where state = 'failed';
comment on index mail_outbox_failed is 'Dead letters, for the operator (door mail_dead).';
comment on column jobs.run_at is 'When it may be claimed (again): as asked for, then the end of the lease or of the wait between attempts.';
comment on column jobs.attempts is 'Claims so far; never goes down, so that it tells an expired claim from the present one.';

-- +goose StatementBegin
do $$
begin
    perform policy_door('mail_outbox', 'update');
    perform policy_door('jobs', 'select', 'update');
end
$$;
-- +goose StatementEnd
grant select (state, attempts, next_at, last_error) on mail_outbox to openhouse_door;
grant update (state, attempts, next_at, lease_until, give_up_at) on mail_outbox to openhouse_door;
grant select (tenant_id, id, kind, state, attempts, run_at) on jobs to openhouse_door;
grant update (state, attempts, run_at, lease_until) on jobs to openhouse_door;

-- +goose StatementBegin
create function mail_claim(p_lease interval) returns table (tenant_id uuid, id uuid, attempt integer)
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
comment on function mail_claim(interval) is 'Takes the mail of any company that is due longest, for the time of the lease; nobody else is given it meanwhile. No row: nothing is due.';

create function job_claim(p_kinds text[], p_lease interval) returns table (tenant_id uuid, id uuid, attempt integer)
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
comment on function job_claim(text[], interval) is 'Takes the job of any company that is due longest, of these kinds, for the time of the lease; nobody else is given it meanwhile. No row: nothing is due.';

create function mail_dead(p_limit integer)
    returns table (id uuid, tenant_name text, kind text, to_email text, attempts integer, last_error text, created_at timestamptz)
    language sql stable security definer
    set search_path = pg_catalog, public, pg_temp
as $$
    select m.id, t.name, m.kind, m.to_email, m.attempts, m.last_error, m.created_at
    from mail_outbox m
    join tenants t on t.id = m.tenant_id
    where m.state = 'failed'
    order by m.created_at desc, m.id desc
    limit greatest(0, least(p_limit, 1000))
$$;
comment on function mail_dead(integer) is 'Mail that was given up, of all companies, newest first, for the operator; without its text.';

create function mail_retry(p_id uuid) returns boolean
    language plpgsql volatile security definer
    set search_path = pg_catalog, public, pg_temp
as $$
declare
    company uuid;
begin
    update mail_outbox m
    set state = 'queued', next_at = clock_timestamp(), give_up_at = clock_timestamp() + interval '24 hours'
    where m.id = p_id and m.state = 'failed'
    returning m.tenant_id into company;
    if not found then
        return false;
    end if;
    insert into audit_log (tenant_id, id, actor_kind, action, object, object_id)
    values (company, gen_random_uuid(), 'operator', 'mail.retry', 'mail', p_id);
    return true;
end
$$;
comment on function mail_retry(uuid) is 'The operator puts one dead letter back into the queue, which is logged; false if there is no such.';

do $$
declare
    door regprocedure;
begin
    -- Handing a function over asks that its new owner may create in the schema, for this moment.
    grant create on schema public to openhouse_door;
    foreach door in array array['mail_claim(interval)', 'job_claim(text[], interval)', 'mail_dead(integer)', 'mail_retry(uuid)']::regprocedure[] loop
        execute format('revoke all on function %s from public', door);
        execute format('alter function %s owner to openhouse_door', door);
    end loop;
    revoke create on schema public from openhouse_door;
end
$$;
-- +goose StatementEnd
grant execute on function mail_claim(interval), job_claim(text[], interval), mail_dead(integer), mail_retry(uuid) to openhouse_worker;

-- +goose Down
drop function mail_retry(uuid);
drop function mail_dead(integer);
drop function job_claim(text[], interval);
drop function mail_claim(interval);
revoke select (tenant_id, id, kind, state, attempts, run_at) on jobs from openhouse_door;
revoke update (state, attempts, run_at, lease_until) on jobs from openhouse_door;
revoke select (state, attempts, next_at, last_error) on mail_outbox from openhouse_door;
revoke update (state, attempts, next_at, lease_until, give_up_at) on mail_outbox from openhouse_door;
drop policy door_update on jobs;
drop policy door_select on jobs;
drop policy door_update on mail_outbox;
comment on column jobs.attempts is null;
comment on column jobs.run_at is null;
drop index mail_outbox_failed;
comment on column mail_outbox.body is null;
comment on column mail_outbox.attempts is null;
comment on column mail_outbox.next_at is null;
alter table mail_outbox drop column give_up_at;
