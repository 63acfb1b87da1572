-- name: AccountIsAsChecked :one
-- Whether somebody who has proved a password may still get in with it: asked behind the insert of the session, whose
-- foreign key makes it wait for a change of the password that is under way.
select exists (
    select 1 from staff
    where tenant_id = @tenant_id and id = @id and disabled_at is null and password_changed_at is not distinct from sqlc.narg(password_changed_at)::timestamptz);
