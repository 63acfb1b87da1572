-- name: ListHouseTypes :many
select t.id, t.code, t.name, t.bedrooms, t.bathrooms, t.floor_area_m2,
       (select count(*) from units u where u.tenant_id = t.tenant_id and u.house_type_id = t.id) as homes
from house_types t
where t.tenant_id = @tenant_id and t.development_id = @development_id
order by lower(t.code), t.id;

-- name: ListHomes :many
-- One page of a development's homes, filtered by state and by words that all have to occur. total counts all pages.
-- Whoever may not see buyers doesn't find homes by them either.
select u.id, u.block, u.unit_number, u.address_line_1, u.city, u.postcode, u.status, u.handover_date,
       case when @buyers::bool then u.purchaser_name else '' end as purchaser_name,
       case when @buyers::bool then u.purchaser_email else '' end as purchaser_email,
       t.code as type_code, t.name as type_name, count(*) over () as total
from units u
join house_types t on t.tenant_id = u.tenant_id and t.id = u.house_type_id
where u.tenant_id = @tenant_id and u.development_id = @development_id
  and (@status::text = '' or u.status = @status::text)
  and not exists (
      select 1 from unnest(@words::text[]) w
      where strpos(unaccent(lower(concat_ws(' ', u.block, u.unit_number, u.address_line_1, u.address_line_2, u.city, u.postcode,
                                            t.code, t.name,
                                            case when @buyers::bool then u.purchaser_name end, case when @buyers::bool then u.purchaser_email end))), unaccent(lower(w))) = 0)
order by u.block, u.unit_order, u.unit_number, u.id
limit @page_size offset @page_offset;

-- name: GetHome :one
select u.id, u.development_id, d.name as development, u.house_type_id, t.code as type_code, t.name as type_name,
       u.block, u.unit_number, u.address_line_1, u.address_line_2, u.city, u.postcode, u.bedrooms, u.bathrooms, u.floor_area_m2,
       u.status, u.handover_date, u.updated_at,
       case when @buyers::bool then u.purchaser_name else '' end as purchaser_name,
       case when @buyers::bool then u.purchaser_email else '' end as purchaser_email,
       case when @buyers::bool then u.purchaser_phone else '' end as purchaser_phone
from units u
join developments d on d.tenant_id = u.tenant_id and d.id = u.development_id
join house_types t on t.tenant_id = u.tenant_id and t.id = u.house_type_id
where u.tenant_id = @tenant_id and u.id = @id;

-- name: UpdateHome :execrows
-- No row: there is none, somebody else changed it since, or the type belongs to another development.
update units u
set house_type_id = t.id, block = @block, unit_number = @unit_number, address_line_1 = @address_line_1,
    address_line_2 = @address_line_2, city = @city, postcode = @postcode, bedrooms = @bedrooms, bathrooms = @bathrooms,
    floor_area_m2 = @floor_area_m2, status = @status, handover_date = @handover_date, purchaser_name = @purchaser_name,
    purchaser_email = @purchaser_email, purchaser_phone = @purchaser_phone, updated_at = clock_timestamp()
from house_types t
where u.tenant_id = @tenant_id and u.id = @id and u.updated_at = @version
  and t.tenant_id = u.tenant_id and t.development_id = u.development_id and t.id = @house_type_id;

-- name: HomeNumberTaken :one
-- Whether another home of the same development has this block and number, in capitals or not: an import could not
-- tell the two apart.
select exists (
    select 1
    from units u
    join units o on o.tenant_id = u.tenant_id and o.development_id = u.development_id and o.id <> u.id
    where u.tenant_id = @tenant_id and u.id = @id
      and lower(o.block) = lower(@block) and lower(o.unit_number) = lower(@unit_number));

-- name: InsertResidentLink :exec
insert into email_tokens (tenant_id, id, purpose, token_hash, email, development_id, unit_id, expires_at)
values (@tenant_id, @id, 'resident_link', @token_hash, @email, @development_id, @unit_id, now() + make_interval(secs => @life_seconds::float8));
