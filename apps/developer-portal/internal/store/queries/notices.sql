-- name: ListNotices :many
-- One page, the newest start first, with how many homes with residents it is for and how many of them have seen it.
-- The page is cut before anything is counted.
select p.id, p.title, p.category, p.priority, p.scope, p.development_id, p.house_type_id,
       coalesce(d.name, '') as development, coalesce(h.code, '') as type_code, coalesce(h.name, '') as type_name,
       p.time_zone, p.starts_at, p.ends_at, p.ended_at, p.published_at, p.updated_at, p.state, f.homes, f.seen
from (
    select n.*
    from (
        select a.*,
               (case when a.published_at is null then 'draft'
                     when a.ended_at is not null or a.ends_at <= now() then 'over'
                     when a.starts_at > now() then 'scheduled'
                     else 'live' end)::text as state
        from notices a
        where a.tenant_id = @tenant_id
    ) n
    where (@state::text = '' or n.state = @state)
    order by n.starts_at desc, n.id desc
    limit @page_size offset @page_offset
) p
left join developments d on d.tenant_id = p.tenant_id and d.id = p.development_id
left join house_types h on h.tenant_id = p.tenant_id and h.id = p.house_type_id
cross join lateral (
    select count(*) as homes, count(*) filter (where l.seen) as seen
    from (
        select o.unit_id, bool_or(r.resident_id is not null) as seen
        from occupancies o
        join units u on u.tenant_id = o.tenant_id and u.id = o.unit_id
        left join notice_reads r on r.tenant_id = o.tenant_id and r.notice_id = p.id and r.resident_id = o.resident_id
        where o.tenant_id = @tenant_id and o.ended_at is null
          and (p.development_id is null or o.development_id = p.development_id)
          and (p.house_type_id is null or u.house_type_id = p.house_type_id)
        group by o.unit_id
    ) l
) f
order by p.starts_at desc, p.id desc;

-- name: GetNotice :one
select n.id, n.title, n.body, n.category, n.priority, n.scope, n.development_id, n.house_type_id,
       coalesce(d.name, '') as development, coalesce(h.code, '') as type_code, coalesce(h.name, '') as type_name,
       n.time_zone, n.starts_at, n.ends_at, n.ended_at, n.published_at, n.created_at, n.updated_at,
       (case when n.published_at is null then 'draft'
             when n.ended_at is not null or n.ends_at <= now() then 'over'
             when n.starts_at > now() then 'scheduled'
             else 'live' end)::text as state,
       coalesce(n.ends_at <= now(), false)::boolean as past
from notices n
left join developments d on d.tenant_id = n.tenant_id and d.id = n.development_id
left join house_types h on h.tenant_id = n.tenant_id and h.id = n.house_type_id
where n.tenant_id = @tenant_id and n.id = @id;

-- name: NoticeReach :one
-- In how many homes residents live who are meant, and in how many of them somebody has opened the notice.
select count(*) as homes, count(*) filter (where l.seen) as seen
from (
    select o.unit_id, bool_or(r.resident_id is not null) as seen
    from notices n
    join occupancies o on o.tenant_id = n.tenant_id and o.ended_at is null and (n.development_id is null or o.development_id = n.development_id)
    join units u on u.tenant_id = o.tenant_id and u.id = o.unit_id and (n.house_type_id is null or u.house_type_id = n.house_type_id)
    left join notice_reads r on r.tenant_id = o.tenant_id and r.notice_id = n.id and r.resident_id = o.resident_id
    where n.tenant_id = @tenant_id and n.id = @id
    group by o.unit_id
) l;

-- name: LatestNoticeZone :one
-- What the last notice that the person sees was timed by; the newest start need not be the newest notice.
select n.time_zone from notices n where n.tenant_id = @tenant_id order by n.created_at desc, n.id desc limit 1;

-- name: NoticeAudiences :many
-- Developments with their house types, for a choice. A development without types is one row.
select d.id as development_id, d.name as development, h.id as house_type_id, coalesce(h.code, '') as type_code, coalesce(h.name, '') as type_name
from developments d
left join house_types h on h.tenant_id = d.tenant_id and h.development_id = d.id
where d.tenant_id = @tenant_id
order by lower(d.name), d.id, lower(h.code), h.id;

-- name: DevelopmentOfType :one
select h.development_id from house_types h where h.tenant_id = @tenant_id and h.id = @id;

-- name: InsertNotice :exec
-- Without a start it starts now.
insert into notices (tenant_id, id, scope, development_id, house_type_id, title, body, category, priority, time_zone, starts_at, ends_at, created_by)
values (@tenant_id, @id, @scope, sqlc.narg(development_id), sqlc.narg(house_type_id), @title, @body, @category, @priority, @time_zone,
        coalesce(sqlc.narg(starts_at)::timestamptz, now()), sqlc.narg(ends_at), sqlc.narg(created_by));

-- name: LockNotice :one
-- No row: the person may not change it, or there is none.
select n.scope, n.updated_at from notices n where n.tenant_id = @tenant_id and n.id = @id for update;

-- name: UpdateNotice :exec
update notices
set scope = @scope, development_id = sqlc.narg(development_id), house_type_id = sqlc.narg(house_type_id), title = @title, body = @body,
    category = @category, priority = @priority, time_zone = @time_zone, starts_at = coalesce(sqlc.narg(starts_at)::timestamptz, now()), ends_at = sqlc.narg(ends_at),
    updated_at = clock_timestamp()
where tenant_id = @tenant_id and id = @id;

-- name: PublishNotice :execrows
-- No row: it is published already, or its end has passed.
update notices set published_at = clock_timestamp(), ended_at = null, updated_at = clock_timestamp()
where tenant_id = @tenant_id and id = @id and published_at is null and (ends_at is null or ends_at > now());

-- name: UnpublishNotice :execrows
update notices set published_at = null, ended_at = null, updated_at = clock_timestamp()
where tenant_id = @tenant_id and id = @id and published_at is not null;

-- name: EndNotice :execrows
-- No row: residents don't see it now.
update notices set ended_at = clock_timestamp(), updated_at = clock_timestamp()
where tenant_id = @tenant_id and id = @id and published_at is not null and ended_at is null and starts_at <= now() and (ends_at is null or ends_at > now());

-- name: ResumeNotice :execrows
-- No row: nobody ended it, or its end has passed since.
update notices set ended_at = null, updated_at = clock_timestamp()
where tenant_id = @tenant_id and id = @id and ended_at is not null and (ends_at is null or ends_at > now());
