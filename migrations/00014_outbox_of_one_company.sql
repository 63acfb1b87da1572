-- The outbox page of development asks for the mail of one company by its id: names of companies are not unique.
-- Only staff have such a page, so only they may ask.

-- +goose Up
drop function outbox_recent(integer);

-- +goose StatementBegin
create function outbox_recent(p_tenant uuid, p_limit integer)
    returns table (id uuid, kind text, to_email text, subject text, body text, created_at timestamptz)
    language sql stable security definer
    set search_path = pg_catalog, public, pg_temp
as $$
    select m.id, m.kind, m.to_email, m.subject, m.body, m.created_at
    from mail_outbox m
    join tenants t on t.id = m.tenant_id and t.demo
    where m.tenant_id = p_tenant
    order by m.created_at desc, m.id desc
    limit greatest(0, least(p_limit, 100))
$$;
comment on function outbox_recent(uuid, integer) is 'Newest mail of one demo company, for the outbox page of development. Never a real company''s.';

do $$
begin
    -- Handing a function over asks that its new owner may create in the schema, for this moment.
    grant create on schema public to openhouse_door;
    revoke all on function outbox_recent(uuid, integer) from public;
    alter function outbox_recent(uuid, integer) owner to openhouse_door;
    revoke create on schema public from openhouse_door;
end
$$;
-- +goose StatementEnd
grant execute on function outbox_recent(uuid, integer) to openhouse_staff;

-- +goose Down
drop function outbox_recent(uuid, integer);

-- +goose StatementBegin
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
begin
    grant create on schema public to openhouse_door;
    revoke all on function outbox_recent(integer) from public;
    alter function outbox_recent(integer) owner to openhouse_door;
    revoke create on schema public from openhouse_door;
end
$$;
-- +goose StatementEnd
grant execute on function outbox_recent(integer) to openhouse_staff, openhouse_resident, openhouse_worker;
