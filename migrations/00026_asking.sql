-- Asking the papers, and the company where the papers don't say: what an answer was made of stays readable when papers
-- change, a question to the company keeps its place in the conversation, and staff index the answers they publish.

-- +goose Up
alter table chat_citations
    add column number integer check (number > 0),
    add column dated timestamptz,
    add constraint chat_citations_source check (document_id is null or faq_id is null);
comment on column chat_citations.number is 'Of the version that was quoted, which the person may not see any more.';
comment on column chat_citations.dated is 'When the quoted answer of the company was last changed: its version, so that a later change is told.';

create unique index chat_messages_reply on chat_messages (tenant_id, resident_id, reply_to) where reply_to is not null;
comment on index chat_messages_reply is 'A question has one answer.';

-- The company learns which words were asked, never what was said before and after: the message is named for the person only.
alter table questions
    add column message_id uuid,
    add constraint questions_message_fkey foreign key (tenant_id, resident_id, message_id)
        references chat_messages (tenant_id, resident_id, id) on delete set null (message_id);
comment on column questions.message_id is 'The question in the person''s conversation.';
create unique index questions_message on questions (tenant_id, resident_id, message_id) where message_id is not null;
comment on index questions_message is 'The company is asked once.';
create index questions_by_state on questions (tenant_id, state, created_at);
comment on index questions_by_state is 'The staff queue of all developments.';

-- A resident asks. What becomes of the question is the company's to write.
revoke insert on questions from openhouse_resident;
grant insert (tenant_id, id, development_id, unit_id, resident_id, message_id, body) on questions to openhouse_resident;

create unique index faqs_question on faqs (tenant_id, question_id) where question_id is not null;
comment on index faqs_question is 'A question is published once.';

-- Staff write the passage of an answer they publish, in the transaction that publishes it; passages of papers stay the worker's.
drop policy staff_all on document_chunks;
-- +goose StatementBegin
do $$
declare
    answers text := policy_staff_condition('development_id') || ' and faq_id is not null';
begin
    perform policy_staff('document_chunks', 'development_id', 'select');
    execute format('create policy staff_insert on document_chunks for insert to openhouse_staff with check (%s)', answers);
    execute format('create policy staff_delete on document_chunks for delete to openhouse_staff using (%s)', answers);
end
$$;
-- +goose StatementEnd
grant insert, delete on document_chunks to openhouse_staff;

-- +goose Down
drop index faqs_question;
revoke insert (tenant_id, id, development_id, unit_id, resident_id, message_id, body) on questions from openhouse_resident;
grant insert on questions to openhouse_resident;
revoke insert, delete on document_chunks from openhouse_staff;
drop policy staff_delete on document_chunks;
drop policy staff_insert on document_chunks;
drop policy staff_select on document_chunks;
-- +goose StatementBegin
do $$
begin
    perform policy_staff('document_chunks', 'development_id');
end
$$;
-- +goose StatementEnd
drop index questions_by_state;
drop index questions_message;
alter table questions drop constraint questions_message_fkey, drop column message_id;
drop index chat_messages_reply;
alter table chat_citations drop constraint chat_citations_source, drop column dated, drop column number;
