-- How people get in: links and their mail, printed codes, and claims to a home.

-- +goose Up
create table email_tokens (
    tenant_id      uuid        not null references tenants (id) on delete cascade,
    id             uuid        not null,
    purpose        text        not null check (purpose in ('resident_link', 'staff_invite', 'staff_reset')),
    token_hash     bytea       not null check (length(token_hash) = 32),
    email          text        not null check (email = lower(email)),
    staff_id       uuid,
    development_id uuid,
    unit_id        uuid,
    created_at     timestamptz not null default now(),
    expires_at     timestamptz not null,
    used_at        timestamptz,
    primary key (tenant_id, id),
    constraint email_tokens_hash_key unique (tenant_id, token_hash),
    check (expires_at > created_at),
    constraint email_tokens_purpose_matches check (case purpose
        when 'resident_link' then staff_id is null and development_id is not null and unit_id is not null
        else staff_id is not null and development_id is null and unit_id is null end),
    foreign key (tenant_id, staff_id) references staff (tenant_id, id) on delete cascade,
    foreign key (tenant_id, development_id, unit_id) references units (tenant_id, development_id, id) on delete cascade
);
comment on table email_tokens is 'One-time links sent by mail, by the SHA-256 of their secret. Read and consumed only through doors.';
comment on index email_tokens_hash_key is 'A secret means one link.';
create index email_tokens_hash on email_tokens (token_hash);
comment on index email_tokens_hash is 'A link is looked up before the company is known (doors resident_link_peek, resident_enter).';
create index email_tokens_expires_at on email_tokens (expires_at);
comment on index email_tokens_expires_at is 'Links that are over, to clear them away.';

create table mail_outbox (
    tenant_id   uuid        not null references tenants (id) on delete cascade,
    id          uuid        not null,
    kind        text        not null check (kind ~ '^[a-z_]+$'),
    to_email    text        not null check (to_email = lower(to_email) and to_email <> ''),
    subject     text        not null check (subject <> '' and subject !~ '[\r\n]'),
    body        text        not null check (body <> ''),
    state       text        not null default 'queued' check (state in ('queued', 'sending', 'sent', 'failed')),
    attempts    integer     not null default 0 check (attempts >= 0),
    next_at     timestamptz not null default now(),
    lease_until timestamptz,
    last_error  text        not null default '',
    created_at  timestamptz not null default now(),
    sent_at     timestamptz,
    primary key (tenant_id, id),
    check ((state = 'sent') = (sent_at is not null))
);
comment on table mail_outbox is 'Mail to be sent, written in the transaction that caused it. Bodies carry secret links: portals insert, only the worker reads.';
create index mail_outbox_due on mail_outbox (next_at) where state in ('queued', 'sending');
comment on index mail_outbox_due is 'Mail that waits to be sent.';
create index mail_outbox_created_at on mail_outbox (created_at);
comment on index mail_outbox_created_at is 'The newest mail, for the outbox page of development (door outbox_recent).';

create table unit_invites (
    tenant_id      uuid        not null references tenants (id) on delete cascade,
    id             uuid        not null,
    development_id uuid        not null,
    unit_id        uuid        not null,
    batch_id       uuid        not null,
    token_hash     bytea       not null check (length(token_hash) = 32),
    scans          integer     not null default 0 check (scans >= 0),
    last_scan_at   timestamptz,
    created_by     uuid,
    created_at     timestamptz not null default now(),
    revoked_at     timestamptz,
    primary key (tenant_id, id),
    constraint unit_invites_hash_key unique (tenant_id, token_hash),
    foreign key (tenant_id, development_id, unit_id) references units (tenant_id, development_id, id) on delete cascade,
    foreign key (tenant_id, created_by) references staff (tenant_id, id) on delete set null (created_by)
);
comment on table unit_invites is 'Printed codes, by the SHA-256 of their secret. The paper is an invitation; a code can be taken back.';
comment on index unit_invites_hash_key is 'A code means one home.';
create index unit_invites_hash on unit_invites (token_hash);
comment on index unit_invites_hash is 'A scanned code is looked up before the company is known.';
create unique index unit_invites_living on unit_invites (tenant_id, unit_id) where revoked_at is null;
comment on index unit_invites_living is 'A home has one living code; printing again revokes the old one.';
create index unit_invites_batch on unit_invites (tenant_id, batch_id);
comment on index unit_invites_batch is 'The codes of one printed sheet, to revoke them together.';

create table unit_claims (
    tenant_id      uuid        not null references tenants (id) on delete cascade,
    id             uuid        not null,
    development_id uuid        not null,
    unit_id        uuid        not null,
    invite_id      uuid,
    email          text        not null check (email = lower(email) and email <> ''),
    full_name      text        not null default '',
    state          text        not null check (state in ('pending', 'verified', 'rejected')),
    resident_id    uuid,
    decided_by     uuid,
    decided_at     timestamptz,
    created_at     timestamptz not null default now(),
    primary key (tenant_id, id),
    check ((state = 'pending') = (decided_at is null)),
    foreign key (tenant_id, development_id, unit_id) references units (tenant_id, development_id, id) on delete cascade,
    foreign key (tenant_id, invite_id) references unit_invites (tenant_id, id) on delete set null (invite_id),
    foreign key (tenant_id, resident_id) references residents (tenant_id, id) on delete set null (resident_id),
    foreign key (tenant_id, decided_by) references staff (tenant_id, id) on delete set null (decided_by)
);
comment on table unit_claims is 'People who say that a home is theirs: proved by the buyer''s address, or waiting for staff.';
create unique index unit_claims_pending on unit_claims (tenant_id, unit_id, email) where state = 'pending';
comment on index unit_claims_pending is 'A person waits once for a home.';
create index unit_claims_queue on unit_claims (tenant_id, development_id, created_at) where state = 'pending';
comment on index unit_claims_queue is 'The staff queue, oldest first.';

-- +goose StatementBegin
do $$
begin
    perform policy_protect('email_tokens');
    -- An invitation or a reset concerns no development; a resident's link, one that the member of staff may see.
    execute format('create policy staff_insert on email_tokens for insert to openhouse_staff with check (%s)',
        policy_staff_condition() || ' and (development_id is null or ' || policy_staff_rule('development_id') || ')');
    perform policy_door('email_tokens', 'select', 'insert', 'update');

    perform policy_protect('mail_outbox');
    perform policy_staff('mail_outbox', null, 'insert');
    perform policy_worker('mail_outbox');
    perform policy_door('mail_outbox', 'select', 'insert');

    perform policy_protect('unit_invites');
    perform policy_staff('unit_invites', 'development_id');

    perform policy_protect('unit_claims');
    perform policy_staff('unit_claims', 'development_id');
end
$$;
-- +goose StatementEnd
grant insert on email_tokens to openhouse_staff;
grant select, insert on email_tokens to openhouse_door;
grant update (used_at) on email_tokens to openhouse_door;
grant insert (tenant_id, id, kind, to_email, subject, body) on mail_outbox to openhouse_staff, openhouse_worker;
grant select, update on mail_outbox to openhouse_worker;
grant insert (tenant_id, id, kind, to_email, subject, body) on mail_outbox to openhouse_door;
grant select (tenant_id, id, kind, to_email, subject, body, created_at) on mail_outbox to openhouse_door;
grant select (tenant_id, id, development_id, unit_id, batch_id, scans, last_scan_at, created_by, created_at, revoked_at) on unit_invites to openhouse_staff;
grant insert (tenant_id, id, development_id, unit_id, batch_id, token_hash, created_by) on unit_invites to openhouse_staff;
grant update (revoked_at) on unit_invites to openhouse_staff;
grant select on unit_claims to openhouse_staff;
grant update (state, resident_id, decided_by, decided_at) on unit_claims to openhouse_staff;

-- +goose Down
drop table unit_claims;
drop table unit_invites;
drop table mail_outbox;
drop table email_tokens;
