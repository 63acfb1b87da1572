-- Which notices a resident sees (published, in time, for their home) is decided by the policies of the table; only the
-- company is said again here.

-- name: Notices :many
-- The most urgent first, then the newest. A notice that was published after its start is as new as that.
select n.id, n.title, n.category, n.priority, n.time_zone, greatest(n.starts_at, n.published_at)::timestamptz as since, n.ends_at,
       exists (select 1 from notice_reads r where r.tenant_id = n.tenant_id and r.notice_id = n.id and r.resident_id = @resident_id) as read
from notices n
where n.tenant_id = @tenant_id
order by array_position(array['urgent', 'important', 'normal'], n.priority), greatest(n.starts_at, n.published_at) desc, n.id desc
limit @page_size offset @page_offset;

-- name: Notice :one
select n.id, n.title, n.body, n.category, n.priority, n.time_zone, greatest(n.starts_at, n.published_at)::timestamptz as since, n.ends_at,
       exists (select 1 from notice_reads r where r.tenant_id = n.tenant_id and r.notice_id = n.id and r.resident_id = @resident_id) as read
from notices n
where n.tenant_id = @tenant_id and n.id = @id;

-- name: MarkNoticeRead :execrows
-- No row: it was read before, or is not to be seen any more.
insert into notice_reads (tenant_id, notice_id, resident_id)
select n.tenant_id, n.id, @resident_id from notices n where n.tenant_id = @tenant_id and n.id = @id
on conflict (tenant_id, notice_id, resident_id) do nothing;
