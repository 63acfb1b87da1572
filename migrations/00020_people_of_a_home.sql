-- Staff decide who lives in a home: they approve requests, and end what opens it when somebody moves out or it is sold
-- again. And administrators end what opens the account of a colleague.

-- +goose Up
-- Unused links of a home are ended by staff who see it, and those of a colleague whom they disable by administrators, or
-- they would work again when the colleague is enabled. What a link's secret is stored as stays with the doors.
grant select (tenant_id, purpose, email, staff_id, unit_id, expires_at, used_at) on email_tokens to openhouse_staff;
grant update (used_at) on email_tokens to openhouse_staff;
create index email_tokens_staff on email_tokens (tenant_id, staff_id) where staff_id is not null;
comment on index email_tokens_staff is 'The links of a member of staff, which end when one is used and when the member is disabled.';
comment on table email_tokens is 'One-time links sent by mail, by the SHA-256 of their secret. Consumed only through doors; staff may end those of a home unused, administrators those of a colleague.';

-- Whoever asks for a home may be a resident already, in a development that a limited member of staff doesn't see. Until
-- the request is decided that resident is seen, by the address that the request names anyway.
drop policy staff_select on residents;
-- +goose StatementBegin
do $$
declare
    ends constant text := policy_staff_condition() || ' and (purpose = ''resident_link'' and ' || policy_staff_rule('development_id')
        || format(' or staff_id is not null and (select a.role = ''admin'' from staff a where a.tenant_id = %s and a.id = %s))',
                  policy_setting('app.tenant_id'), policy_setting('app.staff_id'));
begin
    execute format('create policy staff_select on email_tokens for select to openhouse_staff using (%s)', ends);
    execute format('create policy staff_update on email_tokens for update to openhouse_staff using (%1$s) with check (%1$s)', ends);
    execute format('create policy staff_select on residents for select to openhouse_staff using (%s)', format(
        '%1$s and ((select not s.limited from staff s where s.tenant_id = %2$s and s.id = %3$s)'
        || ' or id = any (array(select o.resident_id from occupancies o where o.tenant_id = %2$s))'
        || ' or email = any (array(select c.email from unit_claims c where c.tenant_id = %2$s and c.state = ''pending'')))',
        policy_staff_condition(), policy_setting('app.tenant_id'), policy_setting('app.staff_id')));
end
$$;
-- +goose StatementEnd

-- +goose Down
drop policy staff_select on residents;
-- +goose StatementBegin
do $$
begin
    execute format('create policy staff_select on residents for select to openhouse_staff using (%s)', format(
        '%1$s and ((select not s.limited from staff s where s.tenant_id = %2$s and s.id = %3$s)'
        || ' or id = any (array(select o.resident_id from occupancies o where o.tenant_id = %2$s)))',
        policy_staff_condition(), policy_setting('app.tenant_id'), policy_setting('app.staff_id')));
end
$$;
-- +goose StatementEnd
drop policy staff_update on email_tokens;
drop policy staff_select on email_tokens;
drop index email_tokens_staff;
revoke select (tenant_id, purpose, email, staff_id, unit_id, expires_at, used_at), update (used_at) on email_tokens from openhouse_staff;
comment on table email_tokens is 'One-time links sent by mail, by the SHA-256 of their secret. Read and consumed only through doors.';
