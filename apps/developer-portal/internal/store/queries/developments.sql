-- name: ListDevelopments :many
-- One page by name, with the figures of each. The page is cut before anything is counted.
select d.id, d.name, d.address, d.status, d.updated_at, f.homes, f.for_sale, f.sold, f.handed_over
from (
    select p.id, p.tenant_id, p.name, p.address, p.status, p.updated_at
    from developments p
    where p.tenant_id = @tenant_id
    order by lower(p.name), p.id
    limit @page_size offset @page_offset
) d
cross join lateral (
    select count(*) as homes,
           count(*) filter (where u.status = 'for_sale') as for_sale,
           count(*) filter (where u.status in ('sale_agreed', 'handed_over')) as sold,
           count(*) filter (where u.status = 'handed_over') as handed_over
    from units u
    where u.tenant_id = @tenant_id and u.development_id = d.id
) f
order by lower(d.name), d.id;

-- name: GetDevelopment :one
select id, slug, name, address, status, contact_name, contact_email, contact_phone, emergency_phone, created_at, updated_at
from developments
where tenant_id = @tenant_id and id = @id;

-- name: DevelopmentFigures :one
select count(*) as homes,
       count(*) filter (where u.status = 'planned') as planned,
       count(*) filter (where u.status = 'for_sale') as for_sale,
       count(*) filter (where u.status = 'sale_agreed') as sale_agreed,
       count(*) filter (where u.status = 'handed_over') as handed_over,
       count(*) filter (where exists (
           select 1 from occupancies o where o.tenant_id = u.tenant_id and o.unit_id = u.id and o.ended_at is null)) as lived_in
from units u
where u.tenant_id = @tenant_id and u.development_id = @development_id;

-- name: InsertDevelopment :execrows
-- No row: the slug is taken.
insert into developments (tenant_id, id, slug, name, address, status, contact_name, contact_email, contact_phone, emergency_phone)
values (@tenant_id, @id, @slug, @name, @address, @status, @contact_name, @contact_email, @contact_phone, @emergency_phone)
on conflict (tenant_id, slug) do nothing;

-- name: UpdateDevelopment :execrows
-- No row: there is none, or somebody else changed it since.
update developments
set name = @name, address = @address, status = @status, contact_name = @contact_name, contact_email = @contact_email,
    contact_phone = @contact_phone, emergency_phone = @emergency_phone, updated_at = clock_timestamp()
where tenant_id = @tenant_id and id = @id and updated_at = @version;
