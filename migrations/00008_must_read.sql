-- Must-read releases: which bytes were put before whom, and who signed them when.

-- +goose Up
create table must_read_releases (
    tenant_id      uuid        not null references tenants (id) on delete cascade,
    id             uuid        not null,
    development_id uuid        not null,
    number         integer     not null check (number > 0),
    title          text        not null check (btrim(title) <> ''),
    statement      text        not null default '',
    state          text        not null default 'draft' check (state in ('draft', 'published', 'superseded')),
    created_by     uuid,
    created_at     timestamptz not null default now(),
    published_at   timestamptz,
    primary key (tenant_id, id),
    constraint must_read_releases_development_id_id_key unique (tenant_id, development_id, id),
    constraint must_read_releases_number_key unique (tenant_id, development_id, number),
    check ((state = 'draft') = (published_at is null)),
    foreign key (tenant_id, development_id) references developments (tenant_id, id) on delete cascade,
    foreign key (tenant_id, created_by) references staff (tenant_id, id) on delete set null (created_by)
);
comment on table must_read_releases is 'Numbered sets of papers that the residents of a development must read and sign.';
comment on index must_read_releases_development_id_id_key is 'Lets other rows name a release together with its development.';
comment on index must_read_releases_number_key is 'Releases of a development are counted.';

create table must_read_items (
    tenant_id      uuid    not null references tenants (id) on delete cascade,
    id             uuid    not null,
    development_id uuid    not null,
    release_id     uuid    not null,
    document_id    uuid    not null,
    version_id     uuid    not null,
    sha256         bytea   not null check (length(sha256) = 32),
    ordinal        integer not null check (ordinal >= 0),
    primary key (tenant_id, id),
    constraint must_read_items_document_key unique (tenant_id, release_id, document_id),
    foreign key (tenant_id, development_id, release_id) references must_read_releases (tenant_id, development_id, id) on delete cascade,
    foreign key (tenant_id, development_id, document_id) references documents (tenant_id, development_id, id),
    foreign key (tenant_id, document_id, version_id) references document_versions (tenant_id, document_id, id)
);
comment on table must_read_items is 'The papers of a release, pinned to a version and the hash of its bytes.';
comment on index must_read_items_document_key is 'A paper stands once in a release.';

create table acknowledgements (
    tenant_id      uuid        not null references tenants (id) on delete cascade,
    id             uuid        not null,
    development_id uuid        not null,
    release_id     uuid        not null,
    unit_id        uuid        not null,
    resident_id    uuid,
    signed_name    text        not null check (btrim(signed_name) <> ''),
    content_sha256 bytea       not null check (length(content_sha256) = 32),
    signed_at      timestamptz not null default now(),
    from_ip        text        not null default '',
    primary key (tenant_id, id),
    constraint acknowledgements_resident_key unique (tenant_id, release_id, unit_id, resident_id),
    foreign key (tenant_id, development_id, release_id) references must_read_releases (tenant_id, development_id, id),
    foreign key (tenant_id, development_id, unit_id) references units (tenant_id, development_id, id),
    foreign key (tenant_id, resident_id) references residents (tenant_id, id) on delete set null (resident_id)
);
comment on table acknowledgements is 'Proof of handover: who signed which bytes, when. Outlives the person''s account.';
comment on column acknowledgements.content_sha256 is 'Hash over the hashes of the release''s items, in their order.';
comment on index acknowledgements_resident_key is 'A person signs a release once for a home.';
create index acknowledgements_unit on acknowledgements (tenant_id, unit_id);
comment on index acknowledgements_unit is 'What was signed for a home.';

-- +goose StatementBegin
do $$
declare
    table_name text;
begin
    foreach table_name in array array['must_read_releases', 'must_read_items', 'acknowledgements'] loop
        perform policy_protect(table_name::regclass);
        perform policy_staff(table_name::regclass, 'development_id');
    end loop;
    perform policy_resident('must_read_releases', 'select', 'development_id = {development} and state <> ''draft''');
    -- Only papers that the person may see: the inner selects pass through the policies of those tables.
    perform policy_resident('must_read_items', 'select', 'development_id = {development}'
        || ' and exists (select 1 from must_read_releases r where r.tenant_id = must_read_items.tenant_id and r.id = must_read_items.release_id)'
        || ' and exists (select 1 from documents d where d.tenant_id = must_read_items.tenant_id and d.id = must_read_items.document_id)');
    perform policy_resident('acknowledgements', 'select', 'resident_id = {resident} and unit_id = {home}');
    perform policy_resident('acknowledgements', 'insert', 'resident_id = {resident} and unit_id = {home}'
        || ' and exists (select 1 from must_read_releases r where r.tenant_id = acknowledgements.tenant_id and r.id = acknowledgements.release_id and r.state = ''published'')');
end
$$;
-- +goose StatementEnd
grant select, insert on must_read_releases, must_read_items to openhouse_staff;
grant update (title, statement, state, published_at) on must_read_releases to openhouse_staff;
grant delete on must_read_items to openhouse_staff;
grant select on acknowledgements to openhouse_staff;
grant select on must_read_releases, must_read_items, acknowledgements to openhouse_resident;
grant insert on acknowledgements to openhouse_resident;

-- +goose Down
drop table acknowledgements;
drop table must_read_items;
drop table must_read_releases;
