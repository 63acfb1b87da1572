-- Defects that residents report, what happened to them, and their photos.

-- +goose Up
create table issues (
    tenant_id      uuid        not null references tenants (id) on delete cascade,
    id             uuid        not null,
    development_id uuid        not null,
    unit_id        uuid        not null,
    resident_id    uuid,
    title          text        not null check (btrim(title) <> ''),
    description    text        not null default '',
    category       text        not null default 'general' check (category in ('general', 'plumbing', 'electrical', 'heating', 'structural', 'finish', 'outside')),
    state          text        not null default 'reported' check (state in ('reported', 'accepted', 'scheduled', 'fixed', 'declined', 'closed')),
    due_on         date,
    assigned_to    uuid,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    closed_at      timestamptz,
    primary key (tenant_id, id),
    constraint issues_development_id_id_key unique (tenant_id, development_id, id),
    check ((state = 'closed') = (closed_at is not null)),
    foreign key (tenant_id, development_id, unit_id) references units (tenant_id, development_id, id) on delete cascade,
    foreign key (tenant_id, resident_id) references residents (tenant_id, id) on delete set null (resident_id),
    foreign key (tenant_id, assigned_to) references staff (tenant_id, id) on delete set null (assigned_to)
);
comment on table issues is 'Defects of a home, reported by who lives there.';
comment on index issues_development_id_id_key is 'Lets other rows name an issue together with its development.';
create index issues_queue on issues (tenant_id, development_id, state, due_on);
comment on index issues_queue is 'The staff queue of a development, by due date.';
create index issues_unit on issues (tenant_id, unit_id);
comment on index issues_unit is 'The issues of a home.';

create table issue_events (
    tenant_id           uuid        not null references tenants (id) on delete cascade,
    id                  uuid        not null,
    development_id      uuid        not null,
    issue_id            uuid        not null,
    kind                text        not null check (kind in ('reported', 'comment', 'state', 'due', 'assigned')),
    author_kind         text        not null check (author_kind in ('staff', 'resident', 'system')),
    staff_id            uuid,
    resident_id         uuid,
    visible_to_resident boolean     not null default false,
    state               text        check (state in ('reported', 'accepted', 'scheduled', 'fixed', 'declined', 'closed')),
    body                text        not null default '',
    created_at          timestamptz not null default now(),
    primary key (tenant_id, id),
    check (author_kind = 'staff' or staff_id is null),
    check (author_kind = 'resident' or resident_id is null),
    foreign key (tenant_id, development_id, issue_id) references issues (tenant_id, development_id, id) on delete cascade,
    foreign key (tenant_id, staff_id) references staff (tenant_id, id) on delete set null (staff_id),
    foreign key (tenant_id, resident_id) references residents (tenant_id, id) on delete set null (resident_id)
);
comment on table issue_events is 'The timeline of an issue; staff decide which entries the resident sees.';
create index issue_events_timeline on issue_events (tenant_id, issue_id, created_at);
comment on index issue_events_timeline is 'An issue''s entries in order.';

create table issue_files (
    tenant_id      uuid        not null references tenants (id) on delete cascade,
    id             uuid        not null,
    development_id uuid        not null,
    issue_id       uuid        not null,
    sha256         bytea       not null check (length(sha256) = 32),
    file_name      text        not null check (file_name <> ''),
    mime           text        not null check (mime <> ''),
    size_bytes     bigint      not null check (size_bytes > 0),
    created_at     timestamptz not null default now(),
    primary key (tenant_id, id),
    foreign key (tenant_id, development_id, issue_id) references issues (tenant_id, development_id, id) on delete cascade
);
comment on table issue_files is 'Photos of an issue; the bytes are in the file store by their hash.';
create index issue_files_issue on issue_files (tenant_id, issue_id);
comment on index issue_files_issue is 'The photos of an issue.';

-- +goose StatementBegin
do $$
declare
    table_name text;
    own_issue constant text := ' exists (select 1 from issues i where i.tenant_id = %1$s.tenant_id and i.id = %1$s.issue_id)';
begin
    foreach table_name in array array['issues', 'issue_events', 'issue_files'] loop
        perform policy_protect(table_name::regclass);
        perform policy_staff(table_name::regclass, 'development_id');
    end loop;
    perform policy_resident('issues', 'select', 'resident_id = {resident} and unit_id = {home}');
    perform policy_resident('issues', 'insert', 'resident_id = {resident} and unit_id = {home} and state = ''reported''');
    perform policy_resident('issue_events', 'select', 'visible_to_resident and' || format(own_issue, 'issue_events'));
    perform policy_resident('issue_events', 'insert', 'author_kind = ''resident'' and resident_id = {resident} and visible_to_resident and' || format(own_issue, 'issue_events'));
    perform policy_resident('issue_files', 'select', format(own_issue, 'issue_files'));
    perform policy_resident('issue_files', 'insert', format(own_issue, 'issue_files'));
end
$$;
-- +goose StatementEnd
grant select, insert on issues, issue_events, issue_files to openhouse_staff;
grant update (title, category, state, due_on, assigned_to, updated_at, closed_at) on issues to openhouse_staff;
grant select (tenant_id, id, development_id, unit_id, resident_id, title, description, category, state, due_on, created_at, updated_at, closed_at) on issues to openhouse_resident;
grant insert (tenant_id, id, development_id, unit_id, resident_id, title, description, category) on issues to openhouse_resident;
grant select (tenant_id, id, development_id, issue_id, kind, author_kind, resident_id, visible_to_resident, state, body, created_at) on issue_events to openhouse_resident;
grant insert (tenant_id, id, development_id, issue_id, kind, author_kind, resident_id, visible_to_resident, body) on issue_events to openhouse_resident;
grant select, insert on issue_files to openhouse_resident;

-- +goose Down
drop table issue_files;
drop table issue_events;
drop table issues;
