-- How staff get in for the first time and after a forgotten password: a one-time link by mail, behind which the person
-- chooses a password. The link is found, looked at and consumed before there is a scope, so these are doors.

-- +goose Up
alter table staff add column has_password boolean not null generated always as (password_hash is not null) stored;
comment on column staff.has_password is 'Whether the person has chosen a password: all that the team page may know of password_hash.';
grant select (has_password) on staff to openhouse_staff;

-- A link that sets the password of a member of staff is written for an admin's invitation; resets come through the door.
drop policy staff_insert on email_tokens;
-- +goose StatementBegin
do $$
begin
    execute format('create policy staff_insert on email_tokens for insert to openhouse_staff with check (%s)',
        policy_staff_condition() || ' and (development_id is null or ' || policy_staff_rule('development_id') || ')'
        || format(' and (staff_id is null or purpose = ''staff_invite'' and (select a.role = ''admin'' from staff a where a.tenant_id = %s and a.id = %s))',
                  policy_setting('app.tenant_id'), policy_setting('app.staff_id')));
    perform policy_door('staff', 'update');
    perform policy_door('sessions', 'select', 'update');
end
$$;
-- +goose StatementEnd
grant update (password_hash, password_changed_at, updated_at) on staff to openhouse_door;
grant select (password_changed_at) on staff to openhouse_door;
grant select (tenant_id, staff_id, expires_at, revoked_at) on sessions to openhouse_door;
grant update (revoked_at) on sessions to openhouse_door;

-- Sign-in also learns which password it has checked, so that a session is not opened with one that was replaced meanwhile.
drop function staff_sign_in(text);

-- +goose StatementBegin
create function staff_sign_in(p_email text)
    returns table (tenant_id uuid, tenant_name text, staff_id uuid, password_hash text, role text, full_name text, password_changed_at timestamptz)
    language sql stable security definer
    set search_path = pg_catalog, public, pg_temp
as $$
    select s.tenant_id, t.name, s.id, s.password_hash, s.role, s.full_name, s.password_changed_at
    from staff s
    join tenants t on t.id = s.tenant_id
    where s.email = lower(btrim(p_email)) and s.password_hash is not null and s.disabled_at is null and t.suspended_at is null
    order by t.name, s.tenant_id
    limit 5
$$;
comment on function staff_sign_in(text) is 'The accounts behind an address, with their password hashes; at most five, only of people who may get in.';

create function staff_reset_request(p_email text)
    returns table (tenant_id uuid, tenant_name text, staff_id uuid)
    language sql stable security definer
    set search_path = pg_catalog, public, pg_temp
as $$
    select s.tenant_id, t.name, s.id
    from staff s
    join tenants t on t.id = s.tenant_id
    where s.email = lower(btrim(p_email)) and s.disabled_at is null and t.suspended_at is null
    order by t.name, s.tenant_id
    limit 5
$$;
comment on function staff_reset_request(text) is 'The accounts whose password an address may choose anew, those still invited among them. At most five; writes nothing.';

create function staff_reset_create(p_tenant uuid, p_staff uuid, p_email text, p_token_hash bytea, p_subject text, p_body text,
                                   p_from text, p_request text)
    returns boolean
    language plpgsql volatile security definer
    set search_path = pg_catalog, public, pg_temp
as $$
declare
    wanted text := lower(btrim(p_email));
begin
    if not exists (select 1 from staff_reset_request(wanted) r where r.tenant_id = p_tenant and r.staff_id = p_staff) then
        return false;
    end if;
    insert into email_tokens (tenant_id, id, purpose, token_hash, email, staff_id, expires_at)
    values (p_tenant, gen_random_uuid(), 'staff_reset', p_token_hash, wanted, p_staff, now() + interval '15 minutes');
    insert into mail_outbox (tenant_id, id, kind, to_email, subject, body)
    values (p_tenant, gen_random_uuid(), 'staff_reset', wanted, p_subject, p_body);
    -- No actor: anybody may type an address, and nobody has proved anything yet.
    insert into audit_log (tenant_id, id, actor_kind, action, object, object_id, request_id, from_ip)
    values (p_tenant, gen_random_uuid(), 'staff', 'staff.reset_request', 'staff', p_staff, coalesce(p_request, ''), coalesce(p_from, ''));
    return true;
end
$$;
comment on function staff_reset_create(uuid, uuid, text, bytea, text, text, text, text) is 'Writes a link of 15 minutes to choose a new password, and its mail, after checking again that the address has the account; false if not.';

create function staff_link_peek(p_token_hash bytea)
    returns table (state text, purpose text, tenant_name text, email text, expires_at timestamptz)
    language sql stable security definer
    set search_path = pg_catalog, public, pg_temp
as $$
    select coalesce(l.state, 'unknown'), coalesce(l.purpose, ''), coalesce(l.tenant_name, ''), coalesce(l.email, ''),
           coalesce(l.expires_at, 'epoch')
    from (select 1) as always
    left join (
        select case when e.used_at is not null then 'used' when e.expires_at <= now() then 'expired' else 'valid' end,
               e.purpose, t.name, s.email, e.expires_at
        from email_tokens e
        join tenants t on t.id = e.tenant_id and t.suspended_at is null
        join staff s on s.tenant_id = e.tenant_id and s.id = e.staff_id and s.disabled_at is null
        where e.token_hash = p_token_hash and e.purpose in ('staff_invite', 'staff_reset')
        limit 1
    ) as l (state, purpose, tenant_name, email, expires_at) on true
$$;
comment on function staff_link_peek(bytea) is 'State of a link for staff (valid, used, expired, unknown) and whose it is, for the page with the form. Changes nothing.';

create function staff_link_use(p_token_hash bytea, p_password_hash text, p_subject text, p_body text, p_from text, p_request text)
    returns table (tenant_id uuid, staff_id uuid)
    language plpgsql volatile security definer
    set search_path = pg_catalog, public, pg_temp
as $$
#variable_conflict use_column
declare
    link   record;
    person record;
    reason text;
begin
    select e.tenant_id, e.staff_id into link
    from email_tokens e
    where e.token_hash = p_token_hash and e.purpose in ('staff_invite', 'staff_reset')
    limit 1;
    -- The person first: of two links, or of a link and a sign-in, at the same moment one waits here for the other.
    select s.email, s.password_hash is not null as had_one into person
    from staff s
    where s.tenant_id = link.tenant_id and s.id = link.staff_id and s.disabled_at is null
      and exists (select 1 from tenants t where t.id = s.tenant_id and t.suspended_at is null)
    for update;
    if not found then
        return;
    end if;
    update email_tokens e set used_at = now()
    where e.tenant_id = link.tenant_id and e.token_hash = p_token_hash and e.used_at is null and e.expires_at > now()
    returning e.purpose into reason;
    if not found then
        return;
    end if;

    update staff s set password_hash = p_password_hash, password_changed_at = clock_timestamp(), updated_at = clock_timestamp()
    where s.tenant_id = link.tenant_id and s.id = link.staff_id;
    -- Whatever opened the account until now is over: other links, and every session.
    update email_tokens e set used_at = now()
    where e.tenant_id = link.tenant_id and e.staff_id = link.staff_id and e.used_at is null and e.expires_at > now();
    update sessions s set revoked_at = now()
    where s.tenant_id = link.tenant_id and s.staff_id = link.staff_id and s.revoked_at is null and s.expires_at > now();
    insert into audit_log (tenant_id, id, actor_kind, actor_id, action, object, object_id, request_id, from_ip)
    values (link.tenant_id, gen_random_uuid(), 'staff', link.staff_id,
            case reason when 'staff_invite' then 'staff.join' else 'staff.reset' end,
            'staff', link.staff_id, coalesce(p_request, ''), coalesce(p_from, ''));
    if person.had_one then
        insert into mail_outbox (tenant_id, id, kind, to_email, subject, body)
        values (link.tenant_id, gen_random_uuid(), 'password_changed', person.email, p_subject, p_body);
    end if;
    return query select link.tenant_id, link.staff_id;
end
$$;
comment on function staff_link_use(bytea, text, text, text, text, text) is 'Consumes a link, exactly once, and sets the password; ends the person''s sessions and other links, and tells whoever had a password before by mail. No row: the link opens nothing.';

do $$
declare
    door regprocedure;
begin
    -- Handing a function over asks that its new owner may create in the schema, for this moment.
    grant create on schema public to openhouse_door;
    foreach door in array array[
        'staff_sign_in(text)', 'staff_reset_request(text)', 'staff_reset_create(uuid, uuid, text, bytea, text, text, text, text)',
        'staff_link_peek(bytea)', 'staff_link_use(bytea, text, text, text, text, text)']::regprocedure[] loop
        execute format('revoke all on function %s from public', door);
        execute format('alter function %s owner to openhouse_door', door);
    end loop;
    revoke create on schema public from openhouse_door;
end
$$;
-- +goose StatementEnd
grant execute on function staff_sign_in(text), staff_reset_request(text), staff_reset_create(uuid, uuid, text, bytea, text, text, text, text),
    staff_link_peek(bytea), staff_link_use(bytea, text, text, text, text, text) to openhouse_staff;

-- +goose Down
drop function staff_link_use(bytea, text, text, text, text, text);
drop function staff_link_peek(bytea);
drop function staff_reset_create(uuid, uuid, text, bytea, text, text, text, text);
drop function staff_reset_request(text);
drop function staff_sign_in(text);

-- +goose StatementBegin
create function staff_sign_in(p_email text)
    returns table (tenant_id uuid, tenant_name text, staff_id uuid, password_hash text, role text, full_name text)
    language sql stable security definer
    set search_path = pg_catalog, public, pg_temp
as $$
    select s.tenant_id, t.name, s.id, s.password_hash, s.role, s.full_name
    from staff s
    join tenants t on t.id = s.tenant_id
    where s.email = lower(btrim(p_email)) and s.password_hash is not null and s.disabled_at is null and t.suspended_at is null
    order by t.name, s.tenant_id
    limit 5
$$;
comment on function staff_sign_in(text) is 'The accounts behind an address, with their password hashes; at most five, only of people who may get in.';

do $$
begin
    grant create on schema public to openhouse_door;
    revoke all on function staff_sign_in(text) from public;
    alter function staff_sign_in(text) owner to openhouse_door;
    revoke create on schema public from openhouse_door;
end
$$;
-- +goose StatementEnd
grant execute on function staff_sign_in(text) to openhouse_staff;

revoke update (revoked_at), select (tenant_id, staff_id, expires_at, revoked_at) on sessions from openhouse_door;
revoke select (password_changed_at), update (password_hash, password_changed_at, updated_at) on staff from openhouse_door;
drop policy door_update on sessions;
drop policy door_select on sessions;
drop policy door_update on staff;
drop policy staff_insert on email_tokens;
-- +goose StatementBegin
do $$
begin
    execute format('create policy staff_insert on email_tokens for insert to openhouse_staff with check (%s)',
        policy_staff_condition() || ' and (development_id is null or ' || policy_staff_rule('development_id') || ')');
end
$$;
-- +goose StatementEnd
alter table staff drop column has_password;
