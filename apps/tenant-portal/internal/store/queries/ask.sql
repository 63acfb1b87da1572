-- A person's conversation with the papers of a home. What they see of it, the policies decide; company and person are
-- said again here.

-- name: Exchanges :many
-- The newest first, with what became of a question that was put to the company.
select m.id, m.body, m.created_at, a.id as answer_id, a.outcome, a.body as answer,
       q.created_at as put_at, q.answered_at, coalesce(q.answer, '') as company_answer
from chat_messages m
join chat_messages a on a.tenant_id = m.tenant_id and a.resident_id = m.resident_id and a.reply_to = m.id
left join questions q on q.tenant_id = m.tenant_id and q.resident_id = m.resident_id and q.message_id = m.id
where m.tenant_id = @tenant_id and m.resident_id = @resident_id and m.unit_id = @unit_id and m.author = 'resident'
order by m.created_at desc, m.id desc
limit @page_size offset @page_offset;

-- name: Citations :many
-- Where answers stand, with what the person may see of it today: is it there, and is it as it was quoted.
select c.message_id, c.ordinal, c.document_id, c.faq_id, c.title, c.number, c.page, c.quote, c.dated,
       (d.id is not null or f.id is not null)::boolean as there,
       coalesce(d.current_version_id = c.version_id, f.updated_at = c.dated, false)::boolean as current
from chat_citations c
left join documents d on d.tenant_id = c.tenant_id and d.id = c.document_id
left join faqs f on f.tenant_id = c.tenant_id and f.id = c.faq_id
where c.tenant_id = @tenant_id and c.resident_id = @resident_id and c.message_id = any (@answers::uuid[])
order by c.message_id, c.ordinal;

-- name: PutToCompany :execrows
-- No row: it was put before, or the person has asked no such thing in this home.
insert into questions (tenant_id, id, development_id, unit_id, resident_id, message_id, body)
select m.tenant_id, @id, m.development_id, m.unit_id, m.resident_id, m.id, m.body
from chat_messages m
where m.tenant_id = @tenant_id and m.id = @message_id and m.resident_id = @resident_id and m.unit_id = @unit_id and m.author = 'resident'
on conflict (tenant_id, resident_id, message_id) where message_id is not null do nothing;

-- name: WasPut :one
select exists (
    select 1 from questions q where q.tenant_id = @tenant_id and q.resident_id = @resident_id and q.unit_id = @unit_id and q.message_id = @message_id::uuid);
