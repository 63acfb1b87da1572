-- name: ListDocuments :many
-- One page of a development's documents, each with its current version. Blank filters let everything through.
select d.id, d.title, d.category, d.scope, d.house_type_id, d.unit_id, d.must_read, d.archived_at, d.updated_at,
       coalesce(h.code, '') as type_code, coalesce(h.name, '') as type_name, coalesce(u.block, '') as block, coalesce(u.unit_number, '') as unit_number,
       v.number, v.file_name, v.mime, v.size_bytes, v.pages, v.text_state, v.text_reason, v.created_at as version_at
from documents d
join document_versions v on v.tenant_id = d.tenant_id and v.id = d.current_version_id
left join house_types h on h.tenant_id = d.tenant_id and h.id = d.house_type_id
left join units u on u.tenant_id = d.tenant_id and u.id = d.unit_id
where d.tenant_id = @tenant_id and d.development_id = @development_id and (d.archived_at is not null) = @archived::boolean
  and (@category::text = '' or d.category = @category)
  and (@scope::text = '' or d.scope = @scope)
  and (@state::text = '' or v.text_state = @state or @state = 'reading' and v.text_state in ('queued', 'processing'))
  and (@words::text = '' or position(lower(@words) in lower(d.title)) > 0 or position(lower(@words) in lower(v.file_name)) > 0)
order by array_position(array['safety', 'manual', 'floor_plan', 'warranty', 'certificate', 'legal', 'general'], d.category), lower(d.title), d.id
limit @page_size offset @page_offset;

-- name: DocumentFigures :one
-- How many documents a development has, and how far the reading of their current versions has come.
select count(*) filter (where d.archived_at is null) as documents,
       count(*) filter (where d.archived_at is not null) as archived,
       count(*) filter (where d.archived_at is null and v.text_state in ('queued', 'processing')) as reading,
       count(*) filter (where d.archived_at is null and v.text_state = 'failed') as failed
from documents d
join document_versions v on v.tenant_id = d.tenant_id and v.id = d.current_version_id
where d.tenant_id = @tenant_id and d.development_id = @development_id;

-- name: GetDocument :one
select d.id, d.development_id, s.name as development, d.title, d.category, d.scope, d.house_type_id, d.unit_id, d.must_read,
       d.archived_at, d.created_at, d.updated_at, d.current_version_id,
       coalesce(h.code, '') as type_code, coalesce(h.name, '') as type_name, coalesce(u.block, '') as block, coalesce(u.unit_number, '') as unit_number
from documents d
join developments s on s.tenant_id = d.tenant_id and s.id = d.development_id
left join house_types h on h.tenant_id = d.tenant_id and h.id = d.house_type_id
left join units u on u.tenant_id = d.tenant_id and u.id = d.unit_id
where d.tenant_id = @tenant_id and d.id = @id;

-- name: DocumentVersions :many
-- The newest first.
select v.id, v.number, v.file_name, v.mime, v.size_bytes, v.pages, v.note, v.text_state, v.text_reason, v.created_at,
       coalesce(nullif(p.full_name, ''), p.email, '') as created_by
from document_versions v
left join staff p on p.tenant_id = v.tenant_id and p.id = v.created_by
where v.tenant_id = @tenant_id and v.document_id = @document_id
order by v.number desc
limit @most;

-- name: VersionFile :one
select d.title, v.sha256, v.file_name, v.mime, v.size_bytes
from document_versions v
join documents d on d.tenant_id = v.tenant_id and d.id = v.document_id
where v.tenant_id = @tenant_id and v.document_id = @document_id and v.number = @number;

-- name: DocumentPlaces :many
-- For whom a document of a development can be: its house types, then its homes.
select 'house_type'::text as scope, h.id, h.code as code, h.name as name, ''::text as block
from house_types h where h.tenant_id = @tenant_id and h.development_id = @development_id
union all
select 'unit', u.id, u.unit_number, u.address_line_1, u.block
from units u where u.tenant_id = @tenant_id and u.development_id = @development_id
order by 1, 5, 3
limit @most;

-- name: InsertDocument :exec
insert into documents (tenant_id, id, development_id, scope, house_type_id, unit_id, title, category, must_read, created_by)
values (@tenant_id, @id, @development_id, @scope, @house_type_id, @unit_id, @title, @category, @must_read, @created_by);

-- name: InsertVersion :exec
insert into document_versions (tenant_id, id, development_id, document_id, number, sha256, file_name, mime, size_bytes, note, created_by)
values (@tenant_id, @id, @development_id, @document_id, @number, @sha256, @file_name, @mime, @size_bytes, @note, @created_by);

-- name: SetCurrentVersion :exec
update documents set current_version_id = @version_id, updated_at = now() where tenant_id = @tenant_id and id = @id;

-- name: LockDocument :one
-- Whoever adds a version or changes a document holds it, so that of two who do one comes first.
select id, development_id, scope, house_type_id, unit_id, archived_at, updated_at, current_version_id from documents
where tenant_id = @tenant_id and id = @id
for update;

-- name: LastVersion :one
select coalesce(max(number), 0)::integer from document_versions where tenant_id = @tenant_id and document_id = @document_id;

-- name: UpdateDocument :exec
update documents
set scope = @scope, house_type_id = @house_type_id, unit_id = @unit_id, title = @title, category = @category, must_read = @must_read, updated_at = now()
where tenant_id = @tenant_id and id = @id;

-- name: ArchiveDocument :execrows
update documents set archived_at = case when @archive::boolean then now() end, updated_at = now()
where tenant_id = @tenant_id and id = @id and (archived_at is null) = @archive;

-- name: ReadAgain :execrows
-- A version that is waiting already is not put into the queue twice.
update document_versions set text_state = 'queued'
where tenant_id = @tenant_id and id = @id and text_state not in ('queued', 'processing');
