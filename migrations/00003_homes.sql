-- Developments, the plans of their homes, and the homes.

-- +goose Up
create table developments (
    tenant_id       uuid        not null references tenants (id) on delete cascade,
    id              uuid        not null,
    slug            text        not null check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    name            text        not null check (btrim(name) <> ''),
    address         text        not null default '',
    status          text        not null default 'active' check (status in ('planned', 'active', 'completed', 'archived')),
    contact_name    text        not null default '',
    contact_email   text        not null default '' check (contact_email = lower(contact_email)),
    contact_phone   text        not null default '',
    emergency_phone text        not null default '',
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    primary key (tenant_id, id),
    constraint developments_slug_key unique (tenant_id, slug)
);
comment on table developments is 'Schemes of homes, with the contact a resident is shown.';
comment on column developments.emergency_phone is 'Shown first when a question smells of gas, fire or flood.';
comment on index developments_slug_key is 'The short name in addresses is unique in the company.';

create table staff_developments (
    tenant_id      uuid        not null references tenants (id) on delete cascade,
    staff_id       uuid        not null,
    development_id uuid        not null,
    created_at     timestamptz not null default now(),
    primary key (tenant_id, staff_id, development_id),
    foreign key (tenant_id, staff_id) references staff (tenant_id, id) on delete cascade,
    foreign key (tenant_id, development_id) references developments (tenant_id, id) on delete cascade
);
comment on table staff_developments is 'The developments that a limited member of staff may see.';
create index staff_developments_development on staff_developments (tenant_id, development_id);
comment on index staff_developments_development is 'Who of the limited staff may see a development.';

-- +goose StatementBegin
do $$
begin
    perform policy_protect('staff_developments');
    -- Bare, as for staff: nearly every policy looks here.
    create policy staff_select on staff_developments for select to openhouse_staff using (tenant_id = current_setting('app.tenant_id')::uuid);
    perform policy_staff_admins('staff_developments', 'insert', 'delete');

    perform policy_protect('developments');
    perform policy_staff('developments', 'id');
    perform policy_worker('developments');
    perform policy_door('developments', 'select');
end
$$;
-- +goose StatementEnd
grant select, insert, delete on staff_developments to openhouse_staff;
grant select, insert on developments to openhouse_staff;
grant update (slug, name, address, status, contact_name, contact_email, contact_phone, emergency_phone, updated_at) on developments to openhouse_staff;
grant select on developments to openhouse_worker;
grant select (tenant_id, id, name) on developments to openhouse_door;

create table house_types (
    tenant_id      uuid          not null references tenants (id) on delete cascade,
    id             uuid          not null,
    development_id uuid          not null,
    code           text          not null check (code = btrim(code) and code <> ''),
    name           text          not null default '',
    bedrooms       smallint      check (bedrooms between 0 and 50),
    bathrooms      smallint      check (bathrooms between 0 and 50),
    floor_area_m2  numeric(8, 2) check (floor_area_m2 > 0),
    created_at     timestamptz   not null default now(),
    updated_at     timestamptz   not null default now(),
    primary key (tenant_id, id),
    constraint house_types_development_id_id_key unique (tenant_id, development_id, id),
    constraint house_types_code_key unique (tenant_id, development_id, code),
    foreign key (tenant_id, development_id) references developments (tenant_id, id) on delete cascade
);
comment on table house_types is 'Plans that several homes of a development share.';
comment on index house_types_development_id_id_key is 'Lets a home name a type of its own development only.';
comment on index house_types_code_key is 'A code means one plan in a development; imports match by it.';

create table room_dimensions (
    tenant_id      uuid        not null references tenants (id) on delete cascade,
    id             uuid        not null,
    development_id uuid        not null,
    house_type_id  uuid        not null,
    floor          text        not null default '',
    name           text        not null check (btrim(name) <> ''),
    length_mm      integer     not null check (length_mm > 0),
    width_mm       integer     not null check (width_mm > 0),
    height_mm      integer     check (height_mm > 0),
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    primary key (tenant_id, id),
    constraint room_dimensions_name_key unique (tenant_id, house_type_id, floor, name),
    foreign key (tenant_id, development_id, house_type_id) references house_types (tenant_id, development_id, id) on delete cascade
);
comment on table room_dimensions is 'Sizes of the rooms of a house type, so that they are answered from a table and not from prose.';
comment on index room_dimensions_name_key is 'A room is named once a floor.';

create table units (
    tenant_id       uuid          not null references tenants (id) on delete cascade,
    id              uuid          not null,
    development_id  uuid          not null,
    house_type_id   uuid          not null,
    block           text          not null default '' check (block = btrim(block)),
    unit_number     text          not null check (unit_number = btrim(unit_number) and unit_number <> ''),
    unit_order      integer       not null generated always as
        (coalesce(nullif(left(substring(unit_number from '[0-9]+'), 9), ''), '0')::integer) stored,
    address_line_1  text          not null default '',
    address_line_2  text          not null default '',
    city            text          not null default '',
    postcode        text          not null default '',
    bedrooms        smallint      check (bedrooms between 0 and 50),
    bathrooms       smallint      check (bathrooms between 0 and 50),
    floor_area_m2   numeric(8, 2) check (floor_area_m2 > 0),
    status          text          not null default 'planned' check (status in ('planned', 'for_sale', 'sale_agreed', 'handed_over')),
    handover_date   date,
    purchaser_name  text          not null default '',
    purchaser_email text          not null default '' check (purchaser_email = lower(purchaser_email)),
    purchaser_phone text          not null default '',
    created_at      timestamptz   not null default now(),
    updated_at      timestamptz   not null default now(),
    primary key (tenant_id, id),
    constraint units_development_id_id_key unique (tenant_id, development_id, id),
    constraint units_identity_key unique (tenant_id, development_id, block, unit_number),
    foreign key (tenant_id, development_id) references developments (tenant_id, id) on delete cascade,
    foreign key (tenant_id, development_id, house_type_id) references house_types (tenant_id, development_id, id)
);
comment on table units is 'Homes. The buyer''s name, e-mail and phone are what staff entered; residents cannot select them.';
comment on column units.block is 'Part of a home''s identity; empty where a development has no blocks.';
comment on column units.unit_order is 'First number in unit_number, so that 10 sorts after 2.';
comment on index units_development_id_id_key is 'Lets other rows name a home together with its development.';
comment on index units_identity_key is 'A home on re-import: development, block, unit number.';
create index units_in_order on units (tenant_id, development_id, block, unit_order, unit_number, id);
comment on index units_in_order is 'The list of homes, page by page.';
create index units_house_type on units (tenant_id, house_type_id);
comment on index units_house_type is 'Homes of a type.';
create index units_purchaser_email on units (purchaser_email) where purchaser_email <> '';
comment on index units_purchaser_email is 'A buyer''s address is looked up before the company is known (door resident_link_request).';

-- +goose StatementBegin
do $$
begin
    perform policy_protect('house_types');
    perform policy_staff('house_types', 'development_id');
    perform policy_worker('house_types');

    perform policy_protect('room_dimensions');
    perform policy_staff('room_dimensions', 'development_id');

    perform policy_protect('units');
    perform policy_staff('units', 'development_id');
    perform policy_worker('units');
    perform policy_door('units', 'select');
end
$$;
-- +goose StatementEnd
grant select, insert on house_types to openhouse_staff;
grant update (code, name, bedrooms, bathrooms, floor_area_m2, updated_at) on house_types to openhouse_staff;
grant select on house_types to openhouse_worker;
grant select, insert, update, delete on room_dimensions to openhouse_staff;
grant select, delete on units to openhouse_staff;
grant insert (tenant_id, id, development_id, house_type_id, block, unit_number, address_line_1, address_line_2, city, postcode, bedrooms, bathrooms,
              floor_area_m2, status, handover_date, purchaser_name, purchaser_email, purchaser_phone, created_at, updated_at) on units to openhouse_staff;
grant update (house_type_id, block, unit_number, address_line_1, address_line_2, city, postcode, bedrooms, bathrooms,
              floor_area_m2, status, handover_date, purchaser_name, purchaser_email, purchaser_phone, updated_at) on units to openhouse_staff;
grant select on units to openhouse_worker;
grant select (tenant_id, id, development_id, block, unit_number, address_line_1, purchaser_name, purchaser_email, purchaser_phone) on units to openhouse_door;

-- +goose Down
drop table units;
drop table room_dimensions;
drop table house_types;
-- A policy of developments reads staff_developments, which points back at developments: the policy goes first.
drop policy staff_all on developments;
drop table staff_developments;
drop table developments;
