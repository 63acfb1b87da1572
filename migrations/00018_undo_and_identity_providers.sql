-- Undoing an import takes away the house types that it made. A company's own identity provider is found before there
-- is a scope, and a portal in production asks whether the database holds demo companies.

-- +goose Up
grant delete on house_types to openhouse_staff;

create index email_tokens_unit on email_tokens (tenant_id, unit_id) where unit_id is not null;
comment on index email_tokens_unit is 'The links of a home, which go with it when an import is undone.';
create index unit_claims_unit on unit_claims (tenant_id, unit_id);
comment on index unit_claims_unit is 'Who says that a home is theirs; undoing an import asks for each of its homes.';
create index unit_invites_unit on unit_invites (tenant_id, unit_id);
comment on index unit_invites_unit is 'All codes of a home, living or not, which go with it when an import is undone.';
create index questions_unit on questions (tenant_id, unit_id) where unit_id is not null;
comment on index questions_unit is 'Questions from a home.';
create index chat_messages_unit on chat_messages (tenant_id, unit_id);
comment on index chat_messages_unit is 'What was asked in a home, whoever asked.';
create index document_chunks_unit on document_chunks (tenant_id, unit_id) where unit_id is not null;
comment on index document_chunks_unit is 'Passages about one home.';

-- A provider on the developer's own machine may do without TLS; a portal in production doesn't ask it.
alter table tenant_identity_providers drop constraint tenant_identity_providers_issuer_check;
alter table tenant_identity_providers add constraint tenant_identity_providers_issuer_check
    check (issuer ~ '^(https://[^/]|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?(/|$))');
alter table tenant_identity_providers drop constraint tenant_identity_providers_jwks_url_check;
alter table tenant_identity_providers add constraint tenant_identity_providers_jwks_url_check
    check (jwks_url ~ '^(https://[^/]|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?/)');
create index tenant_identity_providers_issuer on tenant_identity_providers (issuer);
comment on index tenant_identity_providers_issuer is 'A token''s issuer is looked up before the company is known (door identity_providers).';

grant select (tenant_id, id, issuer, audience, jwks_url, algorithms, enabled) on tenant_identity_providers to openhouse_door;

-- +goose StatementBegin
do $$
begin
    perform policy_door('tenant_identity_providers', 'select');
end
$$;

create function take_stock_of_homes() returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, public, pg_temp
as $$
begin
    analyze public.units;
    analyze public.import_rows;
end
$$;
comment on function take_stock_of_homes() is 'Statistics of homes and import rows. Without them, as right after a large import, Postgres reads a whole development for each home that is deleted: 10,000 homes took minutes. Only a table''s owner may do this, so it runs as the owner.';
revoke all on function take_stock_of_homes() from public;
grant execute on function take_stock_of_homes() to openhouse_staff;

create function identity_providers(p_issuer text, p_audiences text[])
    returns table (tenant_id uuid, id uuid, audience text, jwks_url text, algorithms text[])
    language sql stable security definer
    set search_path = pg_catalog, public, pg_temp
as $$
    select p.tenant_id, p.id, p.audience, p.jwks_url, p.algorithms
    from tenant_identity_providers p
    join tenants t on t.id = p.tenant_id
    where p.issuer = p_issuer and p.audience = any (p_audiences) and p.enabled and t.suspended_at is null
    order by p.tenant_id
    limit 5
$$;
comment on function identity_providers(text, text[]) is 'The companies, at most five, that take tokens of an issuer for one of these audiences, and where their keys are.';

create function identity_provider_staff(p_tenant uuid, p_provider uuid, p_email text)
    returns table (tenant_id uuid, tenant_name text, staff_id uuid, role text, full_name text)
    language sql stable security definer
    set search_path = pg_catalog, public, pg_temp
as $$
    select s.tenant_id, t.name, s.id, s.role, s.full_name
    from tenant_identity_providers p
    join tenants t on t.id = p.tenant_id
    join staff s on s.tenant_id = p.tenant_id
    where p.tenant_id = p_tenant and p.id = p_provider and p.enabled and t.suspended_at is null
      and s.email = lower(btrim(p_email)) and s.disabled_at is null
$$;
comment on function identity_provider_staff(uuid, uuid, text) is 'The account in exactly one company that an address stands for, which the company''s own provider has vouched for.';

create function demo_data() returns boolean
    language sql stable security definer
    set search_path = pg_catalog, public, pg_temp
as $$
    select exists (select 1 from tenants t where t.demo)
$$;
comment on function demo_data() is 'Whether a company of this database was made for development; in production nothing is served then.';

do $$
declare
    door regprocedure;
begin
    -- Handing a function over asks that its new owner may create in the schema, for this moment.
    grant create on schema public to openhouse_door;
    foreach door in array array[
        'identity_providers(text, text[])', 'identity_provider_staff(uuid, uuid, text)', 'demo_data()']::regprocedure[] loop
        execute format('revoke all on function %s from public', door);
        execute format('alter function %s owner to openhouse_door', door);
    end loop;
    revoke create on schema public from openhouse_door;
end
$$;
-- +goose StatementEnd
grant execute on function identity_providers(text, text[]), identity_provider_staff(uuid, uuid, text) to openhouse_staff;
grant execute on function demo_data() to openhouse_staff, openhouse_resident, openhouse_worker;

-- +goose Down
drop function demo_data();
drop function identity_provider_staff(uuid, uuid, text);
drop function identity_providers(text, text[]);
drop function take_stock_of_homes();
drop policy door_select on tenant_identity_providers;
revoke all on tenant_identity_providers from openhouse_door;
drop index tenant_identity_providers_issuer;
-- Only a developer's own machine has a provider without TLS.
delete from tenant_identity_providers where issuer not like 'https://%' or jwks_url not like 'https://%';
alter table tenant_identity_providers drop constraint tenant_identity_providers_jwks_url_check;
alter table tenant_identity_providers add constraint tenant_identity_providers_jwks_url_check check (jwks_url like 'https://%');
alter table tenant_identity_providers drop constraint tenant_identity_providers_issuer_check;
alter table tenant_identity_providers add constraint tenant_identity_providers_issuer_check check (issuer like 'https://%');
drop index document_chunks_unit;
drop index chat_messages_unit;
drop index questions_unit;
drop index unit_invites_unit;
drop index unit_claims_unit;
drop index email_tokens_unit;
revoke delete on house_types from openhouse_staff;
