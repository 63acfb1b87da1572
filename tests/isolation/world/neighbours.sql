-- Follows migrations/testdata/company.sql in the same session and uses its functions. What that company lacks to tell
-- narrow rules from slightly wider ones: Finn, next door to Anna in a home of the same type; people and links that are
-- over; and a session for everybody.
insert into staff (tenant_id, id, email, full_name, role, password_hash, disabled_at)
select pg_temp.id('tenant'), pg_temp.id(s.name), pg_temp.mail(s.name), s.name, s.role, 'not a real hash', s.disabled
from (values ('viewer', 'viewer', null), ('gone', 'developer', now())) s (name, role, disabled);

insert into units (tenant_id, id, development_id, house_type_id, unit_number, purchaser_name, purchaser_email)
values (pg_temp.id('tenant'), pg_temp.id('home-4'), pg_temp.id('park'), pg_temp.id('type-a'), '4', 'Buyer of home-4', pg_temp.mail('buyer-home-4'));
insert into residents (tenant_id, id, email, full_name) values (pg_temp.id('tenant'), pg_temp.id('finn'), pg_temp.mail('finn'), 'finn');
insert into occupancies (tenant_id, id, development_id, unit_id, resident_id, started_at)
values (pg_temp.id('tenant'), pg_temp.id('lives-finn'), pg_temp.id('park'), pg_temp.id('home-4'), pg_temp.id('finn'), now() - interval '1 year');
insert into sessions (tenant_id, id, kind, staff_id, expires_at)
select pg_temp.id('tenant'), pg_temp.id('session-' || s), 'staff', pg_temp.id(s), now() + interval '8 hours'
from unnest(array['developer', 'limited', 'viewer']) s;
insert into sessions (tenant_id, id, kind, resident_id, development_id, unit_id, expires_at)
select o.tenant_id, pg_temp.id('session-' || r.full_name), 'resident', o.resident_id, o.development_id, o.unit_id, now() + interval '1 day'
from occupancies o join residents r on r.tenant_id = o.tenant_id and r.id = o.resident_id
where o.tenant_id = pg_temp.id('tenant') and r.full_name in ('ben', 'cleo', 'eve', 'finn');

insert into email_tokens (tenant_id, id, purpose, token_hash, email, staff_id, created_at, expires_at, used_at)
select pg_temp.id('tenant'), pg_temp.id(t.name), 'staff_invite', pg_temp.hash(t.name), pg_temp.mail('developer'), pg_temp.id('developer'),
       now() - interval '2 days', now() + t.left_over::interval, case when t.name like '%used' then now() end
from (values ('token-invite', '1 hour'), ('token-used', '1 hour'), ('token-over', '-1 day')) t (name, left_over);
insert into email_tokens (tenant_id, id, purpose, token_hash, email, staff_id, expires_at)
values (pg_temp.id('tenant'), pg_temp.id('token-gone'), 'staff_invite', pg_temp.hash('token-gone'), pg_temp.mail('gone'), pg_temp.id('gone'), now() + interval '1 hour');
insert into email_tokens (tenant_id, id, purpose, token_hash, email, development_id, unit_id, created_at, expires_at, used_at)
select pg_temp.id('tenant'), pg_temp.id(t.name), 'resident_link', pg_temp.hash(t.name), pg_temp.mail('buyer-home-1'), pg_temp.id('park'), pg_temp.id('home-1'),
       now() - interval '2 days', now() + t.left_over::interval, case when t.name like '%used' then now() end
from (values ('link-1', '1 hour'), ('link-used', '1 hour'), ('link-over', '-1 day')) t (name, left_over);
insert into mail_outbox (tenant_id, id, kind, to_email, subject, body, state, last_error)
values (pg_temp.id('tenant'), pg_temp.id('mail-dead'), 'staff_reset', pg_temp.mail('admin'), 'Your link', 'A link', 'failed', 'refused');
insert into invite_batches (tenant_id, id, development_id, reach, of_batch_id, unit_id, state, homes, ready_at, created_by)
select pg_temp.id('tenant'), pg_temp.id(b.name), pg_temp.id('park'), b.reach, case b.reach when 'batch' then pg_temp.id('batch-park') end,
       case b.reach when 'home' then pg_temp.id('home-4') end, 'ready', 1, now(), pg_temp.id('developer')
from (values ('batch-again', 'batch'), ('batch-home', 'home')) b (name, reach);
update invite_batches set files_until = now() - interval '1 hour' where tenant_id = pg_temp.id('tenant') and id = pg_temp.id('batch-again');
insert into invite_files (tenant_id, batch_id, kind, part, development_id, content)
values (pg_temp.id('tenant'), pg_temp.id('batch-again'), 'pdf', 0, pg_temp.id('park'), 'not a real file');
insert into invite_batches (tenant_id, id, development_id, reach, created_by) values (pg_temp.id('tenant'), pg_temp.id('batch-working'), pg_temp.id('quay'), 'development', pg_temp.id('developer'));
insert into imports (tenant_id, id, development_id, state, file_name, file_bytes, file_sha256)
values (pg_temp.id('tenant'), pg_temp.id('import-committing'), pg_temp.id('quay'), 'committing', 'homes.csv', 'unit_number', pg_temp.hash('homes.csv'));
insert into unit_invites (tenant_id, id, development_id, unit_id, batch_id, token_hash, created_by, revoked_at)
select pg_temp.id('tenant'), pg_temp.id(i.name), pg_temp.id('park'), pg_temp.id(i.unit), pg_temp.id('batch-park'), pg_temp.hash(i.name), pg_temp.id('developer'), i.revoked
from (values ('invite-revoked', 'home-2', now()), ('invite-home-4', 'home-4', null)) i (name, unit, revoked);
insert into unit_claims (tenant_id, id, development_id, unit_id, invite_id, email, state)
values (pg_temp.id('tenant'), pg_temp.id('claim-home-4'), pg_temp.id('park'), pg_temp.id('home-4'), pg_temp.id('invite-home-4'), pg_temp.mail('stranger'), 'pending');

insert into documents (tenant_id, id, development_id, scope, unit_id, title, category)
values (pg_temp.id('tenant'), pg_temp.id('doc-letter-4'), pg_temp.id('park'), 'unit', pg_temp.id('home-4'), 'letter-4', 'general');
insert into document_versions (tenant_id, id, development_id, document_id, number, sha256, file_name, mime, size_bytes)
select tenant_id, md5(id::text || 'v1')::uuid, development_id, id, 1, sha256(uuid_send(id)), title || '.pdf', 'application/pdf', 1000
from documents where tenant_id = pg_temp.id('tenant') and id = pg_temp.id('doc-letter-4');
update documents set current_version_id = md5(id::text || 'v1')::uuid where tenant_id = pg_temp.id('tenant') and id = pg_temp.id('doc-letter-4');
insert into document_chunks (tenant_id, id, development_id, unit_id, document_id, version_id, ordinal, page_from, page_to, language, body)
select tenant_id, md5(id::text || 'c1')::uuid, development_id, unit_id, id, current_version_id, 0, 1, 1, 'en', 'The stopcock of number 4'
from documents where tenant_id = pg_temp.id('tenant') and id = pg_temp.id('doc-letter-4');

insert into acknowledgements (tenant_id, id, development_id, release_id, unit_id, resident_id, signed_name, content_sha256)
values (pg_temp.id('tenant'), pg_temp.id('signed-finn'), pg_temp.id('park'), pg_temp.id('release-one'), pg_temp.id('home-4'), pg_temp.id('finn'), 'finn', pg_temp.hash('release'));
insert into notice_reads (tenant_id, notice_id, resident_id) values (pg_temp.id('tenant'), pg_temp.id('notice-type-a'), pg_temp.id('finn'));
insert into questions (tenant_id, id, development_id, unit_id, resident_id, body)
values (pg_temp.id('tenant'), pg_temp.id('question-finn'), pg_temp.id('park'), pg_temp.id('home-4'), pg_temp.id('finn'), 'When is bin day?');
insert into chat_messages (tenant_id, id, development_id, unit_id, resident_id, author, body)
values (pg_temp.id('tenant'), pg_temp.id('chat-finn'), pg_temp.id('park'), pg_temp.id('home-4'), pg_temp.id('finn'), 'resident', 'Where is the stopcock?');
insert into chat_citations (tenant_id, id, resident_id, message_id, ordinal, title, quote)
values (pg_temp.id('tenant'), pg_temp.id('citation-finn'), pg_temp.id('finn'), pg_temp.id('chat-finn'), 0, 'letter-4', 'in the hall');
insert into issues (tenant_id, id, development_id, unit_id, resident_id, title)
values (pg_temp.id('tenant'), pg_temp.id('issue-finn'), pg_temp.id('park'), pg_temp.id('home-4'), pg_temp.id('finn'), 'A crack');
insert into issue_events (tenant_id, id, development_id, issue_id, kind, author_kind, visible_to_resident, body)
values (pg_temp.id('tenant'), pg_temp.id('event-finn'), pg_temp.id('park'), pg_temp.id('issue-finn'), 'comment', 'system', true, 'shown');
insert into issue_events (tenant_id, id, development_id, issue_id, kind, author_kind, staff_id, resident_id, visible_to_resident, body)
select pg_temp.id('tenant'), pg_temp.id('event-' || a.kind), pg_temp.id('park'), pg_temp.id('issue-finn'), 'comment', a.kind,
       case a.kind when 'staff' then pg_temp.id('developer') end, case a.kind when 'resident' then pg_temp.id('finn') end, true, 'shown'
from unnest(array['staff', 'resident']) a (kind);
insert into issue_files (tenant_id, id, development_id, issue_id, sha256, file_name, mime, size_bytes)
values (pg_temp.id('tenant'), pg_temp.id('photo-finn'), pg_temp.id('park'), pg_temp.id('issue-finn'), pg_temp.hash('photo'), 'crack.jpg', 'image/jpeg', 1000);
insert into audit_log (tenant_id, id, actor_kind, actor_id, action)
select pg_temp.id('tenant'), pg_temp.id('audit-' || r), 'resident', pg_temp.id(r), 'resident.enter' from unnest(array['anna', 'finn']) r;
insert into idempotency_keys (tenant_id, subject_id, key, route, body_hash)
select pg_temp.id('tenant'), pg_temp.id(s), 'k', 'POST /x', pg_temp.hash('body') from unnest(array['limited', 'finn', 'dara']) s;
