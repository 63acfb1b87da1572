-- Seven more companies that one address, and one issuer of tokens, belongs to: more than a door answers at once.
insert into tenants (id, name, slug) select md5('crowd' || n)::uuid, 'Crowd ' || n, 'crowd-' || n from generate_series(1, 7) n;
insert into staff (tenant_id, id, email, role, password_hash) select id, id, 'crowd@example.org', 'viewer', 'not a real hash' from tenants where slug like 'crowd-%';
insert into developments (tenant_id, id, slug, name) select id, id, 'crowd', 'Crowd' from tenants where slug like 'crowd-%';
insert into house_types (tenant_id, id, development_id, code) select id, id, id, 'C' from tenants where slug like 'crowd-%';
insert into units (tenant_id, id, development_id, house_type_id, unit_number, purchaser_email) select id, id, id, id, '1', 'crowd@example.org' from tenants where slug like 'crowd-%';
insert into tenant_identity_providers (tenant_id, id, issuer, audience, jwks_url, algorithms)
select id, id, 'https://crowd.example.org', 'crowd', 'https://crowd.example.org/keys', '{RS256}' from tenants where slug like 'crowd-%';
-- The second company is one of demonstration, the first is not.
update tenants set demo = true where id = md5('b:tenant')::uuid;
