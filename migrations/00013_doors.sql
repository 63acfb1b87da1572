-- Doors: what has to happen before there is a scope. Each is one exact question with few rows for an answer,
-- runs with the rights of openhouse_door, and may be called by the named roles' logins only.
-- The list is kept in testdata/doors.golden.

-- +goose Up
grant select (version_id, is_applied) on goose_db_version to openhouse_door;
grant select, insert, update, delete on rate_limits to openhouse_door;

-- +goose StatementBegin
create function schema_version() returns bigint
    language sql stable security definer
    set search_path = pg_catalog, public, pg_temp
as $$
    select coalesce(max(g.version_id), 0) from goose_db_version g where g.is_applied
$$;
comment on function schema_version() is 'The newest migration that was applied; a portal refuses a schema older than itself.';

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

create function rate_hit(p_bucket text, p_limit integer, p_window interval) returns boolean
    language plpgsql volatile security definer
    set search_path = pg_catalog, public, pg_temp
as $$
declare
    counted integer;
    moment  timestamptz := clock_timestamp();
begin
    if p_limit < 1 or p_window <= interval '0' then
        raise exception 'rate_hit needs a positive limit and window' using errcode = '22023';
    end if;
    insert into rate_limits as r (bucket, hits, expires_at)
    values (p_bucket, 1, moment + p_window)
    on conflict (bucket) do update set
        hits = case when r.expires_at <= moment then 1 else least(r.hits, p_limit) + 1 end,
        expires_at = case when r.expires_at <= moment then excluded.expires_at else r.expires_at end
    returning r.hits into counted;
    -- Now and then somebody takes the rubbish out, a little at a time and never waiting for a neighbour.
    if random() < 0.01 then
        delete from rate_limits where bucket in (
            select o.bucket from rate_limits o where o.expires_at < moment limit 200 for update skip locked);
    end if;
    return counted <= p_limit;
end
$$;
comment on function rate_hit(text, integer, interval) is 'Counts an attempt; false when the window already had as many as allowed. The window starts with its first attempt.';

create function resident_link_request(p_email text)
    returns table (tenant_id uuid, tenant_name text, unit_id uuid, unit_label text, development_name text)
    language sql stable security definer
    set search_path = pg_catalog, public, pg_temp
as $$
    with wanted as (select lower(btrim(p_email)) as email),
    homes as (
        select u.tenant_id, u.id
        from units u, wanted w
        where u.purchaser_email <> '' and u.purchaser_email = w.email
          -- A buyer who has moved out does not come back through the sales record.
          and not exists (
              select 1 from residents r join occupancies o on o.tenant_id = r.tenant_id and o.resident_id = r.id
              where r.tenant_id = u.tenant_id and r.email = w.email and o.unit_id = u.id and o.ended_at is not null)
        union
        select o.tenant_id, o.unit_id
        from residents r, occupancies o, wanted w
        where r.email = w.email and o.tenant_id = r.tenant_id and o.resident_id = r.id and o.ended_at is null
    )
    select h.tenant_id, t.name, h.id,
           coalesce(nullif(u.address_line_1, ''), btrim(u.block || ' ' || u.unit_number)), d.name
    from homes h
    join tenants t on t.id = h.tenant_id and t.suspended_at is null
    join units u on u.tenant_id = h.tenant_id and u.id = h.id
    join developments d on d.tenant_id = u.tenant_id and d.id = u.development_id
    where not exists (
        select 1 from residents r, wanted w where r.tenant_id = h.tenant_id and r.email = w.email and r.disabled_at is not null)
    order by t.name, d.name, u.block, u.unit_number, h.id
    limit 5
$$;
comment on function resident_link_request(text) is 'The homes that an address may enter: the buyer''s, or where the person lives. At most five; writes nothing.';

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

create function resident_link_peek(p_token_hash bytea)
    returns table (state text, tenant_name text, development_name text)
    language sql stable security definer
    set search_path = pg_catalog, public, pg_temp
as $$
    select coalesce(l.state, 'unknown'), coalesce(l.tenant_name, ''), coalesce(l.development_name, '')
    from (select 1) as always
    left join (
        select case when e.used_at is not null then 'used' when e.expires_at <= now() then 'expired' else 'valid' end,
               t.name, d.name
        from email_tokens e
        join tenants t on t.id = e.tenant_id
        join developments d on d.tenant_id = e.tenant_id and d.id = e.development_id
        where e.token_hash = p_token_hash and e.purpose = 'resident_link'
        limit 1
    ) as l (state, tenant_name, development_name) on true
$$;
comment on function resident_link_peek(bytea) is 'State of a link (valid, used, expired, unknown) and whose it is, for the page with the button. Changes nothing.';

create function resident_enter(p_token_hash bytea, p_session uuid, p_session_expires timestamptz, p_from text)
    returns table (tenant_id uuid, resident_id uuid, unit_id uuid, development_id uuid, full_name text)
    language plpgsql volatile security definer
    set search_path = pg_catalog, public, pg_temp
as $$
#variable_conflict use_column
declare
    link   record;
    home   record;
    person record;
begin
    -- Two at once: the second waits for the first's row and then finds the link used.
    update email_tokens e set used_at = now()
    where e.token_hash = p_token_hash and e.purpose = 'resident_link' and e.used_at is null and e.expires_at > now()
    returning e.tenant_id, e.unit_id, e.development_id, e.email into link;
    -- Staff may have mended a mistyped address since the link was sent: it opens nothing then.
    if link is null or not exists (
        select 1 from resident_link_request(link.email) m where m.tenant_id = link.tenant_id and m.unit_id = link.unit_id) then
        return;
    end if;

    select u.purchaser_name, u.purchaser_email, u.purchaser_phone into home
    from units u where u.tenant_id = link.tenant_id and u.id = link.unit_id;
    insert into residents (tenant_id, id, email, full_name, phone)
    values (link.tenant_id, gen_random_uuid(), link.email,
            case when home.purchaser_email = link.email then home.purchaser_name else '' end,
            case when home.purchaser_email = link.email then home.purchaser_phone else '' end)
    on conflict do nothing;
    select r.id, r.full_name into person
    from residents r where r.tenant_id = link.tenant_id and r.email = link.email;

    insert into occupancies (tenant_id, id, development_id, unit_id, resident_id)
    values (link.tenant_id, gen_random_uuid(), link.development_id, link.unit_id, person.id)
    on conflict do nothing;
    insert into sessions (tenant_id, id, kind, resident_id, development_id, unit_id, expires_at, from_ip)
    values (link.tenant_id, p_session, 'resident', person.id, link.development_id, link.unit_id,
            least(p_session_expires, now() + interval '30 days'), coalesce(p_from, ''));
    insert into audit_log (tenant_id, id, actor_kind, actor_id, action, object, object_id, from_ip)
    values (link.tenant_id, gen_random_uuid(), 'resident', person.id, 'resident.enter', 'unit', link.unit_id, coalesce(p_from, ''));

    return query select link.tenant_id, person.id, link.unit_id, link.development_id, person.full_name;
end
$$;
comment on function resident_enter(bytea, uuid, timestamptz, text) is 'Consumes a link, exactly once, and opens a session; makes the resident and the occupancy where they are new. No row: the link opens nothing.';

create function outbox_recent(p_limit integer)
    returns table (id uuid, tenant_name text, kind text, to_email text, subject text, body text, created_at timestamptz)
    language sql stable security definer
    set search_path = pg_catalog, public, pg_temp
as $$
    select m.id, t.name, m.kind, m.to_email, m.subject, m.body, m.created_at
    from mail_outbox m
    join tenants t on t.id = m.tenant_id and t.demo
    order by m.created_at desc, m.id desc
    limit greatest(0, least(p_limit, 100))
$$;
comment on function outbox_recent(integer) is 'Newest mail of demo companies, for the outbox page of development. Never a real company''s.';

do $$
declare
    door regprocedure;
begin
    -- Handing a function over asks that its new owner may create in the schema, for this moment.
    grant create on schema public to openhouse_door;
    foreach door in array array[
        'schema_version()', 'staff_sign_in(text)', 'rate_hit(text, integer, interval)',
        'resident_link_request(text)', 'resident_link_create(uuid, uuid, text, bytea, text, text)', 'resident_link_peek(bytea)',
        'resident_enter(bytea, uuid, timestamptz, text)', 'outbox_recent(integer)']::regprocedure[] loop
        execute format('revoke all on function %s from public', door);
        execute format('alter function %s owner to openhouse_door', door);
    end loop;
    revoke create on schema public from openhouse_door;
end
$$;
-- +goose StatementEnd
grant execute on function schema_version(), rate_hit(text, integer, interval), outbox_recent(integer) to openhouse_staff, openhouse_resident, openhouse_worker;
grant execute on function staff_sign_in(text) to openhouse_staff;
grant execute on function resident_link_request(text), resident_link_create(uuid, uuid, text, bytea, text, text),
    resident_link_peek(bytea), resident_enter(bytea, uuid, timestamptz, text) to openhouse_resident;

-- +goose Down
drop function outbox_recent(integer);
drop function resident_enter(bytea, uuid, timestamptz, text);
drop function resident_link_peek(bytea);
drop function resident_link_create(uuid, uuid, text, bytea, text, text);
drop function resident_link_request(text);
drop function rate_hit(text, integer, interval);
drop function staff_sign_in(text);
drop function schema_version();
revoke all on rate_limits from openhouse_door;
revoke all on goose_db_version from openhouse_door;
