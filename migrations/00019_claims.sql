-- Claiming a home: who comes with a printed code says a name and an address. The address that the company has is proved
-- by a link; anybody else waits for staff. From outside nobody can tell which of the two it is: the same rows are
-- written, in the same order, by the same statements.

-- +goose Up
-- What decides a claim: the link to an address that may enter the home already, or staff.
alter table unit_claims add column decided_through text not null default 'staff' check (decided_through in ('link', 'staff'));
comment on column unit_claims.decided_through is 'What decides it: a link to an address that may enter the home anyway, or staff. Only the second stands in the staff queue.';
alter table unit_claims add column told_at timestamptz;
comment on column unit_claims.told_at is 'When those who live in the home were told of this claim. They are told of one an hour, so most have none.';
drop index unit_claims_queue;
create index unit_claims_queue on unit_claims (tenant_id, development_id, created_at) where state = 'pending' and decided_through = 'staff';
comment on index unit_claims_queue is 'The staff queue, oldest first.';

-- +goose StatementBegin
do $$
begin
    perform policy_door('unit_claims', 'select', 'insert', 'update');
end
$$;
-- +goose StatementEnd
grant select (tenant_id, id, unit_id, invite_id, email, full_name, state, decided_through, told_at) on unit_claims to openhouse_door;
grant insert (tenant_id, id, development_id, unit_id, invite_id, email, full_name, state, decided_through, decided_at, told_at) on unit_claims to openhouse_door;
grant update (invite_id, full_name, state, resident_id, decided_through, decided_at, told_at) on unit_claims to openhouse_door;
grant select (kind) on occupancies to openhouse_door;
-- It also notes the request in the audit log now.
drop function resident_enter(bytea, uuid, timestamptz, text);

-- +goose StatementBegin
create function rate_spent(p_bucket text, p_limit integer) returns boolean
    language sql stable security definer
    set search_path = pg_catalog, public, pg_temp
as $$
    select exists (select 1 from rate_limits r where r.bucket = p_bucket and r.hits >= p_limit and r.expires_at > clock_timestamp())
$$;
comment on function rate_spent(text, integer) is 'Whether the window has as many attempts as allowed already; counts none. For what is counted only once it has failed.';

create function resident_may_enter(p_tenant uuid, p_unit uuid, p_email text) returns boolean
    language sql stable security definer
    set search_path = pg_catalog, public, pg_temp
as $$
    select exists (
        select 1
        from units u
        join tenants t on t.id = u.tenant_id and t.suspended_at is null
        where u.tenant_id = p_tenant and u.id = p_unit
          and not exists (
              select 1 from residents r where r.tenant_id = p_tenant and r.email = p_email and r.disabled_at is not null)
          and (exists (
                  select 1 from residents r join occupancies o on o.tenant_id = r.tenant_id and o.resident_id = r.id
                  where r.tenant_id = p_tenant and r.email = p_email and o.unit_id = p_unit and o.ended_at is null)
               or u.purchaser_email <> '' and u.purchaser_email = p_email
                  and not exists (
                      select 1 from residents r join occupancies o on o.tenant_id = r.tenant_id and o.resident_id = r.id
                      where r.tenant_id = p_tenant and r.email = p_email and o.unit_id = p_unit and o.ended_at is not null)))
$$;
comment on function resident_may_enter(uuid, uuid, text) is 'Whether an address may enter one home: the rule of resident_link_request, without its limit of five homes. For other doors; nobody else may call it.';

create function onboarding_claim(p_code_hash bytea, p_id uuid, p_email text, p_name text, p_token_hash bytea, p_send boolean,
                                 p_link_subject text, p_link_body text, p_waits_subject text, p_waits_body text,
                                 p_refused_subject text, p_refused_body text, p_told_subject text, p_told_body text,
                                 p_from text, p_request text)
    returns boolean
    language plpgsql volatile security definer
    set search_path = pg_catalog, public, pg_temp
as $$
declare
    wanted text := lower(btrim(p_email));
    code   record;
    may    boolean;
    crowded  boolean;
    told    bigint;
    claim  uuid;
begin
    -- The row of the code lets one through at a time: so many at once are counted, and a code that is being taken back
    -- is waited for.
    select i.tenant_id, i.id, i.development_id, i.unit_id into code
    from unit_invites i
    where i.token_hash = p_code_hash and i.revoked_at is null
      and exists (select 1 from tenants t where t.id = i.tenant_id and t.suspended_at is null)
    for no key update;
    if not found then
        return false;
    end if;
    -- The same form sent again writes nothing. Only the buyer's link lives; everybody else's is used up from the start.
    -- The person's claim comes first: when staff decide it in this very moment, the question below gets the new answer.
    perform 1 from unit_claims c
    where c.tenant_id = code.tenant_id and c.unit_id = code.unit_id and c.email = wanted and c.state = 'pending'
    for update;
    may := resident_may_enter(code.tenant_id, code.unit_id, wanted);
    insert into email_tokens (tenant_id, id, purpose, token_hash, email, development_id, unit_id, expires_at, used_at)
    values (code.tenant_id, p_id, 'resident_link', p_token_hash, wanted, code.development_id, code.unit_id, now() + interval '15 minutes',
            case when may and p_send then null else now() end)
    on conflict do nothing;
    if not found then
        return true;
    end if;
    crowded := not may and 3 <= (
        select count(*) from unit_claims c
        where c.tenant_id = code.tenant_id and c.unit_id = code.unit_id and c.state = 'pending' and c.decided_through = 'staff' and c.email <> wanted);

    insert into mail_outbox (tenant_id, id, kind, to_email, subject, body)
    select code.tenant_id, gen_random_uuid(), 'claim_told', r.email, p_told_subject, p_told_body
    from occupancies o
    join residents r on r.tenant_id = o.tenant_id and r.id = o.resident_id
    where o.tenant_id = code.tenant_id and o.unit_id = code.unit_id and o.ended_at is null and r.disabled_at is null and r.email <> wanted
      and not exists (
          select 1 from unit_claims c
          where c.tenant_id = code.tenant_id and c.unit_id = code.unit_id and c.told_at > now() - interval '1 hour');
    get diagnostics told = row_count;

    -- A name in the staff queue stays as staff have read it; the name for a link is the last one given. What is refused
    -- is a row of its own and never in conflict, so nobody comes into a full queue through a claim that waits for a link.
    insert into unit_claims as c (tenant_id, id, development_id, unit_id, invite_id, email, full_name, state, decided_through, decided_at, told_at)
    values (code.tenant_id, gen_random_uuid(), code.development_id, code.unit_id, code.id, wanted, p_name,
            case when crowded then 'rejected' else 'pending' end, case when may then 'link' else 'staff' end,
            case when crowded then now() end, case when told > 0 then now() end)
    on conflict (tenant_id, unit_id, email) where state = 'pending' do update set
        invite_id = excluded.invite_id,
        full_name = case when c.decided_through = 'staff' then c.full_name else excluded.full_name end,
        decided_through = excluded.decided_through,
        told_at = coalesce(excluded.told_at, c.told_at)
    returning c.id into claim;

    insert into mail_outbox (tenant_id, id, kind, to_email, subject, body)
    select code.tenant_id, gen_random_uuid(),
           case when may then 'resident_link' when crowded then 'claim_refused' else 'claim_waits' end, wanted,
           case when may then p_link_subject when crowded then p_refused_subject else p_waits_subject end,
           case when may then p_link_body when crowded then p_refused_body else p_waits_body end
    where p_send;
    -- No actor: anybody may type an address, and nobody has proved anything yet.
    insert into audit_log (tenant_id, id, actor_kind, action, object, object_id, request_id, from_ip)
    values (code.tenant_id, gen_random_uuid(), 'resident', 'claim.request', 'unit_claim', claim, coalesce(p_request, ''), coalesce(p_from, ''));
    return true;
end
$$;
comment on function onboarding_claim(bytea, uuid, text, text, bytea, boolean, text, text, text, text, text, text, text, text, text, text) is
    'Takes the claim of whoever has a living code, and writes the mail that fits: a link for an address that may enter, else word that staff are asked (three a home) or must be called. False if the code invites nowhere; nothing else of what it finds is told.';

create function resident_enter(p_token_hash bytea, p_session uuid, p_session_expires timestamptz, p_from text, p_request text)
    returns table (tenant_id uuid, resident_id uuid, unit_id uuid, development_id uuid, full_name text)
    language plpgsql volatile security definer
    set search_path = pg_catalog, public, pg_temp
as $$
#variable_conflict use_column
declare
    link   record;
    home   record;
    claim  record;
    person record;
begin
    -- Two at once: the second waits for the first's row and then finds the link used.
    update email_tokens e set used_at = now()
    where e.token_hash = p_token_hash and e.purpose = 'resident_link' and e.used_at is null and e.expires_at > now()
    returning e.tenant_id, e.unit_id, e.development_id, e.email into link;
    if link is null then
        return;
    end if;
    -- Into one home people enter one after the other, so that it gets one owner.
    perform pg_advisory_xact_lock(hashtextextended('enter ' || link.tenant_id || link.unit_id, 0));
    -- Then their claim, before the person: staff who decide it take the two in the same order.
    select c.id, c.full_name into claim
    from unit_claims c
    where c.tenant_id = link.tenant_id and c.unit_id = link.unit_id and c.email = link.email and c.state = 'pending'
    for update;
    -- Staff may have mended a mistyped address since the link was sent: it opens nothing then.
    if not resident_may_enter(link.tenant_id, link.unit_id, link.email) then
        return;
    end if;

    select u.purchaser_name, u.purchaser_email, u.purchaser_phone into home
    from units u where u.tenant_id = link.tenant_id and u.id = link.unit_id;
    insert into residents (tenant_id, id, email, full_name, phone)
    values (link.tenant_id, gen_random_uuid(), link.email,
            coalesce(nullif(case when home.purchaser_email = link.email then home.purchaser_name end, ''), claim.full_name, ''),
            case when home.purchaser_email = link.email then home.purchaser_phone else '' end)
    on conflict do nothing;
    select r.id, r.full_name into person
    from residents r where r.tenant_id = link.tenant_id and r.email = link.email;

    insert into occupancies (tenant_id, id, development_id, unit_id, resident_id, kind)
    values (link.tenant_id, gen_random_uuid(), link.development_id, link.unit_id, person.id,
            case when exists (
                select 1 from occupancies o
                where o.tenant_id = link.tenant_id and o.unit_id = link.unit_id and o.ended_at is null and o.kind = 'owner')
            then 'occupier' else 'owner' end)
    on conflict do nothing;
    update unit_claims c set state = 'verified', resident_id = person.id, decided_at = now()
    where c.tenant_id = link.tenant_id and c.id = claim.id;
    insert into sessions (tenant_id, id, kind, resident_id, development_id, unit_id, expires_at, from_ip)
    values (link.tenant_id, p_session, 'resident', person.id, link.development_id, link.unit_id,
            least(p_session_expires, now() + interval '30 days'), coalesce(p_from, ''));
    insert into audit_log (tenant_id, id, actor_kind, actor_id, action, object, object_id, detail, request_id, from_ip)
    values (link.tenant_id, gen_random_uuid(), 'resident', person.id, 'resident.enter', 'unit', link.unit_id,
            jsonb_strip_nulls(jsonb_build_object('claim', claim.id)), coalesce(p_request, ''), coalesce(p_from, ''));

    return query select link.tenant_id, person.id, link.unit_id, link.development_id, person.full_name;
end
$$;
comment on function resident_enter(bytea, uuid, timestamptz, text, text) is 'Consumes a link, exactly once, and opens a session; makes the resident and the occupancy where they are new, and decides the person''s claim. No row: the link opens nothing.';

do $$
declare
    door regprocedure;
begin
    -- Handing a function over asks that its new owner may create in the schema, for this moment.
    grant create on schema public to openhouse_door;
    foreach door in array array[
        'rate_spent(text, integer)', 'resident_may_enter(uuid, uuid, text)', 'resident_enter(bytea, uuid, timestamptz, text, text)',
        'onboarding_claim(bytea, uuid, text, text, bytea, boolean, text, text, text, text, text, text, text, text, text, text)']::regprocedure[] loop
        execute format('revoke all on function %s from public', door);
        execute format('alter function %s owner to openhouse_door', door);
    end loop;
    revoke create on schema public from openhouse_door;
end
$$;
-- +goose StatementEnd
grant execute on function rate_spent(text, integer), resident_enter(bytea, uuid, timestamptz, text, text),
    onboarding_claim(bytea, uuid, text, text, bytea, boolean, text, text, text, text, text, text, text, text, text, text) to openhouse_resident;

-- +goose Down
drop function onboarding_claim(bytea, uuid, text, text, bytea, boolean, text, text, text, text, text, text, text, text, text, text);
drop function rate_spent(text, integer);
drop function resident_enter(bytea, uuid, timestamptz, text, text);

-- +goose StatementBegin
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

do $$
begin
    grant create on schema public to openhouse_door;
    revoke all on function resident_enter(bytea, uuid, timestamptz, text) from public;
    alter function resident_enter(bytea, uuid, timestamptz, text) owner to openhouse_door;
    revoke create on schema public from openhouse_door;
end
$$;
-- +goose StatementEnd
grant execute on function resident_enter(bytea, uuid, timestamptz, text) to openhouse_resident;
drop function resident_may_enter(uuid, uuid, text);
revoke select (kind) on occupancies from openhouse_door;
revoke all on unit_claims from openhouse_door;
drop policy door_update on unit_claims;
drop policy door_insert on unit_claims;
drop policy door_select on unit_claims;
drop index unit_claims_queue;
create index unit_claims_queue on unit_claims (tenant_id, development_id, created_at) where state = 'pending';
comment on index unit_claims_queue is 'The staff queue, oldest first.';
alter table unit_claims drop column told_at;
alter table unit_claims drop column decided_through;
