-- Whoever asks for a link at the sign-in page leaves an entry in the audit log, as one does who asks for a new password or
-- claims a home; and what has had its time is cleared away.

-- +goose Up
drop function resident_link_create(uuid, uuid, text, bytea, text, text);
create index unit_claims_rejected on unit_claims (decided_at) where state = 'rejected';
comment on index unit_claims_rejected is 'Claims that were refused, to clear them away.';

-- +goose StatementBegin
create function resident_link_create(p_tenant uuid, p_unit uuid, p_email text, p_token_hash bytea, p_subject text, p_body text,
                                     p_from text, p_request text)
    returns boolean
    language plpgsql volatile security definer
    set search_path = pg_catalog, public, pg_temp
as $$
declare
    wanted      text := lower(btrim(p_email));
    development uuid;
begin
    select u.development_id into development
    from units u
    where u.tenant_id = p_tenant and u.id = p_unit
      and exists (select 1 from resident_link_request(wanted) m where m.tenant_id = p_tenant and m.unit_id = p_unit);
    if not found then
        return false;
    end if;
    insert into email_tokens (tenant_id, id, purpose, token_hash, email, development_id, unit_id, expires_at)
    values (p_tenant, gen_random_uuid(), 'resident_link', p_token_hash, wanted, development, p_unit, now() + interval '15 minutes');
    insert into mail_outbox (tenant_id, id, kind, to_email, subject, body)
    values (p_tenant, gen_random_uuid(), 'resident_link', wanted, p_subject, p_body);
    -- No actor: anybody may type an address, and nobody has proved anything yet.
    insert into audit_log (tenant_id, id, actor_kind, action, object, object_id, request_id, from_ip)
    values (p_tenant, gen_random_uuid(), 'resident', 'resident.link_request', 'unit', p_unit, coalesce(p_request, ''), coalesce(p_from, ''));
    return true;
end
$$;
comment on function resident_link_create(uuid, uuid, text, bytea, text, text, text, text) is 'Writes a link of 15 minutes and its mail for one home, after checking again that the address may enter it; false if not.';

create function retention_sweep() returns bigint
    language sql volatile security definer
    set search_path = pg_catalog, public, pg_temp
as $$
    with links as ( -- for a week their page says that they are over, and not that they never were
        delete from email_tokens e using (
            select o.tenant_id, o.id from email_tokens o where o.expires_at < now() - interval '7 days'
            order by o.expires_at limit 500 for update skip locked) as over
        where e.tenant_id = over.tenant_id and e.id = over.id returning 1
    ), keys as (
        delete from idempotency_keys k using (
            select o.tenant_id, o.subject_id, o.key from idempotency_keys o where o.expires_at < now()
            order by o.expires_at limit 500 for update skip locked) as over
        where k.tenant_id = over.tenant_id and k.subject_id = over.subject_id and k.key = over.key returning 1
    ), claims as (
        delete from unit_claims c using (
            select o.tenant_id, o.id from unit_claims o where o.state = 'rejected' and o.decided_at < now() - interval '90 days'
            order by o.decided_at limit 500 for update skip locked) as over
        where c.tenant_id = over.tenant_id and c.id = over.id returning 1
    ), mail as (
        delete from mail_outbox m using (
            select o.tenant_id, o.id from mail_outbox o where o.state in ('sent', 'failed') and o.created_at < now() - interval '90 days'
            order by o.created_at limit 500 for update skip locked) as over
        where m.tenant_id = over.tenant_id and m.id = over.id returning 1
    ), visits as (
        delete from sessions s using (
            select o.tenant_id, o.id from sessions o where o.expires_at < now() - interval '30 days'
            order by o.expires_at limit 500 for update skip locked) as over
        where s.tenant_id = over.tenant_id and s.id = over.id returning 1
    )
    select (select count(*) from links) + (select count(*) from keys) + (select count(*) from claims)
         + (select count(*) from mail) + (select count(*) from visits)
$$;
comment on function retention_sweep() is 'Clears away what has had its time, of all companies, 500 rows of a kind at most, past what somebody is at: links, keys of forms, refused claims, mail that was sent or given up, sessions. Answers how many.';
revoke all on function retention_sweep() from public;

do $$
declare
    door regprocedure;
begin
    -- Handing a function over asks that its new owner may create in the schema, for this moment.
    grant create on schema public to openhouse_door;
    foreach door in array array[
        'resident_link_create(uuid, uuid, text, bytea, text, text, text, text)']::regprocedure[] loop
        execute format('revoke all on function %s from public', door);
        execute format('alter function %s owner to openhouse_door', door);
    end loop;
    revoke create on schema public from openhouse_door;
end
$$;
-- +goose StatementEnd
grant execute on function resident_link_create(uuid, uuid, text, bytea, text, text, text, text) to openhouse_resident;
grant execute on function retention_sweep() to openhouse_worker;

-- +goose Down
drop function retention_sweep();
drop function resident_link_create(uuid, uuid, text, bytea, text, text, text, text);

-- +goose StatementBegin
create function resident_link_create(p_tenant uuid, p_unit uuid, p_email text, p_token_hash bytea, p_subject text, p_body text)
    returns boolean
    language plpgsql volatile security definer
    set search_path = pg_catalog, public, pg_temp
as $$
declare
    wanted      text := lower(btrim(p_email));
    development uuid;
begin
    select u.development_id into development
    from units u
    where u.tenant_id = p_tenant and u.id = p_unit
      and exists (select 1 from resident_link_request(wanted) m where m.tenant_id = p_tenant and m.unit_id = p_unit);
    if not found then
        return false;
    end if;
    insert into email_tokens (tenant_id, id, purpose, token_hash, email, development_id, unit_id, expires_at)
    values (p_tenant, gen_random_uuid(), 'resident_link', p_token_hash, wanted, development, p_unit, now() + interval '15 minutes');
    insert into mail_outbox (tenant_id, id, kind, to_email, subject, body)
    values (p_tenant, gen_random_uuid(), 'resident_link', wanted, p_subject, p_body);
    return true;
end
$$;
comment on function resident_link_create(uuid, uuid, text, bytea, text, text) is 'Writes a link of 15 minutes and its mail for one home, after checking again that the address may enter it; false if not.';

do $$
declare
    door regprocedure;
begin
    -- Handing a function over asks that its new owner may create in the schema, for this moment.
    grant create on schema public to openhouse_door;
    foreach door in array array[
        'resident_link_create(uuid, uuid, text, bytea, text, text)']::regprocedure[] loop
        execute format('revoke all on function %s from public', door);
        execute format('alter function %s owner to openhouse_door', door);
    end loop;
    revoke create on schema public from openhouse_door;
end
$$;
-- +goose StatementEnd
grant execute on function resident_link_create(uuid, uuid, text, bytea, text, text) to openhouse_resident;
drop index unit_claims_rejected;
