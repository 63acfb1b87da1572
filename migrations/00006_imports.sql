-- CSV imports of homes: the file, its staged rows and what each row replaced.

-- +goose Up
create table imports (
    tenant_id      uuid        not null references tenants (id) on delete cascade,
    id             uuid        not null,
    development_id uuid        not null,
    state          text        not null default 'uploaded' check (state in ('uploaded', 'previewed', 'committing', 'committed', 'failed', 'undone')),
    file_name      text        not null,
    file_bytes     bytea       not null,
    file_sha256    bytea       not null check (length(file_sha256) = 32),
    encoding       text        not null default '',
    delimiter      text        not null default '',
    date_order     text        not null default '' check (date_order in ('', 'day_first', 'month_first')),
    header_map     jsonb       not null default '{}' check (jsonb_typeof(header_map) = 'object'),
    findings       jsonb       not null default '{}' check (jsonb_typeof(findings) = 'object'),
    total_rows     integer     not null default 0 check (total_rows >= 0),
    new_rows       integer     not null default 0 check (new_rows >= 0),
    changed_rows   integer     not null default 0 check (changed_rows >= 0),
    unchanged_rows integer     not null default 0 check (unchanged_rows >= 0),
    error_rows     integer     not null default 0 check (error_rows >= 0),
    done_rows      integer     not null default 0 check (done_rows >= 0),
    error          text        not null default '',
    created_by     uuid,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    previewed_at   timestamptz,
    committed_at   timestamptz,
    undone_at      timestamptz,
    primary key (tenant_id, id),
    constraint imports_development_id_id_key unique (tenant_id, development_id, id),
    constraint imports_state_matches check (case state
        when 'committed' then committed_at is not null and undone_at is null
        when 'undone' then committed_at is not null and undone_at is not null
        else committed_at is null and undone_at is null end),
    foreign key (tenant_id, development_id) references developments (tenant_id, id) on delete cascade,
    foreign key (tenant_id, created_by) references staff (tenant_id, id) on delete set null (created_by)
);
comment on table imports is 'Imports of homes into one development: uploaded, previewed, committing, then committed or failed; a committed one may be undone.';
comment on column imports.date_order is 'How 03/04/2027 was read; empty where no date of the file can be read two ways.';
comment on column imports.header_map is 'Header of the file to field of a home.';
comment on column imports.findings is 'What reading the file found, for the preview: columns, examples of dates, what is wrong with the file as a whole.';
comment on column imports.done_rows is 'Rows worked through so far, for the progress bar.';
comment on index imports_development_id_id_key is 'Lets a staged row name an import together with its development.';
create index imports_by_development on imports (tenant_id, development_id, created_at desc);
comment on index imports_by_development is 'The imports of a development, newest first.';
create unique index imports_committing on imports (tenant_id, development_id) where state = 'committing';
comment on index imports_committing is 'One import at a time writes into a development.';

create table import_rows (
    tenant_id      uuid    not null references tenants (id) on delete cascade,
    import_id      uuid    not null,
    line_number    integer not null check (line_number > 0),
    development_id uuid    not null,
    state          text    not null check (state in ('new', 'changed', 'unchanged', 'error')),
    block          text    not null default '',
    unit_number    text    not null default '',
    data           jsonb   not null default '{}' check (jsonb_typeof(data) = 'object'),
    errors         jsonb   not null default '[]' check (jsonb_typeof(errors) = 'array'),
    before         jsonb   check (jsonb_typeof(before) = 'object'),
    unit_id        uuid,
    primary key (tenant_id, import_id, line_number),
    check ((state = 'error') = (errors <> '[]')),
    foreign key (tenant_id, development_id, import_id) references imports (tenant_id, development_id, id) on delete cascade,
    foreign key (tenant_id, unit_id) references units (tenant_id, id) on delete set null (unit_id)
);
comment on table import_rows is 'Staged rows of an import by line of the file: what they will do, what is wrong with them, what they replaced.';
comment on column import_rows.before is 'The home as it was before the commit, for undo; null where the row made it.';
create index import_rows_by_state on import_rows (tenant_id, import_id, state, line_number);
comment on index import_rows_by_state is 'The preview, filtered by state.';
create index import_rows_unit on import_rows (tenant_id, unit_id) where unit_id is not null;
comment on index import_rows_unit is 'Which import made or changed a home.';

-- +goose StatementBegin
do $$
begin
    perform policy_protect('imports');
    perform policy_staff('imports', 'development_id');
    perform policy_worker('imports');
    perform policy_protect('import_rows');
    perform policy_staff('import_rows', 'development_id');
    perform policy_worker('import_rows');
end
$$;
-- +goose StatementEnd
comment on index import_rows_pkey is 'One row a line of the file.';
grant select, insert, delete on imports to openhouse_staff; -- a discarded file leaves nothing behind but its audit entry
grant update (state, encoding, delimiter, date_order, header_map, findings, total_rows, new_rows, changed_rows, unchanged_rows, error_rows, done_rows, error,
              updated_at, previewed_at, committed_at, undone_at) on imports to openhouse_staff;
grant select, insert, update, delete on import_rows to openhouse_staff;
grant select on imports, import_rows to openhouse_worker;

-- +goose Down
drop table import_rows;
drop table imports;
