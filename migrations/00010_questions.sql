-- What residents ask: their own conversation with the papers, questions to the company, published answers.

-- +goose Up
create table questions (
    tenant_id      uuid        not null references tenants (id) on delete cascade,
    id             uuid        not null,
    development_id uuid        not null,
    unit_id        uuid        not null,
    resident_id    uuid,
    body           text        not null check (btrim(body) <> ''),
    state          text        not null default 'open' check (state in ('open', 'answered', 'closed')),
    answer         text        not null default '',
    answered_by    uuid,
    answered_at    timestamptz,
    created_at     timestamptz not null default now(),
    primary key (tenant_id, id),
    check (state <> 'answered' or answered_at is not null),
    foreign key (tenant_id, development_id, unit_id) references units (tenant_id, development_id, id) on delete cascade,
    foreign key (tenant_id, resident_id) references residents (tenant_id, id) on delete set null (resident_id),
    foreign key (tenant_id, answered_by) references staff (tenant_id, id) on delete set null (answered_by)
);
comment on table questions is 'Questions that residents put to the company because the papers had no answer.';
create index questions_queue on questions (tenant_id, development_id, state, created_at);
comment on index questions_queue is 'The staff queue of a development.';
create index questions_resident on questions (tenant_id, resident_id) where resident_id is not null;
comment on index questions_resident is 'What a resident has asked.';

create table faqs (
    tenant_id      uuid        not null references tenants (id) on delete cascade,
    id             uuid        not null,
    development_id uuid        not null,
    house_type_id  uuid,
    question_id    uuid,
    question       text        not null check (btrim(question) <> ''),
    answer         text        not null check (btrim(answer) <> ''),
    published_at   timestamptz,
    created_by     uuid,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    primary key (tenant_id, id),
    foreign key (tenant_id, development_id) references developments (tenant_id, id) on delete cascade,
    foreign key (tenant_id, development_id, house_type_id) references house_types (tenant_id, development_id, id) on delete cascade,
    foreign key (tenant_id, question_id) references questions (tenant_id, id) on delete set null (question_id),
    foreign key (tenant_id, created_by) references staff (tenant_id, id) on delete set null (created_by)
);
comment on table faqs is 'Answers that the company published for a development or a house type.';
create index faqs_by_development on faqs (tenant_id, development_id);
comment on index faqs_by_development is 'The published answers of a development.';

-- A published answer is searched like a paper.
alter table document_chunks
    alter column document_id drop not null,
    alter column version_id drop not null,
    alter column page_from drop not null,
    alter column page_to drop not null,
    add column faq_id uuid,
    add constraint document_chunks_faq_fkey foreign key (tenant_id, faq_id) references faqs (tenant_id, id) on delete cascade,
    add constraint document_chunks_source check (case when faq_id is null
        then document_id is not null and version_id is not null and page_from is not null and page_to is not null
        else document_id is null and version_id is null and page_from is null and page_to is null end);
create unique index document_chunks_faq on document_chunks (tenant_id, faq_id) where faq_id is not null;
comment on index document_chunks_faq is 'A published answer is one passage.';

create table chat_messages (
    tenant_id      uuid        not null references tenants (id) on delete cascade,
    id             uuid        not null,
    development_id uuid        not null,
    unit_id        uuid        not null,
    resident_id    uuid        not null,
    author         text        not null check (author in ('resident', 'assistant')),
    outcome        text        check (outcome in ('answered', 'not_found', 'emergency')),
    body           text        not null check (btrim(body) <> ''),
    reply_to       uuid,
    created_at     timestamptz not null default now(),
    primary key (tenant_id, id),
    constraint chat_messages_resident_id_id_key unique (tenant_id, resident_id, id),
    check ((author = 'assistant') = (outcome is not null)),
    foreign key (tenant_id, development_id, unit_id) references units (tenant_id, development_id, id) on delete cascade,
    foreign key (tenant_id, resident_id) references residents (tenant_id, id) on delete cascade,
    foreign key (tenant_id, resident_id, reply_to) references chat_messages (tenant_id, resident_id, id) on delete set null (reply_to)
);
comment on table chat_messages is 'A resident''s conversation with the papers. Staff have no right to it.';
comment on index chat_messages_resident_id_id_key is 'Lets other rows name a message together with its owner.';
create index chat_messages_history on chat_messages (tenant_id, resident_id, unit_id, created_at);
comment on index chat_messages_history is 'A resident''s history in a home.';

create table chat_citations (
    tenant_id   uuid    not null references tenants (id) on delete cascade,
    id          uuid    not null,
    resident_id uuid    not null,
    message_id  uuid    not null,
    ordinal     integer not null check (ordinal >= 0),
    document_id uuid,
    version_id  uuid,
    faq_id      uuid,
    title       text    not null,
    page        integer check (page > 0),
    quote       text    not null check (quote <> ''),
    primary key (tenant_id, id),
    constraint chat_citations_ordinal_key unique (tenant_id, message_id, ordinal),
    foreign key (tenant_id, resident_id, message_id) references chat_messages (tenant_id, resident_id, id) on delete cascade,
    foreign key (tenant_id, document_id) references documents (tenant_id, id) on delete set null (document_id),
    foreign key (tenant_id, version_id) references document_versions (tenant_id, id) on delete set null (version_id),
    foreign key (tenant_id, faq_id) references faqs (tenant_id, id) on delete set null (faq_id)
);
comment on table chat_citations is 'Where an answer comes from: document, version, page and the quoted words, or a published answer.';
comment on index chat_citations_ordinal_key is 'The sources of an answer in order.';

-- +goose StatementBegin
do $$
begin
    perform policy_protect('questions');
    perform policy_staff('questions', 'development_id');
    perform policy_resident('questions', 'select', 'resident_id = {resident} and unit_id = {home}');
    perform policy_resident('questions', 'insert', 'resident_id = {resident} and unit_id = {home} and state = ''open''');

    perform policy_protect('faqs');
    perform policy_staff('faqs', 'development_id');
    perform policy_worker('faqs');
    perform policy_resident('faqs', 'select', 'development_id = {development} and published_at is not null and (house_type_id is null or house_type_id = {house_type})');

    perform policy_protect('chat_messages');
    perform policy_resident('chat_messages', 'select', 'resident_id = {resident}');
    perform policy_resident('chat_messages', 'insert', 'resident_id = {resident} and unit_id = {home}');
    perform policy_protect('chat_citations');
    perform policy_resident('chat_citations', 'select', 'resident_id = {resident}');
    perform policy_resident('chat_citations', 'insert', 'resident_id = {resident}');

    drop policy resident_select on document_chunks;
    perform policy_resident('document_chunks', 'select',
        'development_id = {development} and (house_type_id is null or house_type_id = {house_type}) and (unit_id is null or unit_id = {home})'
        || ' and (exists (select 1 from documents d where d.tenant_id = document_chunks.tenant_id and d.id = document_chunks.document_id)'
        || ' or exists (select 1 from faqs f where f.tenant_id = document_chunks.tenant_id and f.id = document_chunks.faq_id))');
end
$$;
-- +goose StatementEnd
grant select on questions to openhouse_staff;
grant update (state, answer, answered_by, answered_at) on questions to openhouse_staff;
grant select, insert on questions to openhouse_resident;
grant select, insert on faqs to openhouse_staff;
grant update (house_type_id, question, answer, published_at, updated_at) on faqs to openhouse_staff;
grant select on faqs to openhouse_resident, openhouse_worker;
grant select, insert on chat_messages, chat_citations to openhouse_resident;

-- +goose Down
drop table chat_citations;
drop table chat_messages;
-- +goose StatementBegin
do $$
begin
    drop policy resident_select on document_chunks;
    perform policy_resident('document_chunks', 'select',
        'development_id = {development} and (house_type_id is null or house_type_id = {house_type}) and (unit_id is null or unit_id = {home})'
        || ' and exists (select 1 from documents d where d.tenant_id = document_chunks.tenant_id and d.id = document_chunks.document_id)');
end
$$;
-- +goose StatementEnd
delete from document_chunks where faq_id is not null;
alter table document_chunks
    drop constraint document_chunks_source,
    drop column faq_id,
    alter column document_id set not null,
    alter column version_id set not null,
    alter column page_from set not null,
    alter column page_to set not null;
drop table faqs;
drop table questions;
