-- Printing the codes of homes: what was asked for, the files of the last half hour, and the doors for whoever comes
-- with a code. Only hashes of codes are stored; a file holds the codes themselves, so it is kept in pieces that go away
-- soon, and when it is lost the sheet is printed again.

-- +goose Up
create table invite_batches (
    tenant_id      uuid        not null references tenants (id) on delete cascade,
    id             uuid        not null,
    development_id uuid        not null,
    reach          text        not null check (reach in ('development', 'missing', 'batch', 'home')),
    of_batch_id    uuid,
    unit_id        uuid,
    state          text        not null default 'working' check (state in ('working', 'ready', 'failed')),
    link_origin    text        not null default '' check (link_origin = '' or link_origin ~ '^https?://[^/]+$'),
    language       text        not null default 'en' check (language ~ '^[a-z]{2}$'),
    homes          integer     not null default 0 check (homes >= 0),
    done           integer     not null default 0 check (done >= 0),
    error          text        not null default '',
    unprintable    text        not null default '',
    created_by     uuid,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    ready_at       timestamptz,
    files_until    timestamptz,
    primary key (tenant_id, id),
    constraint invite_batches_development_id_id_key unique (tenant_id, development_id, id),
    check ((state = 'ready') = (ready_at is not null)),
    constraint invite_batches_reach_matches check (case reach
        when 'batch' then unit_id is null
        when 'home' then of_batch_id is null
        else of_batch_id is null and unit_id is null end),
    foreign key (tenant_id, development_id) references developments (tenant_id, id) on delete cascade,
    foreign key (tenant_id, development_id, of_batch_id) references invite_batches (tenant_id, development_id, id) on delete set null (of_batch_id),
    foreign key (tenant_id, development_id, unit_id) references units (tenant_id, development_id, id) on delete set null (unit_id),
    foreign key (tenant_id, created_by) references staff (tenant_id, id) on delete set null (created_by)
);
comment on table invite_batches is 'Prints of codes: asked for, being made, then ready or failed. Old codes end in the transaction that makes a print ready.';
comment on column invite_batches.reach is 'Which homes get new codes: all of the development, those without a living code, those of another print, one.';
comment on column invite_batches.link_origin is 'Where the codes lead: the public address that whoever printed has confirmed. Empty for prints from before this was kept.';
comment on column invite_batches.language is 'Language of the words on the cards.';
comment on column invite_batches.done is 'Cards drawn so far, for the progress bar.';
comment on column invite_batches.unprintable is 'Letters of names that stand on the sheets as boxes.';
comment on column invite_batches.files_until is 'How long the files can be had; null while there are none.';
comment on index invite_batches_development_id_id_key is 'Lets a code name a print of its own development only.';
create index invite_batches_by_development on invite_batches (tenant_id, development_id, created_at desc);
comment on index invite_batches_by_development is 'The prints of a development, newest first.';
create unique index invite_batches_working on invite_batches (tenant_id, development_id) where state = 'working';
comment on index invite_batches_working is 'One print at a time replaces the codes of a development.';
create index invite_batches_unit on invite_batches (tenant_id, unit_id) where unit_id is not null;
comment on index invite_batches_unit is 'Prints for one home, which outlive it.';

create table invite_files (
    tenant_id      uuid    not null references tenants (id) on delete cascade,
    batch_id       uuid    not null,
    kind           text    not null check (kind in ('pdf', 'zip')),
    part           integer not null check (part >= 0),
    development_id uuid    not null,
    content        bytea   not null check (content <> ''),
    primary key (tenant_id, batch_id, kind, part),
    foreign key (tenant_id, development_id, batch_id) references invite_batches (tenant_id, development_id, id) on delete cascade
);
comment on table invite_files is 'The files of a print in pieces, for the short time in which they can be had: they hold codes that open doors.';
-- Both formats are compressed already.
alter table invite_files alter column content set storage external;

-- +goose StatementBegin
do $$
begin
    perform policy_protect('invite_batches');
    perform policy_staff('invite_batches', 'development_id');
    perform policy_door('invite_batches', 'select');
    perform policy_protect('invite_files');
    perform policy_staff('invite_files', 'development_id');
    perform policy_door('invite_files', 'select');
    create policy door_delete on invite_files for delete to openhouse_door using (true);
    perform policy_door('unit_invites', 'select', 'update');
end
$$;
-- +goose StatementEnd
comment on index invite_files_pkey is 'The pieces of a file in their order.';
grant select, insert on invite_batches to openhouse_staff;
grant update (state, homes, done, error, unprintable, updated_at, ready_at, files_until) on invite_batches to openhouse_staff;
grant select, insert, delete on invite_files to openhouse_staff;
grant select (tenant_id, id, state, updated_at, files_until) on invite_batches to openhouse_door;
grant select (tenant_id, batch_id), delete on invite_files to openhouse_door;
grant select (tenant_id, id, development_id, unit_id, token_hash, scans, revoked_at) on unit_invites to openhouse_door;
grant update (scans, last_scan_at) on unit_invites to openhouse_door;

-- Codes from before this file belong to prints as well.
insert into invite_batches (tenant_id, id, development_id, reach, state, homes, done, created_at, updated_at, ready_at)
select i.tenant_id, i.batch_id, i.development_id, 'development', 'ready', count(*), count(*), min(i.created_at), min(i.created_at), min(i.created_at)
from unit_invites i
group by i.tenant_id, i.batch_id, i.development_id;
alter table unit_invites add constraint unit_invites_batch_fkey
    foreign key (tenant_id, development_id, batch_id) references invite_batches (tenant_id, development_id, id) on delete cascade;

-- +goose StatementBegin
create function invite_look_up(p_token_hash bytea)
    returns table (state text, tenant_id uuid, invite_id uuid, development_id uuid, unit_id uuid,
                   tenant_name text, development_name text, masked_address text)
    language sql stable security definer
    set search_path = pg_catalog, public, pg_temp
as $$
    select coalesce(l.state, 'unknown'), coalesce(v.tenant_id, nobody), coalesce(v.id, nobody), coalesce(v.development_id, nobody),
           coalesce(v.unit_id, nobody), coalesce(v.tenant_name, ''), coalesce(v.development_name, ''), coalesce(v.masked_address, '')
    from (select '00000000-0000-0000-0000-000000000000'::uuid as nobody) as always
    left join (
        select i.tenant_id, i.id, i.development_id, i.unit_id, case when i.revoked_at is null then 'valid' else 'revoked' end as state, t.name
        from unit_invites i
        join tenants t on t.id = i.tenant_id and t.suspended_at is null
        where i.token_hash = p_token_hash
        limit 1
    ) as l on true
    left join lateral (
        select l.tenant_id, l.id, l.development_id, l.unit_id, l.name as tenant_name, d.name as development_name,
               -- The first letter of each word and whatever begins with a digit: enough for whoever lives there.
               regexp_replace(coalesce(nullif(u.address_line_1, ''), btrim(u.block || ' ' || u.unit_number)),
                              '([^[:space:],0-9])[^[:space:],]+', '\1•••', 'g') as masked_address
        from units u
        join developments d on d.tenant_id = u.tenant_id and d.id = u.development_id
        where u.tenant_id = l.tenant_id and u.id = l.unit_id and l.state = 'valid'
    ) as v on true
$$;
comment on function invite_look_up(bytea) is 'State of a printed code (valid, revoked, unknown) and, if valid, which home it invites into, with a masked address. Always one row. Changes nothing.';

create function invite_scan(p_token_hash bytea) returns boolean
    language sql volatile security definer
    set search_path = pg_catalog, public, pg_temp
as $$
    with counted as (
        update unit_invites i
        set scans = least(i.scans, 2147483646) + 1, last_scan_at = now()
        where i.token_hash = p_token_hash
        returning 1
    )
    select exists (select from counted)
$$;
comment on function invite_scan(bytea) is 'Counts that somebody came with a printed code, living or not; false if there is no such code.';

create function invite_files_expire() returns bigint
    language sql volatile security definer
    set search_path = pg_catalog, public, pg_temp
as $$
    with gone as (
        delete from invite_files f
        using invite_batches b
        where b.tenant_id = f.tenant_id and b.id = f.batch_id
          and case b.state when 'working' then b.updated_at < now() - interval '1 hour' else coalesce(b.files_until, '-infinity') < now() end
        returning 1
    )
    select count(*) from gone
$$;
comment on function invite_files_expire() is 'Clears away the files of all companies whose time is over, or whose making was given up; how many pieces.';

do $$
declare
    door regprocedure;
begin
    -- Handing a function over asks that its new owner may create in the schema, for this moment.
    grant create on schema public to openhouse_door;
    foreach door in array array['invite_look_up(bytea)', 'invite_scan(bytea)', 'invite_files_expire()']::regprocedure[] loop
        execute format('revoke all on function %s from public', door);
        execute format('alter function %s owner to openhouse_door', door);
    end loop;
    revoke create on schema public from openhouse_door;
end
$$;
-- +goose StatementEnd
grant execute on function invite_look_up(bytea), invite_scan(bytea) to openhouse_resident;
grant execute on function invite_files_expire() to openhouse_staff, openhouse_worker;

-- +goose Down
drop function invite_files_expire();
drop function invite_scan(bytea);
drop function invite_look_up(bytea);
drop policy door_select on unit_invites;
drop policy door_update on unit_invites;
revoke all on unit_invites from openhouse_door;
alter table unit_invites drop constraint unit_invites_batch_fkey;
drop table invite_files;
drop table invite_batches;
