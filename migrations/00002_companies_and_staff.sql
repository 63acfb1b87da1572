-- The companies and the people who work for them.

-- +goose Up
create table tenants (
    id           uuid        not null,
    name         text        not null check (btrim(name) <> ''),
    slug         text        not null check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    demo         boolean     not null default false,
    suspended_at timestamptz,
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now(),
    primary key (id),
    constraint tenants_slug_key unique (slug)
);
comment on table tenants is 'Companies that build and sell homes: the unit of isolation. A tenant is its own company, so its id takes the place of tenant_id.';
comment on column tenants.demo is 'Made for development: demo data is only loaded where every company is demo, and the outbox page shows only their mail.';
comment on column tenants.suspended_at is 'Since when nobody of this company gets in.';
comment on index tenants_slug_key is 'The company''s short name in addresses is unique over the installation.';
-- +goose StatementBegin
do $$
declare
    own_company text := 'id = ' || policy_setting_once('app.tenant_id');
begin
    perform policy_protect('tenants');
    execute format('create policy staff_select on tenants for select to openhouse_staff using (%s)', own_company);
    execute format('create policy resident_select on tenants for select to openhouse_resident using (%s)', own_company);
    execute format('create policy worker_select on tenants for select to openhouse_worker using (%s)', own_company);
    perform policy_door('tenants', 'select');
end
$$;
-- +goose StatementEnd
comment on index tenants_pkey is 'Identity of the company.';
grant select (id, name, slug, demo, suspended_at, created_at) on tenants to openhouse_staff, openhouse_worker;
grant select (id, name, suspended_at) on tenants to openhouse_resident;
grant select (id, name, demo, suspended_at) on tenants to openhouse_door;

create table staff (
    tenant_id           uuid        not null references tenants (id) on delete cascade,
    id                  uuid        not null,
    email               text        not null check (email = lower(email) and email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
    full_name           text        not null default '',
    role                text        not null check (role in ('viewer', 'developer', 'admin')),
    limited             boolean     not null default false,
    password_hash       text,
    password_changed_at timestamptz,
    disabled_at         timestamptz,
    created_at          timestamptz not null default now(),
    updated_at          timestamptz not null default now(),
    primary key (tenant_id, id),
    constraint staff_email_key unique (tenant_id, email),
    constraint staff_admin_is_not_limited check (not (limited and role = 'admin'))
);
comment on table staff is 'People who work for a company and use the developer portal.';
comment on column staff.limited is 'Sees only the developments listed in staff_developments; enforced by policy.';
comment on column staff.password_hash is 'argon2id; null until the invitation is taken. No portal role may select it, only the door staff_sign_in.';
comment on index staff_email_key is 'One account an address in a company; the same address may work for several companies.';
create index staff_email on staff (email);
comment on index staff_email is 'Sign-in looks an address up before the company is known (door staff_sign_in).';
-- +goose StatementBegin
do $$
begin
    perform policy_protect('staff');
    -- Bare: this table's other policies look staff up, and a sub-select here would be an endless recursion to Postgres.
    create policy staff_select on staff for select to openhouse_staff using (tenant_id = current_setting('app.tenant_id')::uuid);
    perform policy_staff_admins('staff', 'insert', 'update');
    perform policy_worker('staff');
    perform policy_door('staff', 'select');
end
$$;
-- +goose StatementEnd
grant select (tenant_id, id, email, full_name, role, limited, password_changed_at, disabled_at, created_at, updated_at) on staff to openhouse_staff;
grant insert (tenant_id, id, email, full_name, role, limited) on staff to openhouse_staff;
grant update (full_name, role, limited, disabled_at, updated_at) on staff to openhouse_staff;
grant select (tenant_id, id, email, full_name, role, limited, disabled_at) on staff to openhouse_worker;
grant select (tenant_id, id, email, full_name, role, password_hash, disabled_at) on staff to openhouse_door;

create table tenant_themes (
    tenant_id   uuid        not null references tenants (id) on delete cascade,
    accent      text        check (accent ~ '^#[0-9a-f]{6}$'),
    logo_sha256 bytea       check (length(logo_sha256) = 32),
    logo_mime   text        check (logo_mime in ('image/png', 'image/jpeg', 'image/svg+xml')),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id),
    check ((logo_sha256 is null) = (logo_mime is null))
);
comment on table tenant_themes is 'How a company''s pages look: accent colour and logo. At most one row a company.';
-- +goose StatementBegin
do $$
begin
    perform policy_protect('tenant_themes');
    perform policy_staff('tenant_themes', null, 'select');
    perform policy_staff_admins('tenant_themes', 'insert', 'update', 'delete');
    perform policy_resident('tenant_themes', 'select', 'true');
end
$$;
-- +goose StatementEnd
grant select, insert, update, delete on tenant_themes to openhouse_staff;
grant select on tenant_themes to openhouse_resident;

create table tenant_identity_providers (
    tenant_id  uuid        not null references tenants (id) on delete cascade,
    id         uuid        not null,
    issuer     text        not null check (issuer like 'https://%'),
    audience   text        not null check (audience <> ''),
    jwks_url   text        not null check (jwks_url like 'https://%'),
    algorithms text[]      not null check (algorithms <> '{}' and algorithms <@ array['RS256', 'ES256', 'EdDSA']),
    enabled    boolean     not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    constraint tenant_identity_providers_issuer_key unique (tenant_id, issuer)
);
comment on table tenant_identity_providers is 'A company''s own sign-in service; its token is exchanged once for a session of ours.';
comment on index tenant_identity_providers_issuer_key is 'One entry an issuer in a company.';
-- +goose StatementBegin
do $$
begin
    perform policy_protect('tenant_identity_providers');
    perform policy_staff('tenant_identity_providers', null, 'select');
    perform policy_staff_admins('tenant_identity_providers', 'insert', 'update', 'delete');
end
$$;
-- +goose StatementEnd
grant select, insert, update, delete on tenant_identity_providers to openhouse_staff;

create table feature_flags (
    tenant_id  uuid        not null references tenants (id) on delete cascade,
    name       text        not null check (name ~ '^[a-z0-9_]+$'),
    enabled    boolean     not null,
    updated_at timestamptz not null default now(),
    primary key (tenant_id, name)
);
comment on table feature_flags is 'Which optional parts a company has switched on; a missing row means the default.';
-- +goose StatementBegin
do $$
begin
    perform policy_protect('feature_flags');
    perform policy_staff('feature_flags', null, 'select');
    perform policy_staff_admins('feature_flags', 'insert', 'update');
    perform policy_resident('feature_flags', 'select', 'true');
    perform policy_worker('feature_flags');
end
$$;
-- +goose StatementEnd
grant select, insert, update on feature_flags to openhouse_staff;
grant select on feature_flags to openhouse_resident, openhouse_worker;

-- +goose Down
drop table feature_flags;
drop table tenant_identity_providers;
drop table tenant_themes;
drop table staff;
drop table tenants;
