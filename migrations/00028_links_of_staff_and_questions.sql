-- What was open by a column or a row too many: the links of a disabled member of staff, and questions that a resident
-- could have written with their answer.

-- +goose Up
-- Administrators end the unused links of a colleague whom they disable, or the links would work again when the colleague
-- is enabled. What a link's secret is stored as stays with the doors.
grant select (staff_id) on email_tokens to openhouse_staff;
create index email_tokens_staff on email_tokens (tenant_id, staff_id) where staff_id is not null;
comment on index email_tokens_staff is 'The links of a member of staff, which end when one is used and when the member is disabled.';
comment on table email_tokens is 'One-time links sent by mail, by the SHA-256 of their secret. Consumed only through doors; staff may end those of a home unused, administrators those of a colleague.';
drop policy staff_select on email_tokens;
drop policy staff_update on email_tokens;
-- +goose StatementBegin
do $$
declare
    ends constant text := policy_staff_condition() || ' and (purpose = ''resident_link'' and ' || policy_staff_rule('development_id')
        || format(' or staff_id is not null and (select a.role = ''admin'' from staff a where a.tenant_id = %s and a.id = %s))',
                  policy_setting('app.tenant_id'), policy_setting('app.staff_id'));
begin
    execute format('create policy staff_select on email_tokens for select to openhouse_staff using (%s)', ends);
    execute format('create policy staff_update on email_tokens for update to openhouse_staff using (%1$s) with check (%1$s)', ends);
end
$$;
-- +goose StatementEnd

-- A resident asks. What becomes of the question is the company's to write.
revoke insert on questions from openhouse_resident;
grant insert (tenant_id, id, development_id, unit_id, resident_id, message_id, body) on questions to openhouse_resident;

-- +goose Down
revoke insert (tenant_id, id, development_id, unit_id, resident_id, message_id, body) on questions from openhouse_resident;
grant insert on questions to openhouse_resident;
drop policy staff_update on email_tokens;
drop policy staff_select on email_tokens;
-- +goose StatementBegin
do $$
declare
    of_home constant text := policy_staff_condition() || ' and purpose = ''resident_link'' and ' || policy_staff_rule('development_id');
begin
    execute format('create policy staff_select on email_tokens for select to openhouse_staff using (%s)', of_home);
    execute format('create policy staff_update on email_tokens for update to openhouse_staff using (%1$s) with check (%1$s)', of_home);
end
$$;
-- +goose StatementEnd
comment on table email_tokens is 'One-time links sent by mail, by the SHA-256 of their secret. Consumed only through doors; staff may end those of a home unused.';
drop index email_tokens_staff;
revoke select (staff_id) on email_tokens from openhouse_staff;
