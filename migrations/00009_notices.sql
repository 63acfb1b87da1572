-- What a company tells its residents.

-- +goose Up
create table notices (
    tenant_id      uuid        not null references tenants (id) on delete cascade,
    id             uuid        not null,
    scope          text        not null check (scope in ('company', 'development', 'house_type')),
    development_id uuid,
    house_type_id  uuid,
    title          text        not null check (btrim(title) <> ''),
    body           text        not null check (btrim(body) <> ''),
    category       text        not null default 'general' check (category in ('general', 'works', 'safety', 'utilities', 'event')),
    priority       text        not null default 'normal' check (priority in ('normal', 'important', 'urgent')),
    starts_at      timestamptz not null default now(),
    ends_at        timestamptz,
    published_at   timestamptz,
    created_by     uuid,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    primary key (tenant_id, id),
    check (ends_at > starts_at),
    constraint notices_scope_matches check (
        (scope = 'company') = (development_id is null) and (scope = 'house_type') = (house_type_id is not null)),
    foreign key (tenant_id, development_id) references developments (tenant_id, id) on delete cascade,
    foreign key (tenant_id, development_id, house_type_id) references house_types (tenant_id, development_id, id) on delete cascade,
    foreign key (tenant_id, created_by) references staff (tenant_id, id) on delete set null (created_by)
);
comment on table notices is 'Notices to a whole company, a development or a house type, from a start to an end. Unpublished ones are drafts.';
create index notices_by_scope on notices (tenant_id, development_id, starts_at desc);
comment on index notices_by_scope is 'The notices of a development, newest first.';

create table notice_reads (
    tenant_id   uuid        not null references tenants (id) on delete cascade,
    notice_id   uuid        not null,
    resident_id uuid        not null,
    read_at     timestamptz not null default now(),
    primary key (tenant_id, notice_id, resident_id),
    foreign key (tenant_id, notice_id) references notices (tenant_id, id) on delete cascade,
    foreign key (tenant_id, resident_id) references residents (tenant_id, id) on delete cascade
);
comment on table notice_reads is 'Which resident has opened which notice.';
create index notice_reads_resident on notice_reads (tenant_id, resident_id);
comment on index notice_reads_resident is 'What a resident has read.';

-- +goose StatementBegin
do $$
begin
    perform policy_protect('notices');
    perform policy_staff('notices', 'development_id');
    -- Limited staff read what goes to the whole company; only staff without a limit write it.
    execute format('create policy staff_company_wide on notices for select to openhouse_staff using (%s and development_id is null)', policy_staff_condition());
    perform policy_resident('notices', 'select', 'published_at is not null and starts_at <= now() and (ends_at is null or ends_at > now())'
        || ' and (scope = ''company'' or development_id = {development} and (house_type_id is null or house_type_id = {house_type}))');

    perform policy_protect('notice_reads');
    execute format('create policy staff_select on notice_reads for select to openhouse_staff using (%s'
        || ' and exists (select 1 from notices n where n.tenant_id = notice_reads.tenant_id and n.id = notice_reads.notice_id))', policy_staff_condition());
    perform policy_resident('notice_reads', 'select', 'resident_id = {resident}');
    perform policy_resident('notice_reads', 'insert', 'resident_id = {resident}'
        || ' and exists (select 1 from notices n where n.tenant_id = notice_reads.tenant_id and n.id = notice_reads.notice_id)');
end
$$;
-- +goose StatementEnd
grant select, insert on notices to openhouse_staff;
grant update (scope, development_id, house_type_id, title, body, category, priority, starts_at, ends_at, published_at, updated_at) on notices to openhouse_staff;
grant select on notice_reads to openhouse_staff;
grant select on notices, notice_reads to openhouse_resident;
grant insert on notice_reads to openhouse_resident;

-- +goose Down
-- A policy of notice_reads reads notices; it goes first.
drop table notice_reads;
drop table notices;
