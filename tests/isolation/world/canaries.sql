-- Puts a canary into every text, text-like json and free bytes of every row of company data, in whichever of a few
-- forms the column's rules accept; what no form fits (a state, a hash, a colour) stays as it is. A canary is zq, the
-- company's letter, 12 hexadecimal digits, qz. Equal addresses get equal canaries, so that they still belong together.
do $$
declare
    c       record;
    form    text;
    canary  text;
    address text;
begin
    for c in
        select t.oid::regclass as tab, t.relname, quote_ident(a.attname) as col, a.attname, a.atttypid::regtype::text as type,
               case when t.relname = 'tenants' then 'id' else 'tenant_id' end as company,
               (select string_agg(format('%I::text', k.attname), ' || ') from pg_index i join pg_attribute k on k.attrelid = t.oid and k.attnum = any (i.indkey)
                where i.indrelid = t.oid and i.indisprimary) as row_key
        from pg_class t join pg_attribute a on a.attrelid = t.oid
        where t.relnamespace = 'public'::regnamespace and t.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
          and a.atttypid in ('text'::regtype, 'varchar'::regtype, 'jsonb'::regtype, 'bytea'::regtype, 'text[]'::regtype)
          and (t.relname = 'tenants' or exists (select 1 from pg_attribute k where k.attrelid = t.oid and k.attname = 'tenant_id' and not k.attisdropped))
        order by t.relname, a.attnum
    loop
        canary := format('(''zq'' || case %s when md5(''a:tenant'')::uuid then ''a'' else ''b'' end || left(md5(%L || %s), 12) || ''qz'')',
                         c.company, c.relname || '.' || c.attname, c.row_key);
        address := format('(''zq'' || case %s when md5(''a:tenant'')::uuid then ''a'' else ''b'' end || left(md5(%s), 12) || ''qz'')', c.company, c.col);
        foreach form in array case c.type
            when 'jsonb' then array[format('coalesce(%1$s, ''{}'') || jsonb_build_object(''canary'', %2$s)', c.col, canary),
                                    format('coalesce(%1$s, ''[]'') || jsonb_build_array(%2$s)', c.col, canary)]
            when 'bytea' then array[format('coalesce(%1$s, '''') || convert_to(%2$s, ''UTF8'')', c.col, canary)]
            when 'text[]' then array[format('coalesce(%1$s, ''{}'') || %2$s', c.col, canary)]
            else array[format('case when %1$s like ''%%@%%'' then replace(%1$s, ''@'', ''.'' || %3$s || ''@'') else coalesce(nullif(%1$s, '''') || '' '', '''') || %2$s end', c.col, canary, address),
                       format('coalesce(%1$s, '''') || %2$s', c.col, canary),
                       format('coalesce(%1$s, '''') || ''-'' || %2$s', c.col, canary),
                       format('coalesce(%1$s, '''') || ''/'' || %2$s', c.col, canary)] end
        loop
            begin
                execute format('update %s set %s = %s', c.tab, c.col, form);
                exit;
            exception when check_violation or not_null_violation or string_data_right_truncation then
                null; -- the next form
            end;
        end loop;
    end loop;
end
$$;
