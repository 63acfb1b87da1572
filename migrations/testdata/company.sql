-- One fictional company with rows in every table of company data. The tests run it once for each company, with the
-- company's letter in test.company; id('x') is then the same in SQL and in Go.
create or replace function pg_temp.id(p_name text) returns uuid language sql stable
    return md5(current_setting('test.company') || ':' || p_name)::uuid;
create or replace function pg_temp.hash(p_name text) returns bytea language sql stable
    return sha256(convert_to(current_setting('test.company') || ':' || p_name, 'UTF8'));
create or replace function pg_temp.mail(p_name text) returns text language sql stable
    return p_name || '.' || current_setting('test.company') || '@example.org';

insert into tenants (id, name, slug) values (pg_temp.id('tenant'), 'Company ' || current_setting('test.company'), 'company-' || current_setting('test.company'));
insert into staff (tenant_id, id, email, full_name, role, limited, password_hash)
select pg_temp.id('tenant'), pg_temp.id(s.name), pg_temp.mail(s.name), s.name, s.role, s.limited, 'not a real hash'
from (values ('admin', 'admin', false), ('developer', 'developer', false), ('limited', 'developer', true)) s (name, role, limited);
insert into tenant_themes (tenant_id, accent) values (pg_temp.id('tenant'), '#336699');
insert into tenant_identity_providers (tenant_id, id, issuer, audience, jwks_url, algorithms)
values (pg_temp.id('tenant'), pg_temp.id('idp'), 'https://id.example.org', 'openhouse', 'https://id.example.org/keys', '{RS256}');
insert into feature_flags (tenant_id, name, enabled) values (pg_temp.id('tenant'), 'issues', true);

insert into developments (tenant_id, id, slug, name)
select pg_temp.id('tenant'), pg_temp.id(d), d, d from unnest(array['park', 'quay']) d;
insert into staff_developments (tenant_id, staff_id, development_id) values (pg_temp.id('tenant'), pg_temp.id('limited'), pg_temp.id('quay'));
insert into house_types (tenant_id, id, development_id, code)
select pg_temp.id('tenant'), pg_temp.id(t.name), pg_temp.id(t.development), t.code
from (values ('type-a', 'park', 'A'), ('type-b', 'park', 'B'), ('type-q', 'quay', 'Q')) t (name, development, code);
insert into room_dimensions (tenant_id, id, development_id, house_type_id, name, length_mm, width_mm)
select pg_temp.id('tenant'), pg_temp.id('room-' || t.name), pg_temp.id(t.development), pg_temp.id(t.name), 'Kitchen', 4000, 3000
from (values ('type-a', 'park'), ('type-b', 'park'), ('type-q', 'quay')) t (name, development);
insert into units (tenant_id, id, development_id, house_type_id, unit_number, purchaser_name, purchaser_email)
select pg_temp.id('tenant'), pg_temp.id(u.name), pg_temp.id(u.development), pg_temp.id(u.type), u.number, 'Buyer of ' || u.name, pg_temp.mail('buyer-' || u.name)
from (values ('home-1', 'park', 'type-a', '1'), ('home-2', 'park', 'type-b', '2'), ('home-3', 'quay', 'type-q', '1')) u (name, development, type, number);

-- Anna and Ben live in home 1, Cleo in home 2, Dara in home 3; Eve has moved out of home 1.
insert into residents (tenant_id, id, email, full_name)
select pg_temp.id('tenant'), pg_temp.id(r), pg_temp.mail(r), r from unnest(array['anna', 'ben', 'cleo', 'dara', 'eve']) r;
insert into occupancies (tenant_id, id, development_id, unit_id, resident_id, started_at, ended_at)
select pg_temp.id('tenant'), pg_temp.id('lives-' || o.resident), pg_temp.id(o.development), pg_temp.id(o.unit), pg_temp.id(o.resident), now() - interval '1 year',
       case when o.resident = 'eve' then now() - interval '1 month' end
from (values ('anna', 'park', 'home-1'), ('ben', 'park', 'home-1'), ('cleo', 'park', 'home-2'), ('dara', 'quay', 'home-3'), ('eve', 'park', 'home-1')) o (resident, development, unit);
insert into sessions (tenant_id, id, kind, staff_id, expires_at)
values (pg_temp.id('tenant'), pg_temp.id('session-admin'), 'staff', pg_temp.id('admin'), now() + interval '8 hours');
insert into sessions (tenant_id, id, kind, resident_id, development_id, unit_id, expires_at)
select pg_temp.id('tenant'), pg_temp.id('session-' || o.resident), 'resident', pg_temp.id(o.resident), pg_temp.id(o.development), pg_temp.id(o.unit), now() + interval '1 day'
from (values ('anna', 'park', 'home-1'), ('dara', 'quay', 'home-3')) o (resident, development, unit);
insert into email_tokens (tenant_id, id, purpose, token_hash, email, staff_id, expires_at)
values (pg_temp.id('tenant'), pg_temp.id('token'), 'staff_reset', pg_temp.hash('token'), pg_temp.mail('admin'), pg_temp.id('admin'), now() + interval '1 hour');
insert into mail_outbox (tenant_id, id, kind, to_email, subject, body)
values (pg_temp.id('tenant'), pg_temp.id('mail'), 'staff_reset', pg_temp.mail('admin'), 'Your link', 'A link');
insert into invite_batches (tenant_id, id, development_id, reach, state, homes, ready_at, files_until, created_by)
select pg_temp.id('tenant'), pg_temp.id('batch-' || d), pg_temp.id(d), 'development', 'ready', 1, now(), now() + interval '30 minutes', pg_temp.id('developer')
from unnest(array['park', 'quay']) d;
insert into invite_files (tenant_id, batch_id, kind, part, development_id, content)
select pg_temp.id('tenant'), pg_temp.id('batch-' || d), 'pdf', 0, pg_temp.id(d), 'not a real file' from unnest(array['park', 'quay']) d;
insert into unit_invites (tenant_id, id, development_id, unit_id, batch_id, token_hash, created_by)
select pg_temp.id('tenant'), pg_temp.id('invite-' || u.name), pg_temp.id(u.development), pg_temp.id(u.name), pg_temp.id('batch-' || u.development), pg_temp.hash('invite-' || u.name), pg_temp.id('developer')
from (values ('home-1', 'park'), ('home-3', 'quay')) u (name, development);
insert into unit_claims (tenant_id, id, development_id, unit_id, invite_id, email, state)
select pg_temp.id('tenant'), pg_temp.id('claim-' || u.name), pg_temp.id(u.development), pg_temp.id(u.name), pg_temp.id('invite-' || u.name), pg_temp.mail('stranger'), 'pending'
from (values ('home-1', 'park'), ('home-3', 'quay')) u (name, development);

insert into imports (tenant_id, id, development_id, file_name, file_bytes, file_sha256, created_by)
select pg_temp.id('tenant'), pg_temp.id('import-' || d), pg_temp.id(d), 'homes.csv', 'unit_number', pg_temp.hash('homes.csv'), pg_temp.id('developer')
from unnest(array['park', 'quay']) d;
insert into import_rows (tenant_id, import_id, line_number, development_id, state, unit_number, unit_id)
select pg_temp.id('tenant'), pg_temp.id('import-' || r.development), 2, pg_temp.id(r.development), 'new', '1', pg_temp.id(r.unit)
from (values ('park', 'home-1'), ('quay', 'home-3')) r (development, unit);

-- Papers: of the development, of each type, of home 1 and of home 2, one archived, and one of the other development.
insert into documents (tenant_id, id, development_id, scope, house_type_id, unit_id, title, category, archived_at)
select pg_temp.id('tenant'), pg_temp.id('doc-' || d.name), pg_temp.id(d.development), d.scope,
       case d.scope when 'house_type' then pg_temp.id(d.target) end, case d.scope when 'unit' then pg_temp.id(d.target) end,
       d.name, 'general', case when d.name = 'old' then now() end
from (values ('manual', 'park', 'development', ''), ('old', 'park', 'development', ''), ('plan-a', 'park', 'house_type', 'type-a'), ('plan-b', 'park', 'house_type', 'type-b'),
             ('letter-1', 'park', 'unit', 'home-1'), ('letter-2', 'park', 'unit', 'home-2'), ('quay', 'quay', 'development', '')) d (name, development, scope, target);
insert into document_versions (tenant_id, id, development_id, document_id, number, sha256, file_name, mime, size_bytes)
select tenant_id, md5(id::text || 'v1')::uuid, development_id, id, 1, sha256(uuid_send(id)), title || '.pdf', 'application/pdf', 1000
from documents where tenant_id = pg_temp.id('tenant');
update documents set current_version_id = md5(id::text || 'v1')::uuid where tenant_id = pg_temp.id('tenant');
insert into document_chunks (tenant_id, id, development_id, house_type_id, unit_id, document_id, version_id, ordinal, page_from, page_to, language, body)
select tenant_id, md5(id::text || 'c1')::uuid, development_id, house_type_id, unit_id, id, current_version_id, 0, 1, 1, 'en', 'Seán releases the stopcock'
from documents where tenant_id = pg_temp.id('tenant');
insert into ingest_jobs (tenant_id, id, development_id, document_id, version_id)
select tenant_id, md5(id::text || 'j1')::uuid, development_id, id, current_version_id
from documents where tenant_id = pg_temp.id('tenant') and title in ('manual', 'quay');

insert into must_read_releases (tenant_id, id, development_id, number, title, state, published_at)
select pg_temp.id('tenant'), pg_temp.id('release-' || r.name), pg_temp.id(r.development), r.number, r.name, r.state, case when r.state = 'published' then now() end
from (values ('one', 'park', 1, 'published'), ('two', 'park', 2, 'draft'), ('quay', 'quay', 1, 'published')) r (name, development, number, state);
insert into must_read_items (tenant_id, id, development_id, release_id, document_id, version_id, sha256, ordinal)
select d.tenant_id, pg_temp.id('item-' || i.document), d.development_id, pg_temp.id('release-' || i.release), d.id, d.current_version_id, sha256(uuid_send(d.id)), 0
from (values ('one', 'manual'), ('one', 'plan-b'), ('quay', 'quay')) i (release, document)
join documents d on d.tenant_id = pg_temp.id('tenant') and d.id = pg_temp.id('doc-' || i.document);
insert into acknowledgements (tenant_id, id, development_id, release_id, unit_id, resident_id, signed_name, content_sha256)
select pg_temp.id('tenant'), pg_temp.id('signed-' || a.resident), pg_temp.id(a.development), pg_temp.id('release-' || a.release), pg_temp.id(a.unit), pg_temp.id(a.resident), a.resident, pg_temp.hash('release')
from (values ('anna', 'park', 'one', 'home-1'), ('cleo', 'park', 'one', 'home-2'), ('dara', 'quay', 'quay', 'home-3')) a (resident, development, release, unit);

insert into notices (tenant_id, id, scope, development_id, house_type_id, title, body, starts_at, ends_at, published_at)
select pg_temp.id('tenant'), pg_temp.id('notice-' || n.name), n.scope, case when n.scope <> 'company' then pg_temp.id(n.development) end,
       case when n.scope = 'house_type' then pg_temp.id(n.type) end, n.name, 'Text', now() + n.begins::interval, now() + n.ends::interval,
       case when n.name <> 'draft' then now() end
from (values ('all', 'company', '', '', '-1 year', null), ('park', 'development', 'park', '', '-1 day', '1 day'), ('quay', 'development', 'quay', '', '-1 day', null),
             ('type-a', 'house_type', 'park', 'type-a', '-1 day', null), ('type-b', 'house_type', 'park', 'type-b', '-1 day', null),
             ('draft', 'development', 'park', '', '-1 day', null), ('tomorrow', 'development', 'park', '', '1 day', null), ('over', 'development', 'park', '', '-2 days', '-1 day')
     ) n (name, scope, development, type, begins, ends);
insert into notice_reads (tenant_id, notice_id, resident_id)
select pg_temp.id('tenant'), pg_temp.id('notice-' || n.notice), pg_temp.id(n.resident)
from (values ('park', 'anna'), ('park', 'cleo'), ('quay', 'dara')) n (notice, resident);

insert into questions (tenant_id, id, development_id, unit_id, resident_id, body)
select pg_temp.id('tenant'), pg_temp.id('question-' || q.resident), pg_temp.id(q.development), pg_temp.id(q.unit), pg_temp.id(q.resident), 'When is bin day?'
from (values ('anna', 'park', 'home-1'), ('cleo', 'park', 'home-2'), ('dara', 'quay', 'home-3')) q (resident, development, unit);
insert into faqs (tenant_id, id, development_id, house_type_id, question, answer, published_at)
select pg_temp.id('tenant'), pg_temp.id('faq-' || f.name), pg_temp.id(f.development), case when f.type <> '' then pg_temp.id(f.type) end, 'When?', 'Monday',
       case when f.name <> 'draft' then now() end
from (values ('park', 'park', ''), ('type-b', 'park', 'type-b'), ('draft', 'park', ''), ('quay', 'quay', '')) f (name, development, type);
insert into document_chunks (tenant_id, id, development_id, house_type_id, faq_id, ordinal, body)
select tenant_id, md5(id::text || 'c1')::uuid, development_id, house_type_id, id, 0, 'Bins go out on Monday'
from faqs where tenant_id = pg_temp.id('tenant');
insert into chat_messages (tenant_id, id, development_id, unit_id, resident_id, author, body)
select pg_temp.id('tenant'), pg_temp.id('chat-' || c.resident), pg_temp.id(c.development), pg_temp.id(c.unit), pg_temp.id(c.resident), 'resident', 'Where is the stopcock?'
from (values ('anna', 'park', 'home-1'), ('ben', 'park', 'home-1'), ('dara', 'quay', 'home-3')) c (resident, development, unit);
insert into chat_messages (tenant_id, id, development_id, unit_id, resident_id, author, outcome, body, reply_to)
values (pg_temp.id('tenant'), pg_temp.id('chat-answer'), pg_temp.id('park'), pg_temp.id('home-1'), pg_temp.id('anna'), 'assistant', 'answered', 'Under the sink', pg_temp.id('chat-anna'));
insert into chat_citations (tenant_id, id, resident_id, message_id, ordinal, document_id, version_id, title, page, quote)
select tenant_id, pg_temp.id('citation'), pg_temp.id('anna'), pg_temp.id('chat-answer'), 0, id, current_version_id, title, 1, 'under the sink'
from documents where tenant_id = pg_temp.id('tenant') and id = pg_temp.id('doc-manual');

insert into issues (tenant_id, id, development_id, unit_id, resident_id, title)
select pg_temp.id('tenant'), pg_temp.id('issue-' || i.resident), pg_temp.id(i.development), pg_temp.id(i.unit), pg_temp.id(i.resident), 'A crack'
from (values ('anna', 'park', 'home-1'), ('eve', 'park', 'home-1'), ('dara', 'quay', 'home-3')) i (resident, development, unit);
insert into issue_events (tenant_id, id, development_id, issue_id, kind, author_kind, visible_to_resident, body)
select tenant_id, md5(id::text || v.word)::uuid, development_id, id, 'comment', 'system', v.visible, v.word
from issues, (values ('shown', true), ('internal', false)) v (word, visible) where tenant_id = pg_temp.id('tenant');
insert into issue_files (tenant_id, id, development_id, issue_id, sha256, file_name, mime, size_bytes)
select tenant_id, md5(id::text || 'photo')::uuid, development_id, id, sha256(uuid_send(id)), 'crack.jpg', 'image/jpeg', 1000
from issues where tenant_id = pg_temp.id('tenant');

insert into audit_log (tenant_id, id, actor_kind, actor_id, action) values (pg_temp.id('tenant'), pg_temp.id('audit'), 'staff', pg_temp.id('admin'), 'development.create');
insert into idempotency_keys (tenant_id, subject_id, key, route, body_hash)
select pg_temp.id('tenant'), pg_temp.id(s), 'k', 'POST /x', pg_temp.hash('body') from unnest(array['admin', 'anna', 'ben']) s;
insert into jobs (tenant_id, id, kind) values (pg_temp.id('tenant'), pg_temp.id('job'), 'send_mail');
