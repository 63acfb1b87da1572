-- What every later file stands on: default privileges, the words in which policies are written,
-- the text search configurations, and the few tables that belong to no company.
-- Runs as openhouse_owner; roles, extensions and the right to create in public are made before it.

-- +goose Up

-- A function is callable by nobody until somebody is named.
alter default privileges for role openhouse_owner revoke execute on functions from public;

-- Policies are written through the functions below, so that each rule stands in one place.
-- A missing setting is an error (42704, or 22P02 on a reused connection), never "all rows".
-- A policy's own condition takes a setting in a sub-select: the planner then asks once a query, not once a row.
-- A look-up inside a policy takes it bare: there it is an index key, asked once as it is, and every sub-select less
-- is a node less that each query has to start.

-- +goose StatementBegin
create function policy_protect(p_table regclass) returns void
    language plpgsql
as $$
begin
    execute format('alter table %s enable row level security', p_table);
    execute format('alter table %s force row level security', p_table);
    -- Forced security binds the owner too: without this a backfill would change no row and say nothing.
    execute format('create policy owner_all on %s for all to openhouse_owner using (true) with check (true)', p_table);
    execute format('comment on index %s is %L', (select i.indexrelid::regclass from pg_index i where i.indrelid = p_table and i.indisprimary),
                   'Identity; tenant_id first, so that no row is reached without its company and the table can be distributed by company.');
end
$$;

create function policy_setting(p_name text) returns text
    language sql immutable
    return format('current_setting(%L)::uuid', p_name);

create function policy_setting_once(p_name text) returns text
    language sql immutable
    return format('(select current_setting(%L))::uuid', p_name);

create function policy_company() returns text
    language sql immutable
    return 'tenant_id = ' || policy_setting_once('app.tenant_id');

-- Staff limited to some developments see those only. A staff row that does not exist makes the rule null: no rows.
create function policy_staff_rule(p_development text) returns text
    language sql immutable strict
    return format(
        '((select not s.limited from staff s where s.tenant_id = %2$s and s.id = %3$s)'
        || ' or %1$I = any (array(select sd.development_id from staff_developments sd where sd.tenant_id = %2$s and sd.staff_id = %3$s)))',
        p_development, policy_setting('app.tenant_id'), policy_setting('app.staff_id'));

-- Staff see their company; where a development column is given, under the rule above.
create function policy_staff_condition(p_development text default null) returns text
    language sql immutable
    return policy_company() || coalesce(' and ' || policy_staff_rule(p_development), '');

create function policy_staff(p_table regclass, p_development text default null, p_command text default 'all') returns void
    language plpgsql
as $$
declare
    condition text := policy_staff_condition(p_development);
begin
    execute format('create policy staff_%s on %s for %s to openhouse_staff %s %s', p_command, p_table, p_command,
                   case when p_command <> 'insert' then format('using (%s)', condition) end,
                   case when p_command in ('all', 'insert', 'update') then format('with check (%s)', condition) end);
end
$$;

-- Only the company's admins.
create function policy_staff_admins(p_table regclass, variadic p_commands text[]) returns void
    language plpgsql
as $$
declare
    is_admin text := policy_staff_condition() || format(
        ' and (select a.role = ''admin'' from staff a where a.tenant_id = %s and a.id = %s)',
        policy_setting('app.tenant_id'), policy_setting('app.staff_id'));
    command  text;
begin
    foreach command in array p_commands loop
        execute format('create policy staff_admin_%s on %s for %s to openhouse_staff %s %s', command, p_table, command,
                       case when command <> 'insert' then format('using (%s)', is_admin) end,
                       case when command in ('insert', 'update') then format('with check (%s)', is_admin) end);
    end loop;
end
$$;

create function policy_worker(p_table regclass) returns void
    language plpgsql
as $$
begin
    execute format('create policy worker_all on %1$s for all to openhouse_worker using (%2$s) with check (%2$s)', p_table, policy_company());
end
$$;

-- A resident's condition may name {resident}, {home}, {development} and {house_type}. The last three come from
-- a living occupancy of exactly this person in exactly this home, so a mismatched scope sees nothing.
create function policy_resident(p_table regclass, p_command text, p_condition text) returns void
    language plpgsql
as $$
declare
    occupancy constant text := format(
        '(select o.%%s from occupancies o where o.tenant_id = %s and o.unit_id = %s and o.resident_id = %s and o.ended_at is null)',
        policy_setting('app.tenant_id'), policy_setting('app.unit_id'), policy_setting('app.resident_id'));
    condition text := format('%s and (%s)', policy_company(), p_condition);
begin
    condition := replace(condition, '{house_type}', format('(select u.house_type_id from units u where u.tenant_id = %s and u.id = %s)',
                                                           policy_setting('app.tenant_id'), policy_setting('app.unit_id')));
    condition := replace(condition, '{home}', format(occupancy, 'unit_id'));
    condition := replace(condition, '{development}', format(occupancy, 'development_id'));
    condition := replace(condition, '{resident}', policy_setting_once('app.resident_id'));
    execute format('create policy resident_%s on %s for %s to openhouse_resident %s %s', p_command, p_table, p_command,
                   case when p_command <> 'insert' then format('using (%s)', condition) end,
                   case when p_command in ('all', 'insert', 'update') then format('with check (%s)', condition) end);
end
$$;

-- Door functions run before there is a scope. Their role sees rows by policy and columns by grant, only where named.
create function policy_door(p_table regclass, variadic p_commands text[]) returns void
    language plpgsql
as $$
declare
    command text;
begin
    foreach command in array p_commands loop
        execute format('create policy door_%s on %s for %s to openhouse_door %s %s', command, p_table, command,
                       case when command <> 'insert' then 'using (true)' end,
                       case when command <> 'select' then 'with check (true)' end);
    end loop;
end
$$;
-- +goose StatementEnd

-- Accents are folded before stemming, so that Sean finds Seán. Polish has no stemmer here and uses the simple one.
create text search configuration openhouse_english (copy = english);
alter text search configuration openhouse_english alter mapping for hword, hword_part, word with unaccent, english_stem;
create text search configuration openhouse_irish (copy = irish);
alter text search configuration openhouse_irish alter mapping for hword, hword_part, word with unaccent, irish_stem;
create text search configuration openhouse_simple (copy = simple);
alter text search configuration openhouse_simple alter mapping for hword, hword_part, word with unaccent, simple;

create table rate_limits (
    bucket     text        not null check (bucket <> '' and length(bucket) <= 200),
    hits       integer     not null check (hits > 0),
    expires_at timestamptz not null,
    primary key (bucket)
);
comment on table rate_limits is 'Counts of attempts in the current window. Belongs to no company: it is asked before there is a scope. Only the door rate_hit reaches it.';
comment on index rate_limits_pkey is 'One row a bucket.';
create index rate_limits_expires_at on rate_limits (expires_at);
comment on index rate_limits_expires_at is 'Finds windows that are over, to clear them away.';

create table portal_instances (
    id         uuid        not null,
    portal     text        not null check (portal in ('developer-portal', 'tenant-portal', 'worker')),
    version    text        not null,
    started_at timestamptz not null default now(),
    seen_at    timestamptz not null default now(),
    stats      jsonb       not null default '{}',
    primary key (id)
);
comment on table portal_instances is 'Running processes and their last sign of life, for operators. Belongs to no company.';
comment on index portal_instances_pkey is 'One row a process.';

-- The migration library made its own table before this file ran.
-- +goose StatementBegin
do $$
begin
    comment on table goose_db_version is 'Which migrations were applied; kept by the migration library, read through the door schema_version.';
    comment on index goose_db_version_pkey is 'Order of application.';
end
$$;
-- +goose StatementEnd

-- +goose Down
drop table portal_instances;
drop table rate_limits;
drop text search configuration openhouse_simple;
drop text search configuration openhouse_irish;
drop text search configuration openhouse_english;
drop function policy_door(regclass, text[]);
drop function policy_resident(regclass, text, text);
drop function policy_worker(regclass);
drop function policy_staff_admins(regclass, text[]);
drop function policy_staff(regclass, text, text);
drop function policy_staff_condition(text);
drop function policy_staff_rule(text);
drop function policy_company();
drop function policy_setting_once(text);
drop function policy_setting(text);
drop function policy_protect(regclass);
alter default privileges for role openhouse_owner grant execute on functions to public;
