-- Documents of a development, a house type or one home; their versions, and the text cut into chunks.

-- +goose Up
create table documents (
    tenant_id          uuid        not null references tenants (id) on delete cascade,
    id                 uuid        not null,
    development_id     uuid        not null,
    scope              text        not null check (scope in ('development', 'house_type', 'unit')),
    house_type_id      uuid,
    unit_id            uuid,
    title              text        not null check (btrim(title) <> ''),
    category           text        not null check (category in ('manual', 'floor_plan', 'warranty', 'certificate', 'safety', 'legal', 'general')),
    must_read          boolean     not null default false,
    current_version_id uuid,
    created_by         uuid,
    created_at         timestamptz not null default now(),
    updated_at         timestamptz not null default now(),
    archived_at        timestamptz,
    primary key (tenant_id, id),
    constraint documents_development_id_id_key unique (tenant_id, development_id, id),
    constraint documents_scope_matches check (
        (scope = 'house_type') = (house_type_id is not null) and (scope = 'unit') = (unit_id is not null)),
    foreign key (tenant_id, development_id) references developments (tenant_id, id) on delete cascade,
    foreign key (tenant_id, development_id, house_type_id) references house_types (tenant_id, development_id, id),
    foreign key (tenant_id, development_id, unit_id) references units (tenant_id, development_id, id),
    foreign key (tenant_id, created_by) references staff (tenant_id, id) on delete set null (created_by)
);
comment on table documents is 'Papers for a whole development, a house type or one home. What residents see is the current version.';
comment on index documents_development_id_id_key is 'Lets other rows name a document together with its development.';
create index documents_by_scope on documents (tenant_id, development_id, scope, category) where archived_at is null;
comment on index documents_by_scope is 'The document list of a development or a home.';
create index documents_house_type on documents (tenant_id, house_type_id) where house_type_id is not null;
comment on index documents_house_type is 'The papers of a house type.';
create index documents_unit on documents (tenant_id, unit_id) where unit_id is not null;
comment on index documents_unit is 'The papers of a home.';

create table document_versions (
    tenant_id      uuid        not null references tenants (id) on delete cascade,
    id             uuid        not null,
    development_id uuid        not null,
    document_id    uuid        not null,
    number         integer     not null check (number > 0),
    sha256         bytea       not null check (length(sha256) = 32),
    file_name      text        not null check (file_name <> ''),
    mime           text        not null check (mime <> ''),
    size_bytes     bigint      not null check (size_bytes > 0),
    pages          integer     check (pages > 0),
    note           text        not null default '',
    text_state     text        not null default 'queued' check (text_state in ('queued', 'processing', 'ready', 'no_text', 'failed')),
    created_by     uuid,
    created_at     timestamptz not null default now(),
    primary key (tenant_id, id),
    constraint document_versions_document_id_id_key unique (tenant_id, document_id, id),
    constraint document_versions_number_key unique (tenant_id, document_id, number),
    foreign key (tenant_id, development_id, document_id) references documents (tenant_id, development_id, id) on delete cascade,
    foreign key (tenant_id, created_by) references staff (tenant_id, id) on delete set null (created_by)
);
comment on table document_versions is 'Every file a document ever was; a version never changes, so old citations stay true.';
comment on index document_versions_document_id_id_key is 'Lets a document name a version of its own only.';
comment on index document_versions_number_key is 'Versions of a document are counted.';
create index document_versions_sha256 on document_versions (tenant_id, sha256);
comment on index document_versions_sha256 is 'Which versions share a stored file.';
alter table documents add constraint documents_current_version_fkey foreign key (tenant_id, id, current_version_id)
    references document_versions (tenant_id, document_id, id) on delete set null (current_version_id);

create table document_chunks (
    tenant_id      uuid        not null references tenants (id) on delete cascade,
    id             uuid        not null,
    development_id uuid        not null,
    house_type_id  uuid,
    unit_id        uuid,
    document_id    uuid        not null,
    version_id     uuid        not null,
    ordinal        integer     not null check (ordinal >= 0),
    page_from      integer     not null check (page_from > 0),
    page_to        integer     not null,
    language       text        not null default 'en' check (language ~ '^[a-z]{2}$'),
    title          text        not null default '',
    body           text        not null check (body <> ''),
    words          tsvector    not null generated always as (case language
        when 'en' then setweight(to_tsvector('openhouse_english', title), 'A') || setweight(to_tsvector('openhouse_english', body), 'B')
        when 'ga' then setweight(to_tsvector('openhouse_irish', title), 'A') || setweight(to_tsvector('openhouse_irish', body), 'B')
        else setweight(to_tsvector('openhouse_simple', title), 'A') || setweight(to_tsvector('openhouse_simple', body), 'B') end) stored,
    created_at     timestamptz not null default now(),
    primary key (tenant_id, id),
    constraint document_chunks_ordinal_key unique (tenant_id, version_id, ordinal),
    check (page_to >= page_from),
    foreign key (tenant_id, development_id, document_id) references documents (tenant_id, development_id, id) on delete cascade,
    foreign key (tenant_id, document_id, version_id) references document_versions (tenant_id, document_id, id) on delete cascade,
    foreign key (tenant_id, house_type_id) references house_types (tenant_id, id),
    foreign key (tenant_id, unit_id) references units (tenant_id, id)
);
comment on table document_chunks is 'Passages of a version, with the document''s scope beside them so that one policy decides. No full-text index: under row-level security it is not used.';
comment on index document_chunks_ordinal_key is 'Passages of a version in reading order.';
create index document_chunks_by_scope on document_chunks (tenant_id, development_id, house_type_id, unit_id);
comment on index document_chunks_by_scope is 'The passages that a home may see.';

create table ingest_jobs (
    tenant_id      uuid        not null references tenants (id) on delete cascade,
    id             uuid        not null,
    development_id uuid        not null,
    document_id    uuid        not null,
    version_id     uuid        not null,
    state          text        not null default 'queued' check (state in ('queued', 'running', 'done', 'failed')),
    attempts       integer     not null default 0 check (attempts >= 0),
    run_at         timestamptz not null default now(),
    lease_until    timestamptz,
    last_error     text        not null default '',
    created_at     timestamptz not null default now(),
    finished_at    timestamptz,
    primary key (tenant_id, id),
    constraint ingest_jobs_version_key unique (tenant_id, version_id),
    check ((state in ('done', 'failed')) = (finished_at is not null)),
    foreign key (tenant_id, development_id, document_id) references documents (tenant_id, development_id, id) on delete cascade,
    foreign key (tenant_id, document_id, version_id) references document_versions (tenant_id, document_id, id) on delete cascade
);
comment on table ingest_jobs is 'Versions whose text is to be read; taken by the worker with a lease.';
comment on index ingest_jobs_version_key is 'A version is read once.';
create index ingest_jobs_due on ingest_jobs (run_at) where state in ('queued', 'running');
comment on index ingest_jobs_due is 'Work that waits, of all companies.';

-- +goose StatementBegin
do $$
declare
    table_name text;
begin
    foreach table_name in array array['documents', 'document_versions', 'document_chunks', 'ingest_jobs'] loop
        perform policy_protect(table_name::regclass);
        perform policy_staff(table_name::regclass, 'development_id');
        perform policy_worker(table_name::regclass);
    end loop;
    perform policy_resident('documents', 'select',
        'development_id = {development} and archived_at is null and (scope = ''development'' or house_type_id = {house_type} or unit_id = {home})');
    -- The inner select passes through the policy of documents.
    perform policy_resident('document_versions', 'select',
        'exists (select 1 from documents d where d.tenant_id = document_versions.tenant_id and d.id = document_versions.document_id)');
    perform policy_resident('document_chunks', 'select',
        'development_id = {development} and (house_type_id is null or house_type_id = {house_type}) and (unit_id is null or unit_id = {home})'
        || ' and exists (select 1 from documents d where d.tenant_id = document_chunks.tenant_id and d.id = document_chunks.document_id)');
end
$$;
-- +goose StatementEnd
grant select, insert on documents to openhouse_staff;
grant update (scope, house_type_id, unit_id, title, category, must_read, current_version_id, updated_at, archived_at) on documents to openhouse_staff;
grant select, insert on document_versions, ingest_jobs to openhouse_staff;
grant select on document_chunks to openhouse_staff;
grant select on documents, document_versions, document_chunks, ingest_jobs to openhouse_worker;
grant update (pages, text_state) on document_versions to openhouse_worker;
grant insert, delete on document_chunks to openhouse_worker;
grant update (state, attempts, run_at, lease_until, last_error, finished_at) on ingest_jobs to openhouse_worker;
grant select on documents, document_versions, document_chunks to openhouse_resident;

-- +goose Down
drop table ingest_jobs;
drop table document_chunks;
alter table documents drop constraint documents_current_version_fkey;
drop table document_versions;
drop table documents;
