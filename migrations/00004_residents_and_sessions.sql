-- The people who live in the homes, and everybody's sessions.

-- +goose Up
create table residents (
    tenant_id   uuid        not null references tenants (id) on delete cascade,
    id          uuid        not null,
    email       text        not null check (email = lower(email) and email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
    full_name   text        not null default '',
    phone       text        not null default '',
    language    text        not null default 'en' check (language ~ '^[a-z]{2}$'),
    disabled_at timestamptz,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    constraint residents_email_key unique (tenant_id, email)
);
comment on table residents is 'People who live in a company''s homes.';
comment on index residents_email_key is 'One person an address in a company.';
create index residents_email on residents (email);
comment on index residents_email is 'An address is looked up before the company is known (door resident_link_request).';

create table occupancies (
    tenant_id      uuid        not null references tenants (id) on delete cascade,
    id             uuid        not null,
    development_id uuid        not null,
    unit_id        uuid        not null,
    resident_id    uuid        not null,
    kind           text        not null default 'owner' check (kind in ('owner', 'occupier')),
    started_at     timestamptz not null default now(),
    ended_at       timestamptz check (ended_at >= started_at),
    primary key (tenant_id, id),
    foreign key (tenant_id, development_id, unit_id) references units (tenant_id, development_id, id),
    foreign key (tenant_id, resident_id) references residents (tenant_id, id) on delete cascade
);
comment on table occupancies is 'Who lives or lived in which home, from when to when. A home with an occupancy cannot be deleted.';
create unique index occupancies_living on occupancies (tenant_id, resident_id, unit_id) where ended_at is null;
comment on index occupancies_living is 'A person lives in a home once at a time; every resident policy looks here.';
create index occupancies_unit on occupancies (tenant_id, unit_id);
comment on index occupancies_unit is 'The people of a home.';
create index occupancies_development on occupancies (tenant_id, development_id);
comment on index occupancies_development is 'The people of a development, for staff limited to it.';

create table sessions (
    tenant_id      uuid        not null references tenants (id) on delete cascade,
    id             uuid        not null,
    kind           text        not null check (kind in ('staff', 'resident')),
    staff_id       uuid,
    resident_id    uuid,
    development_id uuid,
    unit_id        uuid,
    created_at     timestamptz not null default now(),
    last_seen_at   timestamptz not null default now(),
    expires_at     timestamptz not null,
    revoked_at     timestamptz,
    from_ip        text        not null default '',
    user_agent     text        not null default '',
    primary key (tenant_id, id),
    check (expires_at > created_at),
    constraint sessions_kind_matches check (case kind
        when 'staff' then staff_id is not null and resident_id is null and development_id is null and unit_id is null
        else staff_id is null and resident_id is not null and development_id is not null and unit_id is not null end),
    foreign key (tenant_id, staff_id) references staff (tenant_id, id) on delete cascade,
    foreign key (tenant_id, resident_id) references residents (tenant_id, id) on delete cascade,
    foreign key (tenant_id, development_id, unit_id) references units (tenant_id, development_id, id) on delete cascade
);
comment on table sessions is 'Signed-in sessions; the id is the token''s sid. A token without a living row here is refused.';
create index sessions_staff on sessions (tenant_id, staff_id) where staff_id is not null;
comment on index sessions_staff is 'All sessions of a member of staff, to end them.';
create index sessions_resident on sessions (tenant_id, resident_id) where resident_id is not null;
comment on index sessions_resident is 'All sessions of a resident, to end them.';
create index sessions_unit on sessions (tenant_id, unit_id) where unit_id is not null;
comment on index sessions_unit is 'All sessions in a home, to end them when an occupancy ends.';
create index sessions_expires_at on sessions (expires_at);
comment on index sessions_expires_at is 'Sessions that are over, to clear them away.';

-- +goose StatementBegin
do $$
declare
    of_own_development text;
begin
    perform policy_protect('occupancies');
    perform policy_staff('occupancies', 'development_id');
    perform policy_worker('occupancies');
    -- Bare, as for staff: every other policy of residents looks here.
    create policy resident_select on occupancies for select to openhouse_resident
        using (tenant_id = current_setting('app.tenant_id')::uuid and resident_id = current_setting('app.resident_id')::uuid);
    perform policy_door('occupancies', 'select', 'insert');

    perform policy_protect('residents');
    -- A new resident has no occupancy yet, so limited staff may insert one that only an occupancy will show them.
    perform policy_staff('residents', null, 'insert');
    of_own_development := format('%1$s and ((select not s.limited from staff s where s.tenant_id = %2$s and s.id = %3$s)'
        || ' or id = any (array(select o.resident_id from occupancies o where o.tenant_id = %2$s)))',
        policy_staff_condition(), policy_setting('app.tenant_id'), policy_setting('app.staff_id'));
    execute format('create policy staff_select on residents for select to openhouse_staff using (%s)', of_own_development);
    execute format('create policy staff_update on residents for update to openhouse_staff using (%1$s) with check (%1$s)', of_own_development);
    perform policy_worker('residents');
    perform policy_resident('residents', 'select', 'id = {resident}');
    perform policy_resident('residents', 'update', 'id = {resident}');
    perform policy_door('residents', 'select', 'insert');

    perform policy_protect('sessions');
    execute format('create policy staff_select on sessions for select to openhouse_staff using (%s)',
        policy_staff_condition() || ' and (kind = ''staff'' or ' || policy_staff_rule('development_id') || ')');
    execute format('create policy staff_update on sessions for update to openhouse_staff using (%1$s) with check (%1$s)',
        policy_staff_condition() || ' and (kind = ''staff'' or ' || policy_staff_rule('development_id') || ')');
    execute format('create policy staff_insert on sessions for insert to openhouse_staff with check (%s)',
        policy_staff_condition() || ' and development_id is null and staff_id = ' || policy_setting_once('app.staff_id'));
    perform policy_resident('sessions', 'select', 'resident_id = {resident}');
    perform policy_resident('sessions', 'update', 'resident_id = {resident}');
    perform policy_door('sessions', 'insert');

    -- What a resident sees of their home: exactly one, with its plan and its development.
    perform policy_resident('units', 'select', 'id = {home}');
    perform policy_resident('developments', 'select', 'id = {development}');
    perform policy_resident('house_types', 'select', 'id = {house_type}');
    perform policy_resident('room_dimensions', 'select', 'house_type_id = {house_type}');
end
$$;
-- +goose StatementEnd
grant select on occupancies to openhouse_staff, openhouse_resident, openhouse_worker;
grant insert on occupancies to openhouse_staff, openhouse_door;
grant select (tenant_id, unit_id, resident_id, ended_at) on occupancies to openhouse_door;
grant update (kind, ended_at) on occupancies to openhouse_staff;
grant select, insert on residents to openhouse_staff;
grant update (full_name, phone, language, disabled_at, updated_at) on residents to openhouse_staff;
grant select on residents to openhouse_worker;
grant select (tenant_id, id, email, full_name, phone, language, disabled_at, created_at) on residents to openhouse_resident;
grant update (full_name, phone, language, updated_at) on residents to openhouse_resident;
grant select (tenant_id, id, email, full_name, disabled_at) on residents to openhouse_door;
grant insert (tenant_id, id, email, full_name, phone) on residents to openhouse_door;
grant select, insert on sessions to openhouse_staff;
grant select on sessions to openhouse_resident;
grant update (last_seen_at, expires_at, revoked_at) on sessions to openhouse_staff, openhouse_resident;
grant insert on sessions to openhouse_door;
grant select (tenant_id, id, slug, name, address, status, contact_name, contact_email, contact_phone, emergency_phone) on developments to openhouse_resident;
grant select on house_types, room_dimensions to openhouse_resident;
grant select (tenant_id, id, development_id, house_type_id, block, unit_number, address_line_1, address_line_2, city, postcode,
              bedrooms, bathrooms, floor_area_m2, status, handover_date) on units to openhouse_resident;

-- +goose Down
drop policy resident_select on room_dimensions;
drop policy resident_select on house_types;
drop policy resident_select on developments;
drop policy resident_select on units;
revoke all on developments, house_types, room_dimensions, units from openhouse_resident;
drop table sessions;
-- Policies of residents read occupancies, which points back at residents: they go first.
drop policy staff_select on residents;
drop policy staff_update on residents;
drop table occupancies;
drop table residents;
