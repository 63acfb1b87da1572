-- What every change leaves behind, and work that waits.

-- +goose Up
create table audit_log (
    tenant_id  uuid        not null,
    id         uuid        not null,
    at         timestamptz not null default now(),
    actor_kind text        not null check (actor_kind in ('staff', 'resident', 'worker', 'operator')),
    actor_id   uuid,
    action     text        not null check (action ~ '^[a-z_]+(\.[a-z_]+)+$'),
    object     text        not null default '',
    object_id  uuid,
    detail     jsonb       not null default '{}' check (jsonb_typeof(detail) = 'object'),
    request_id text        not null default '',
    from_ip    text        not null default '',
    primary key (tenant_id, id)
);
comment on table audit_log is 'Who did what, when. Rows are only added. No foreign keys, since it outlives what it names; ids only, no names or addresses of people.';
create index audit_log_newest on audit_log (tenant_id, at desc, id desc);
comment on index audit_log_newest is 'A company''s log, newest first.';
create index audit_log_object on audit_log (tenant_id, object_id, at desc) where object_id is not null;
comment on index audit_log_object is 'What happened to one thing.';

create table idempotency_keys (
    tenant_id  uuid        not null references tenants (id) on delete cascade,
    subject_id uuid        not null,
    key        text        not null check (key <> '' and length(key) <= 200),
    route      text        not null,
    body_hash  bytea       not null,
    answer     bytea,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null default now() + interval '24 hours',
    primary key (tenant_id, subject_id, key)
);
comment on table idempotency_keys is 'Answers already given, so that a form sent twice acts once. A key belongs to a company, a person, a route and a body.';
comment on column idempotency_keys.answer is 'The stored answer; null only inside the transaction that works on it.';
create index idempotency_keys_expires_at on idempotency_keys (expires_at);
comment on index idempotency_keys_expires_at is 'Keys that are over, to clear them away.';

create table jobs (
    tenant_id    uuid        not null references tenants (id) on delete cascade,
    id           uuid        not null,
    kind         text        not null check (kind ~ '^[a-z_]+$'),
    payload      jsonb       not null default '{}' check (jsonb_typeof(payload) = 'object'),
    state        text        not null default 'queued' check (state in ('queued', 'running', 'done', 'failed')),
    attempts     integer     not null default 0 check (attempts >= 0),
    max_attempts integer     not null default 5 check (max_attempts > 0),
    run_at       timestamptz not null default now(),
    lease_until  timestamptz,
    last_error   text        not null default '',
    created_at   timestamptz not null default now(),
    finished_at  timestamptz,
    primary key (tenant_id, id),
    check ((state in ('done', 'failed')) = (finished_at is not null))
);
comment on table jobs is 'Work for the worker process, taken with a lease.';
create index jobs_due on jobs (run_at) where state in ('queued', 'running');
comment on index jobs_due is 'Work that waits, of all companies.';

-- +goose StatementBegin
do $$
begin
    perform policy_protect('audit_log');
    execute format('create policy staff_insert on audit_log for insert to openhouse_staff with check (%s)',
        policy_staff_condition() || ' and actor_kind = ''staff'' and actor_id = ' || policy_setting_once('app.staff_id'));
    perform policy_staff_admins('audit_log', 'select');
    perform policy_resident('audit_log', 'insert', 'actor_kind = ''resident'' and actor_id = {resident}');
    perform policy_worker('audit_log');
    perform policy_door('audit_log', 'insert');

    perform policy_protect('idempotency_keys');
    execute format('create policy staff_all on idempotency_keys for all to openhouse_staff using (%1$s) with check (%1$s)',
        policy_staff_condition() || ' and subject_id = ' || policy_setting_once('app.staff_id'));
    perform policy_resident('idempotency_keys', 'all', 'subject_id = {resident}');
    perform policy_worker('idempotency_keys');

    perform policy_protect('jobs');
    perform policy_staff('jobs', null, 'select');
    perform policy_staff('jobs', null, 'insert');
    perform policy_worker('jobs');
end
$$;
-- +goose StatementEnd
grant insert on audit_log to openhouse_staff, openhouse_resident, openhouse_worker, openhouse_door;
grant select on audit_log to openhouse_staff;
grant select, insert, update, delete on idempotency_keys to openhouse_staff, openhouse_resident, openhouse_worker;
grant select, insert on jobs to openhouse_staff;
grant select, insert, update, delete on jobs to openhouse_worker;

-- +goose Down
drop table jobs;
drop table idempotency_keys;
drop table audit_log;
