-- The audit log as a page, and the rights of a person: all that is stored about them, in one file, and its erasure.
--
-- A resident is known by their address in a company: it is what stands in sales records, mail, claims and files of
-- homes. What holds something about people is declared in migrations/catalogue/personal.go, and a test plants words in
-- every such column and looks for them here. A new table with such columns needs a new version of person_data and
-- person_forget.

-- +goose Up
create index audit_log_actor on audit_log (tenant_id, actor_id, at desc, id desc) where actor_id is not null;
comment on index audit_log_actor is 'What one person did, newest first.';
create index audit_log_action on audit_log (tenant_id, action, at desc, id desc);
comment on index audit_log_action is 'One kind of action, newest first.';
create index audit_log_request on audit_log (tenant_id, request_id) where request_id <> '';
comment on index audit_log_request is 'What one request did.';
drop index audit_log_object;
create index audit_log_object on audit_log (tenant_id, object_id, at desc, id desc) where object_id is not null;
comment on index audit_log_object is 'What happened to one thing, newest first.';

create index unit_claims_email on unit_claims (tenant_id, email);
comment on index unit_claims_email is 'What one person has asked for.';

-- +goose StatementBegin
create function person_mentioned(p_text text, p_email text) returns boolean
    language sql immutable
    set search_path = pg_catalog, public, pg_temp
as $$
    -- The look for the bare letters is much faster, and nearly always enough to say no. An address ends where the next
    -- character can't be part of one, so that ada@example.org isn't found in nada@example.org.
    select position(p_email in lower(p_text)) > 0
       and lower(p_text) ~ ('(^|[^[:alnum:]._%+-])' || regexp_replace(p_email, '([!-/:-@[-`{-~])', '\\\1', 'g') || '($|[^[:alnum:].-]|[.]($|[^[:alnum:]]))')
$$;
comment on function person_mentioned(text, text) is 'Whether a text names an address, given in small letters.';

create function person_files(p_tenant uuid, p_email text) returns table (import_id uuid, state text)
    language sql stable
    set search_path = pg_catalog, public, pg_temp
as $$
    select i.id, i.state
    from imports i
    where i.tenant_id = p_tenant
      and (person_mentioned(i.findings::text || i.error, p_email) or position(p_email in lower(i.file_name)) > 0
           -- Bytes of any encoding: UTF-16 has a zero beside each letter.
           or position(p_email in lower(replace(encode(i.file_bytes, 'escape'), '\000', ''))) > 0
           or exists (
               select 1 from import_rows r
               where r.tenant_id = i.tenant_id and r.import_id = i.id
                 and person_mentioned(concat(r.data, r.errors, r.before), p_email)))
$$;
comment on function person_files(uuid, text) is 'The imports whose file or staged rows name an address.';

create function person_data(p_tenant uuid, p_email text) returns table (source text, data jsonb)
    language sql stable
    set search_path = pg_catalog, public, pg_temp
as $$
    with person as (
        select r.id from residents r where r.tenant_id = p_tenant and r.email = p_email
    )
    select 'residents', to_jsonb(r) from residents r where r.tenant_id = p_tenant and r.email = p_email
    union all
    select 'occupancies', to_jsonb(o) || jsonb_build_object('development', d.name, 'block', u.block, 'unit_number', u.unit_number, 'address_line_1', u.address_line_1)
    from occupancies o
    join units u on u.tenant_id = o.tenant_id and u.id = o.unit_id
    join developments d on d.tenant_id = o.tenant_id and d.id = o.development_id
    where o.tenant_id = p_tenant and o.resident_id = (select id from person)
    union all
    select 'units', jsonb_build_object('id', u.id, 'development_id', u.development_id, 'block', u.block, 'unit_number', u.unit_number,
        'address_line_1', u.address_line_1, 'address_line_2', u.address_line_2, 'city', u.city, 'postcode', u.postcode, 'status', u.status,
        'handover_date', u.handover_date, 'purchaser_name', u.purchaser_name, 'purchaser_email', u.purchaser_email, 'purchaser_phone', u.purchaser_phone)
    from units u where u.tenant_id = p_tenant and u.purchaser_email = p_email
    union all
    select 'unit_claims', to_jsonb(c) from unit_claims c
    where c.tenant_id = p_tenant and (c.email = p_email or c.resident_id = (select id from person))
    union all
    select 'sessions', to_jsonb(s) from sessions s where s.tenant_id = p_tenant and s.resident_id = (select id from person)
    union all
    select 'email_tokens', to_jsonb(e) - 'token_hash' from email_tokens e
    where e.tenant_id = p_tenant and e.email = p_email and e.purpose = 'resident_link'
    union all
    -- Without the text, which may carry a link that still opens the home.
    select 'mail_outbox', to_jsonb(m) - 'body' from mail_outbox m
    where m.tenant_id = p_tenant and m.to_email = p_email and m.kind !~ '^(staff|password)_'
    union all
    select 'import_rows', jsonb_build_object('import_id', r.import_id, 'line_number', r.line_number, 'file_name', i.file_name, 'uploaded_at', i.created_at,
        'block', r.block, 'unit_number', r.unit_number, 'data', r.data, 'errors', r.errors, 'before', r.before)
    from import_rows r join imports i on i.tenant_id = r.tenant_id and i.id = r.import_id
    where r.tenant_id = p_tenant and person_mentioned(concat(r.data, r.errors, r.before), p_email)
    union all
    select 'imports', jsonb_build_object('id', i.id, 'file_name', i.file_name, 'state', i.state, 'uploaded_at', i.created_at)
    from imports i where i.tenant_id = p_tenant and i.id in (select f.import_id from person_files(p_tenant, p_email) f)
    union all
    select 'acknowledgements', to_jsonb(a) from acknowledgements a where a.tenant_id = p_tenant and a.resident_id = (select id from person)
    union all
    select 'notice_reads', to_jsonb(n) from notice_reads n where n.tenant_id = p_tenant and n.resident_id = (select id from person)
    union all
    select 'questions', to_jsonb(q) from questions q where q.tenant_id = p_tenant and q.resident_id = (select id from person)
    union all
    select 'chat_messages', to_jsonb(m) from chat_messages m where m.tenant_id = p_tenant and m.resident_id = (select id from person)
    union all
    select 'chat_citations', to_jsonb(c) from chat_citations c where c.tenant_id = p_tenant and c.resident_id = (select id from person)
    union all
    select 'issues', to_jsonb(i) from issues i where i.tenant_id = p_tenant and i.resident_id = (select id from person)
    union all
    select 'issue_events', to_jsonb(e) from issue_events e
    where e.tenant_id = p_tenant and (e.resident_id = (select id from person)
        or e.issue_id in (select i.id from issues i where i.tenant_id = p_tenant and i.resident_id = (select id from person)))
    union all
    select 'issue_files', to_jsonb(f) from issue_files f
    where f.tenant_id = p_tenant and f.issue_id in (select i.id from issues i where i.tenant_id = p_tenant and i.resident_id = (select id from person))
    union all
    select 'jobs', to_jsonb(j) from jobs j where j.tenant_id = p_tenant and person_mentioned(concat(j.payload, j.last_error), p_email)
    union all
    select 'idempotency_keys', to_jsonb(k) - 'body_hash' - 'answer' from idempotency_keys k
    where k.tenant_id = p_tenant and k.subject_id = (select id from person)
    union all
    select 'audit_log', to_jsonb(a) from audit_log a
    where a.tenant_id = p_tenant and (a.actor_id = (select id from person) or a.object_id = (select id from person))
$$;
comment on function person_data(uuid, text) is 'Every row of a company that is about the person with an address, as JSON with the name of its table. Without secrets, and without what is about other people.';

create function person_forget(p_tenant uuid, p_email text, p_buyer boolean) returns jsonb
    language plpgsql volatile
    set search_path = pg_catalog, public, pg_temp
as $$
declare
    person uuid;
    open   uuid[];
    done   uuid[];
    n      bigint;
    counts jsonb := '{}';
begin
    -- Links first, as somebody does who enters by one: of two at once, one waits here for the other.
    delete from email_tokens e where e.tenant_id = p_tenant and e.email = p_email and e.purpose = 'resident_link';
    get diagnostics n = row_count;
    counts := counts || jsonb_build_object('email_tokens', n);
    select r.id into person from residents r where r.tenant_id = p_tenant and r.email = p_email for update;

    select array_agg(f.import_id) filter (where f.state not in ('committed', 'undone')),
           array_agg(f.import_id) filter (where f.state in ('committed', 'undone'))
    into open, done from person_files(p_tenant, p_email) f;
    perform 1 from imports i where i.tenant_id = p_tenant and i.id = any (open || done) order by i.id for update;
    if exists (select 1 from imports i where i.tenant_id = p_tenant and i.id = any (open) and i.state in ('committing', 'committed')) then
        raise exception 'a file that names the person is being written into the homes' using errcode = 'lock_not_available';
    end if;
    delete from imports i where i.tenant_id = p_tenant and i.id = any (open);
    get diagnostics n = row_count;
    counts := counts || jsonb_build_object('imports_open', n);
    update imports i set
        file_bytes = '',
        file_name = case when position(p_email in lower(i.file_name)) > 0 then '—' else i.file_name end,
        error = case when person_mentioned(i.error, p_email) then '' else i.error end,
        findings = i.findings
            || case when i.findings ? 'columns' and jsonb_typeof(i.findings -> 'columns') = 'array' then jsonb_build_object('columns',
                   (select coalesce(jsonb_agg(case when person_mentioned(c::text, p_email) then c - 'examples' - 'header' else c - 'examples' end), '[]')
                    from jsonb_array_elements(i.findings -> 'columns') c)) else '{}' end
            || case when person_mentioned(i.findings ->> 'header', p_email) then '{"header": []}' else '{}'::jsonb end
            || case when person_mentioned(i.findings ->> 'problems', p_email) then '{"problems": []}' else '{}'::jsonb end
    where i.tenant_id = p_tenant and i.id = any (done);
    get diagnostics n = row_count;
    counts := counts || jsonb_build_object('imports', n);
    update import_rows r set
        data = r.data - 'cells' - 'home' - 'changes'
            || case when r.data ? 'home' then jsonb_build_object('home', (r.data -> 'home') - array['purchaser_name', 'purchaser_email', 'purchaser_phone']) else '{}' end
            || case when r.data ? 'changes' then jsonb_build_object('changes',
                   (select coalesce(jsonb_agg(c), '[]') from jsonb_array_elements(r.data -> 'changes') c where c ->> 'field' !~ '^purchaser')) else '{}' end,
        errors = (select coalesce(jsonb_agg(e - 'value'), '[]') from jsonb_array_elements(r.errors) e),
        before = r.before || '{"purchaser_name": "", "purchaser_email": "", "purchaser_phone": ""}'
    where r.tenant_id = p_tenant and r.import_id = any (done) and person_mentioned(concat(r.data, r.errors, r.before), p_email);
    get diagnostics n = row_count;
    counts := counts || jsonb_build_object('import_rows', n);

    if p_buyer then
        update units u set purchaser_name = '', purchaser_email = '', purchaser_phone = '', updated_at = clock_timestamp()
        where u.tenant_id = p_tenant and u.purchaser_email = p_email;
        get diagnostics n = row_count;
        counts := counts || jsonb_build_object('units', n);
    end if;

    delete from unit_claims c where c.tenant_id = p_tenant and (c.email = p_email or c.resident_id = person);
    get diagnostics n = row_count;
    counts := counts || jsonb_build_object('unit_claims', n);
    -- Mail to the same address about an account of staff is not about the resident.
    delete from mail_outbox m
    where m.tenant_id = p_tenant
      and (m.to_email = p_email and m.kind !~ '^(staff|password)_' or m.to_email <> p_email and person_mentioned(concat_ws(' ', m.subject, m.body, m.last_error), p_email));
    get diagnostics n = row_count;
    counts := counts || jsonb_build_object('mail_outbox', n);
    delete from jobs j where j.tenant_id = p_tenant and person_mentioned(concat(j.payload, j.last_error), p_email);
    get diagnostics n = row_count;
    counts := counts || jsonb_build_object('jobs', n);

    -- A signature stays as the proof that a home's papers were signed, without who it was.
    update acknowledgements a set signed_name = '—', from_ip = '' where a.tenant_id = p_tenant and a.resident_id = person;
    get diagnostics n = row_count;
    counts := counts || jsonb_build_object('acknowledgements', n);
    delete from questions q where q.tenant_id = p_tenant and q.resident_id = person;
    get diagnostics n = row_count;
    counts := counts || jsonb_build_object('questions', n);
    -- A defect stays with its home, without the person's words and pictures.
    delete from issue_files f using issues i
    where f.tenant_id = p_tenant and i.tenant_id = p_tenant and i.id = f.issue_id and i.resident_id = person;
    get diagnostics n = row_count;
    counts := counts || jsonb_build_object('issue_files', n);
    update issue_events e set body = ''
    where e.tenant_id = p_tenant
      and (e.resident_id = person or exists (select 1 from issues i where i.tenant_id = p_tenant and i.id = e.issue_id and i.resident_id = person));
    get diagnostics n = row_count;
    counts := counts || jsonb_build_object('issue_events', n);
    update issues i set title = '—', description = '' where i.tenant_id = p_tenant and i.resident_id = person;
    get diagnostics n = row_count;
    counts := counts || jsonb_build_object('issues', n);

    delete from idempotency_keys k
    where k.tenant_id = p_tenant
      and (k.subject_id = person or person_mentioned(concat_ws(' ', k.key, k.route, encode(k.answer, 'escape')), p_email));
    get diagnostics n = row_count;
    counts := counts || jsonb_build_object('idempotency_keys', n);

    -- With the person go where they lived, their sessions, their conversation and what they have read.
    delete from residents r where r.tenant_id = p_tenant and r.id = person;
    get diagnostics n = row_count;
    counts := counts || jsonb_build_object('residents', n);
    return (select coalesce(jsonb_object_agg(c.key, c.value), '{}') from jsonb_each(counts) c where c.value <> '0');
end
$$;
comment on function person_forget(uuid, text, boolean) is 'Takes away what a company has stored about the person with an address, also the buyer''s entry of homes if wanted; how many rows of which table. The audit log keeps the id.';

-- The gates of the two for the portal. They reach every table that holds something about people, which no role that
-- serves requests should, so they run as the owner, and look themselves who asks.
create function person_of_admin(p_resident uuid) returns residents
    language plpgsql stable
    set search_path = pg_catalog, public, pg_temp
as $$
declare
    company uuid := current_setting('app.tenant_id')::uuid;
    found   residents;
begin
    if not exists (
        select 1 from staff s
        where s.tenant_id = company and s.id = current_setting('app.staff_id')::uuid and s.role = 'admin' and s.disabled_at is null) then
        raise exception 'only an administrator of the company may do this' using errcode = 'insufficient_privilege';
    end if;
    select r.* into found from residents r where r.tenant_id = company and r.id = p_resident;
    return found;
end
$$;
comment on function person_of_admin(uuid) is 'A resident of the scope''s company, for its administrators only; nothing for anybody else''s.';

create function person_export(p_resident uuid) returns table (source text, data jsonb)
    language plpgsql stable security definer
    set search_path = pg_catalog, public, pg_temp
as $$
declare
    person residents := person_of_admin(p_resident);
begin
    return query select d.source, d.data from person_data(person.tenant_id, person.email) d;
end
$$;
comment on function person_export(uuid) is 'What is stored about a resident of the scope''s company, for its administrators. No row: there is no such resident.';
revoke all on function person_export(uuid) from public;
grant execute on function person_export(uuid) to openhouse_staff;

create function person_erase(p_resident uuid, p_buyer boolean) returns jsonb
    language plpgsql volatile security definer
    set search_path = pg_catalog, public, pg_temp
as $$
declare
    person residents := person_of_admin(p_resident);
begin
    if person.id is null then
        return null;
    end if;
    return person_forget(person.tenant_id, person.email, p_buyer);
end
$$;
comment on function person_erase(uuid, boolean) is 'Erases a resident of the scope''s company, for its administrators; null: there is no such resident.';
revoke all on function person_erase(uuid, boolean) from public;
grant execute on function person_erase(uuid, boolean) to openhouse_staff;
-- +goose StatementEnd

-- +goose Down
drop function person_erase(uuid, boolean);
drop function person_export(uuid);
drop function person_of_admin(uuid);
drop function person_forget(uuid, text, boolean);
drop function person_data(uuid, text);
drop function person_files(uuid, text);
drop function person_mentioned(text, text);
drop index unit_claims_email;
drop index audit_log_object;
create index audit_log_object on audit_log (tenant_id, object_id, at desc) where object_id is not null;
comment on index audit_log_object is 'What happened to one thing.';
drop index audit_log_request;
drop index audit_log_action;
drop index audit_log_actor;
