-- Which documents a resident sees (not archived; for the development, the house type or the home) is decided by the policies of
-- the tables; only the company is said again here.

-- name: Documents :many
-- Must-read first in each category. Blank words let everything through.
select d.id, d.title, d.category, d.must_read, d.scope, v.number, v.mime, v.size_bytes, v.pages, v.created_at
from documents d
join document_versions v on v.tenant_id = d.tenant_id and v.document_id = d.id and v.id = d.current_version_id
where d.tenant_id = @tenant_id and (@words::text = '' or position(lower(@words) in lower(d.title)) > 0)
order by array_position(array['safety', 'manual', 'floor_plan', 'warranty', 'certificate', 'legal', 'general'], d.category), d.must_read desc, lower(d.title), d.id
limit @most;

-- name: DocumentFile :one
-- A version by its number, or the current one for 0.
select v.sha256, v.file_name, v.mime, v.size_bytes
from documents d
join document_versions v on v.tenant_id = d.tenant_id and v.document_id = d.id
where d.tenant_id = @tenant_id and d.id = @id
  and case when @number::integer = 0 then v.id = d.current_version_id else v.number = @number end;
