-- updated_at is the version of an import: whoever works on it names the version that he saw and gets the next one, so
-- that a worker who was held up for too long finds that another one has taken over.

-- name: InsertImport :one
insert into imports (tenant_id, id, development_id, file_name, file_bytes, file_sha256, created_by)
values (@tenant_id, @id, @development_id, @file_name, @file_bytes, @file_sha256, @created_by)
returning updated_at;

-- name: GetImport :one
-- What stood in the file, down to its examples, is for those who see its rows.
select i.id, i.development_id, d.name as development, i.state, i.file_name, octet_length(i.file_bytes) as file_size,
       i.encoding, i.delimiter, i.date_order, i.header_map,
       (case when @rows::bool then i.findings else i.findings - '{header,columns,dateExamples,problems}'::text[] end)::jsonb as findings, i.total_rows, i.new_rows, i.changed_rows,
       i.unchanged_rows, i.error_rows, i.done_rows, i.error, i.created_at, i.updated_at, i.committed_at, i.undone_at,
       coalesce(nullif(s.full_name, ''), s.email, '') as created_by,
       (i.state in ('uploaded', 'committing') and i.updated_at < clock_timestamp() - make_interval(secs => @lease_seconds::float8))::bool as abandoned
from imports i
join developments d on d.tenant_id = i.tenant_id and d.id = i.development_id
left join staff s on s.tenant_id = i.tenant_id and s.id = i.created_by
where i.tenant_id = @tenant_id and i.id = @id;

-- name: ListImports :many
select i.id, i.state, i.file_name, i.total_rows, i.new_rows, i.changed_rows, i.unchanged_rows, i.error_rows,
       i.created_at, i.committed_at, coalesce(nullif(s.full_name, ''), s.email, '') as created_by
from imports i
left join staff s on s.tenant_id = i.tenant_id and s.id = i.created_by
where i.tenant_id = @tenant_id and i.development_id = @development_id
order by i.created_at desc, i.id desc
limit @page_size;

-- name: ImportFile :one
select file_bytes, header_map, date_order
from imports
where tenant_id = @tenant_id and id = @id;

-- name: StepImport :one
-- The next version of an import in work. No row: somebody else works on it, or its state has changed.
update imports
set done_rows = @done_rows, total_rows = @total_rows, updated_at = clock_timestamp()
where tenant_id = @tenant_id and id = @id and state = @state and updated_at = @version
returning updated_at;

-- name: RestartImport :one
-- Back to the beginning of staging, with other settings. No row: the preview that was looked at is not the last one.
update imports
set state = 'uploaded', header_map = @header_map, date_order = @date_order, error = '', done_rows = 0, updated_at = clock_timestamp()
where tenant_id = @tenant_id and id = @id and state in ('previewed', 'failed')
  and (updated_at = sqlc.narg('version') or sqlc.narg('version')::timestamptz is null)
returning updated_at;

-- name: ReopenImport :one
-- Back to staging because homes have changed since. No row: it is not being committed any more.
update imports
set state = 'uploaded', error = 'changed', done_rows = 0, updated_at = clock_timestamp()
where tenant_id = @tenant_id and id = @id and state = 'committing'
returning updated_at;

-- name: ClearImportRows :exec
delete from import_rows where tenant_id = @tenant_id and import_id = @import_id;

-- name: InsertImportRows :exec
insert into import_rows (tenant_id, import_id, development_id, line_number, state, block, unit_number, data, errors)
select @tenant_id, @import_id, @development_id, unnest(@lines::int[]), unnest(@states::text[]), unnest(@blocks::text[]),
       unnest(@unit_numbers::text[]), unnest(@data::text[])::jsonb, unnest(@errors::text[])::jsonb;

-- name: FinishStaging :execrows
update imports
set state = @state, encoding = @encoding, delimiter = @delimiter, findings = @findings,
    total_rows = @total_rows, new_rows = @new_rows, changed_rows = @changed_rows, unchanged_rows = @unchanged_rows,
    error_rows = @error_rows, done_rows = @total_rows, previewed_at = now(), updated_at = clock_timestamp()
where tenant_id = @tenant_id and id = @id and state = 'uploaded' and updated_at = @version;

-- name: FailImport :execrows
-- The file is kept, so that other settings or another try may still do. error is a word of the catalogue.
update imports
set state = case when state = 'committing' then 'previewed' else 'failed' end, error = @error, updated_at = clock_timestamp()
where tenant_id = @tenant_id and id = @id and state in ('uploaded', 'committing');

-- name: BeginCommit :one
-- No row: the preview that was looked at is not the last one.
update imports
set state = 'committing', error = '', done_rows = 0, updated_at = clock_timestamp()
where tenant_id = @tenant_id and id = @id and state = 'previewed' and new_rows + changed_rows > 0
  and (updated_at = sqlc.narg('version') or sqlc.narg('version')::timestamptz is null)
returning updated_at;

-- name: ImportLock :exec
-- One transaction at a time commits an import; the lock ends with it. Its row is left free for signs of life.
select pg_advisory_xact_lock(hashtextextended(@name::text, 0));

-- name: ImportToCommit :one
select i.state, i.development_id, i.new_rows, i.changed_rows
from imports i
where i.tenant_id = @tenant_id and i.id = @id;

-- name: ImportBlocking :one
-- The import that writes into the development now, if any.
select id
from imports
where tenant_id = @tenant_id and development_id = @development_id and state = 'committing';

-- name: FinishCommit :execrows
update imports
set state = 'committed', committed_at = now(), done_rows = new_rows + changed_rows, updated_at = clock_timestamp()
where tenant_id = @tenant_id and id = @id and state = 'committing';

-- name: DiscardImport :execrows
delete from imports
where tenant_id = @tenant_id and id = @id and state in ('uploaded', 'previewed', 'failed');

-- name: ListImportRows :many
select line_number, state, block, unit_number, data, errors, unit_id
from import_rows
where tenant_id = @tenant_id and import_id = @import_id and state = @state
order by line_number
limit @page_size offset @page_offset;

-- name: StoredHomes :many
-- All homes of a development, to compare a file with.
select u.id, u.block, u.unit_number, u.address_line_1, u.address_line_2, u.city, u.postcode, t.code as type_code,
       u.bedrooms, u.bathrooms, u.floor_area_m2, u.purchaser_name, u.purchaser_email, u.purchaser_phone, u.handover_date, u.updated_at
from units u
join house_types t on t.tenant_id = u.tenant_id and t.id = u.house_type_id
where u.tenant_id = @tenant_id and u.development_id = @development_id;

-- name: HomeVersions :many
-- All homes of a development as they are now, to see whether a preview is still true.
select id, block, unit_number, updated_at
from units
where tenant_id = @tenant_id and development_id = @development_id;

-- name: RowsToCommit :many
-- The rows that a commit will carry out, with what they were compared with. No bedrooms are -1.
select line_number, state, block, unit_number, (data ->> 'unitId')::uuid as home_id,
       coalesce((data ->> 'seen')::timestamptz, 'epoch')::timestamptz as seen, (data -> 'home' ->> 'house_type_code')::text as type_code,
       coalesce((data -> 'home' ->> 'bedrooms')::smallint, -1)::smallint as bedrooms
from import_rows
where tenant_id = @tenant_id and import_id = @import_id and state in ('new', 'changed')
order by line_number;

-- name: InsertHouseTypes :exec
-- The types that the staged rows name and nobody has made yet, each with the figures of the first row that has them.
insert into house_types (tenant_id, id, development_id, code, name, bedrooms, bathrooms, floor_area_m2)
select i.tenant_id, n.id, i.development_id, n.code, coalesce(n.name, ''), n.bedrooms, n.bathrooms, n.floor_area_m2
from imports i, jsonb_to_recordset(i.findings -> 'newTypes') as n (id uuid, code text, name text, bedrooms smallint, bathrooms smallint, floor_area_m2 numeric)
where i.tenant_id = @tenant_id and i.id = @import_id
on conflict (tenant_id, development_id, code) do nothing;

-- The statements of a commit join nothing that is large on both sides: right after an upload Postgres knows nothing about
-- the size of what was uploaded, and would compare every row with every other.

-- name: CommitNewHomes :execrows
-- The new homes of some lines. A home that somebody has bought is sold; whatever else the file doesn't say stays open.
insert into units (tenant_id, id, development_id, house_type_id, block, unit_number, address_line_1, address_line_2, city, postcode,
                   bedrooms, bathrooms, floor_area_m2, status, handover_date, purchaser_name, purchaser_email, purchaser_phone)
select r.tenant_id, (r.data ->> 'unitId')::uuid, r.development_id, t.id, r.block, r.unit_number, coalesce(f.h ->> 'address_line_1', ''),
       coalesce(f.h ->> 'address_line_2', ''), coalesce(f.h ->> 'city', ''), coalesce(f.h ->> 'postcode', ''),
       (f.h ->> 'bedrooms')::smallint, (f.h ->> 'bathrooms')::smallint, (f.h ->> 'floor_area_m2')::numeric,
       case when coalesce(f.h ->> 'purchaser_name', f.h ->> 'purchaser_email', '') <> '' then 'sale_agreed' else 'planned' end,
       (f.h ->> 'handover_date')::date, coalesce(f.h ->> 'purchaser_name', ''), coalesce(f.h ->> 'purchaser_email', ''),
       coalesce(f.h ->> 'purchaser_phone', '')
from import_rows r
cross join lateral (select r.data -> 'home' as h) f
join house_types t on t.tenant_id = r.tenant_id and t.development_id = r.development_id and t.code = f.h ->> 'house_type_code'
where r.tenant_id = @tenant_id and r.import_id = @import_id and r.state = 'new' and r.line_number between @first_line and @last_line;

-- name: MarkHomes :exec
-- Which home each of some lines has made or changed. It comes after all of them: the check that the home is there keeps
-- the plan of its first time, and one made for an almost empty table reads the whole table for every line.
update import_rows
set unit_id = (data ->> 'unitId')::uuid
where tenant_id = @tenant_id and import_id = @import_id and state in ('new', 'changed') and line_number between @first_line and @last_line;

-- name: KeepHomesBefore :execrows
-- The homes that some lines are about to change, as they were, for undo.
update import_rows r
set before = (
        select jsonb_build_object(
            'house_type_id', u.house_type_id, 'address_line_1', u.address_line_1, 'address_line_2', u.address_line_2, 'city', u.city,
            'postcode', u.postcode, 'bedrooms', u.bedrooms, 'bathrooms', u.bathrooms, 'floor_area_m2', u.floor_area_m2,
            'handover_date', u.handover_date, 'purchaser_name', u.purchaser_name, 'purchaser_email', u.purchaser_email,
            'purchaser_phone', u.purchaser_phone, 'updated_at', u.updated_at)
        from units u where u.tenant_id = @tenant_id and u.id = (r.data ->> 'unitId')::uuid)
where r.tenant_id = @tenant_id and r.import_id = @import_id and r.state = 'changed' and r.line_number between @first_line and @last_line;

-- name: CommitChangedHome :batchone
-- One changed home, which gets the moment of the commit for its version. What the line leaves blank is kept. No row:
-- the home or the type is gone, or somebody has changed the home since it was compared.
update units u
set house_type_id = t.id,
    address_line_1 = coalesce(f.h ->> 'address_line_1', u.address_line_1),
    address_line_2 = coalesce(f.h ->> 'address_line_2', u.address_line_2),
    city = coalesce(f.h ->> 'city', u.city),
    postcode = coalesce(f.h ->> 'postcode', u.postcode),
    bedrooms = coalesce((f.h ->> 'bedrooms')::smallint, u.bedrooms),
    bathrooms = coalesce((f.h ->> 'bathrooms')::smallint, u.bathrooms),
    floor_area_m2 = coalesce((f.h ->> 'floor_area_m2')::numeric, u.floor_area_m2),
    handover_date = coalesce((f.h ->> 'handover_date')::date, u.handover_date),
    purchaser_name = coalesce(f.h ->> 'purchaser_name', u.purchaser_name),
    purchaser_email = coalesce(f.h ->> 'purchaser_email', u.purchaser_email),
    purchaser_phone = coalesce(f.h ->> 'purchaser_phone', u.purchaser_phone),
    updated_at = now()
from import_rows r
cross join lateral (select r.data -> 'home' as h) f
join house_types t on t.tenant_id = r.tenant_id and t.development_id = r.development_id and t.code = f.h ->> 'house_type_code'
where r.tenant_id = @tenant_id and r.import_id = @import_id and r.line_number = @line_number
  and u.tenant_id = @tenant_id and u.id = @home_id and u.updated_at = (r.data ->> 'seen')::timestamptz
returning u.id;
