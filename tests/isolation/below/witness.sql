-- The witness: a trigger behind every table of company data that refuses, with the state OH001, a row that whoever
-- writes must not have written. It comes last, after row-level security and the foreign keys have had their say, and
-- believes nothing but the scope's name and what was noted of every row before.
create schema isolation;
create table isolation.scopes (
    name text primary key, resident boolean not null, admin boolean not null, staff boolean not null, company uuid not null, developments uuid[], house_type uuid, home uuid, person uuid);
create table isolation.places (
    tab text not null, key jsonb not null, company uuid not null, developments uuid[] not null, types uuid[] not null, homes uuid[] not null, people uuid[] not null,
    primary key (tab, key));
create table isolation.parents (tab text not null, parent text not null, columns text[] not null, referenced text[] not null);
create table isolation.keys (tab text primary key, columns text[] not null, company text not null, of_person boolean not null, admins_write boolean not null);

-- place answers whose a row is: by its columns, and by what was noted of the rows that it hangs on.
create function isolation.place(p_tab text, p_row jsonb) returns isolation.places
    language plpgsql stable set search_path = pg_catalog, isolation
as $$
declare
    found  isolation.places;
    own    isolation.places;
    k      isolation.keys;
    p      isolation.parents;
    parent jsonb;
begin
    select * into k from isolation.keys x where x.tab = p_tab;
    own.tab := p_tab;
    own.company := (p_row ->> k.company)::uuid;
    own.developments := array_remove(array[(p_row ->> case p_tab when 'developments' then 'id' else 'development_id' end)::uuid], null);
    own.types := array_remove(array[(p_row ->> case p_tab when 'house_types' then 'id' else 'house_type_id' end)::uuid], null);
    own.homes := array_remove(array[(p_row ->> case p_tab when 'units' then 'id' else 'unit_id' end)::uuid], null);
    own.people := array_remove(array[(p_row ->> case p_tab when 'residents' then 'id' else 'resident_id' end)::uuid, (p_row ->> 'subject_id')::uuid], null);
    for p in select * from isolation.parents x where x.tab = p_tab loop
        select jsonb_object_agg(r, p_row -> c) into parent from unnest(p.columns, p.referenced) as both_sides (c, r)
        where r = any ((select x.columns from isolation.keys x where x.tab = p.parent)::text[]);
        select * into found from isolation.places x where x.tab = p.parent and x.key = parent;
        if found.tab is not null then
            own.developments := own.developments || found.developments;
            own.types := own.types || found.types;
            own.homes := own.homes || found.homes;
            own.people := own.people || found.people;
        end if;
    end loop;
    return own;
end
$$;

create function isolation.witness() returns trigger
    language plpgsql security definer set search_path = pg_catalog, isolation
as $$
declare
    who  text := current_setting('app.isolation_scope', true);
    s    isolation.scopes;
    p    isolation.places;
    r    jsonb;
    why  text;
begin
    if coalesce(who, '') = '' then
        return null; -- the fixture, or an administrator
    end if;
    select * into s from isolation.scopes x where x.name = who;
    foreach r in array array_remove(array[case when tg_op <> 'INSERT' then to_jsonb(old) end, case when tg_op <> 'DELETE' then to_jsonb(new) end], null) loop
        p := isolation.place(tg_table_name, r);
        why := case
            when who like 'door %' then case when p.company <> all (string_to_array(substr(who, 6), ' ')::uuid[]) then 'a company that was not named' end
            when s.name is null then 'an unknown scope'
            when p.company is distinct from s.company then 'another company'
            when s.staff and not s.admin and (select k.admins_write from isolation.keys k where k.tab = tg_table_name) then 'what admins write'
            when s.developments is not null and not s.resident and not p.developments <@ s.developments then 'another development'
            when s.developments is not null and not s.resident and tg_table_name = 'residents' and tg_op <> 'INSERT' and not exists (
                select 1 from isolation.places o where o.tab = 'occupancies' and o.people @> p.people and o.developments && s.developments) then 'a resident of another development'
            when s.resident and not p.people <@ array[s.person] then 'another person'
            when s.resident and not (select k.of_person from isolation.keys k where k.tab = tg_table_name)
                 and not (p.homes <@ array[s.home] and p.types <@ array[s.house_type] and p.developments <@ s.developments) then 'another home'
            end;
        if why is not null then
            raise exception 'crossing: % of a row of % in %, by %', tg_op, why, tg_table_name, who using errcode = 'OH001';
        end if;
    end loop;
    return null;
end
$$;
