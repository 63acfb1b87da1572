-- Questions that residents put to the company, and the answers that it publishes.

-- name: ListQuestions :many
-- One page: what is open, oldest first; what is answered, the newest answer first. total counts all pages.
select q.id, q.body, q.state, q.created_at, q.answered_at, u.id as unit_id, q.development_id, d.name as development,
       u.block, u.unit_number, u.address_line_1,
       exists (select 1 from faqs f where f.tenant_id = q.tenant_id and f.question_id = q.id) as published, count(*) over () as total
from questions q
join units u on u.tenant_id = q.tenant_id and u.id = q.unit_id
join developments d on d.tenant_id = q.tenant_id and d.id = q.development_id
where q.tenant_id = @tenant_id and q.state = @state
  and (sqlc.narg('development_id')::uuid is null or q.development_id = sqlc.narg('development_id'))
order by case when q.state = 'open' then q.created_at end, q.answered_at desc, q.id
limit @page_size offset @page_offset;

-- name: QuestionFigures :many
-- The developments with open questions, and how many.
select d.id, d.name, count(*) as questions
from questions q
join developments d on d.tenant_id = q.tenant_id and d.id = q.development_id
where q.tenant_id = @tenant_id and q.state = 'open'
group by d.id, d.name
order by lower(d.name), d.id;

-- name: GetQuestion :one
select q.id, q.body, q.state, q.answer, q.created_at, q.answered_at, coalesce(s.full_name, '') as answered_by,
       u.id as unit_id, q.development_id, d.name as development, u.block, u.unit_number, u.address_line_1, u.house_type_id,
       r.id as resident_id, coalesce(r.full_name, '') as full_name, coalesce(r.email, '') as email,
       exists (select 1 from occupancies o where o.tenant_id = q.tenant_id and o.unit_id = q.unit_id and o.resident_id = q.resident_id and o.ended_at is null) as lives_there,
       f.id as faq_id
from questions q
join units u on u.tenant_id = q.tenant_id and u.id = q.unit_id
join developments d on d.tenant_id = q.tenant_id and d.id = q.development_id
left join residents r on r.tenant_id = q.tenant_id and r.id = q.resident_id
left join staff s on s.tenant_id = q.tenant_id and s.id = q.answered_by
left join faqs f on f.tenant_id = q.tenant_id and f.question_id = q.id
where q.tenant_id = @tenant_id and q.id = @id;

-- name: LockQuestion :one
-- Held, so that of two answers one comes first and the other learns of it.
select q.state from questions q where q.tenant_id = @tenant_id and q.id = @id for update;

-- name: AnswerQuestion :exec
update questions set state = 'answered', answer = @answer, answered_by = @answered_by, answered_at = now()
where tenant_id = @tenant_id and id = @id and state = 'open';

-- name: TypesOf :many
-- The house types of a development, for a choice.
select h.id, h.code, h.name from house_types h where h.tenant_id = @tenant_id and h.development_id = @development_id order by lower(h.code), h.id;

-- name: ListFAQs :many
select f.id, f.question, f.development_id, d.name as development, f.house_type_id, coalesce(h.code, '') as type_code, coalesce(h.name, '') as type_name,
       f.published_at, f.updated_at, count(*) over () as total
from faqs f
join developments d on d.tenant_id = f.tenant_id and d.id = f.development_id
left join house_types h on h.tenant_id = f.tenant_id and h.id = f.house_type_id
where f.tenant_id = @tenant_id
order by (f.published_at is null), f.updated_at desc, f.id
limit @page_size offset @page_offset;

-- name: GetFAQ :one
select f.id, f.question, f.answer, f.development_id, d.name as development, f.house_type_id, coalesce(h.code, '') as type_code, coalesce(h.name, '') as type_name,
       f.published_at, f.updated_at, f.question_id
from faqs f
join developments d on d.tenant_id = f.tenant_id and d.id = f.development_id
left join house_types h on h.tenant_id = f.tenant_id and h.id = f.house_type_id
where f.tenant_id = @tenant_id and f.id = @id;

-- name: InsertFAQ :exec
insert into faqs (tenant_id, id, development_id, house_type_id, question_id, question, answer, published_at, created_by)
values (@tenant_id, @id, @development_id, sqlc.narg(house_type_id), @question_id, @question, @answer, now(), @created_by);

-- name: LockFAQ :one
select f.updated_at, f.published_at, f.development_id from faqs f where f.tenant_id = @tenant_id and f.id = @id for update;

-- name: UpdateFAQ :exec
update faqs set house_type_id = sqlc.narg(house_type_id), question = @question, answer = @answer, updated_at = clock_timestamp()
where tenant_id = @tenant_id and id = @id;

-- name: TurnFAQ :exec
-- Publishes it, or takes it back.
update faqs set published_at = case when @publish::boolean then clock_timestamp() end, updated_at = clock_timestamp()
where tenant_id = @tenant_id and id = @id;
