-- name: Home :one
select t.name as company,
       d.name as development, d.contact_name, d.contact_email, d.contact_phone, d.emergency_phone,
       h.code as type_code, h.name as type_name,
       h.bedrooms as type_bedrooms, h.bathrooms as type_bathrooms, h.floor_area_m2 as type_floor_area_m2,
       u.block, u.unit_number, u.address_line_1, u.address_line_2, u.city, u.postcode,
       u.bedrooms, u.bathrooms, u.floor_area_m2, u.status, u.handover_date,
       r.full_name, r.email
from units u
join tenants t on t.id = u.tenant_id
join developments d on d.tenant_id = u.tenant_id and d.id = u.development_id
join house_types h on h.tenant_id = u.tenant_id and h.id = u.house_type_id
join residents r on r.tenant_id = u.tenant_id and r.id = sqlc.arg(resident_id)
where u.tenant_id = sqlc.arg(tenant_id) and u.id = sqlc.arg(unit_id);
