package probe

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Querier is a connection, a transaction or a pool's handle.
type Querier interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Forbidden is the SQLSTATE of a missing right.
const Forbidden = "42501"

// Code is the SQLSTATE in an error, "" if there is none.
func Code(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}

// Relation is a table or a view that is not an extension's.
type Relation struct {
	Name    string
	Company string // the column that says whose a row is, "" where there is none
	View    bool
}

// Relations lists all of the schema public. Anybody may ask.
func Relations(ctx context.Context, q Querier) ([]Relation, error) {
	return collect[Relation](ctx, q, `
		select c.relname::text,
		       case when c.relname = 'tenants' then 'id'
		            when exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped) then 'tenant_id'
		            else '' end,
		       c.relkind not in ('r', 'p')
		from pg_class c
		where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
		  and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
		order by 1`)
}

// Read asks for one row. nil says that it was let, even if there is none.
func (r Relation) Read(ctx context.Context, q Querier) error {
	rows, err := q.Query(ctx, "select 1 from "+r.sql()+" limit 1")
	if err != nil {
		return err
	}
	rows.Close()
	return rows.Err()
}

// ReadUnset asks for one row as a role whose settings are missing, and answers how many came.
func (r Relation) ReadUnset(ctx context.Context, q Querier, role string) (int64, error) {
	// Two statements in one message are one transaction, with which the role ends.
	tag, err := q.Exec(ctx, "select set_config('role', "+literal(role)+", true); select 1 from "+r.sql()+" limit 1", pgx.QueryExecModeSimpleProtocol)
	if err != nil { // the tag may be the first statement's
		return 0, err
	}
	return tag.RowsAffected(), nil
}

// Count counts the rows that can be seen, and those among them that are not the company's.
func (r Relation) Count(ctx context.Context, q Querier, company string) (all, foreign int64, err error) {
	type counts struct{ All, Foreign int64 }
	foreignRows := "0"
	args := []any{}
	if r.Company != "" {
		foreignRows, args = "count(*) filter (where "+quote(r.Company)+" is distinct from $1::text::uuid)", []any{company}
	}
	list, err := collect[counts](ctx, q, "select count(*), "+foreignRows+" from "+r.sql(), args...)
	if err != nil {
		return 0, 0, err
	}
	return list[0].All, list[0].Foreign, nil
}

// RowsOf are a company's rows, each as JSON, as far as they can be seen.
func (r Relation) RowsOf(ctx context.Context, q Querier, company string) ([]string, error) {
	return column(ctx, q, "select to_jsonb(x)::text from "+r.sql()+" x where "+quote(r.Company)+" = $1::text::uuid order by 1", company)
}

// Insert tries to add a row that is given as JSON.
func (r Relation) Insert(ctx context.Context, q Querier, row string, columns []string) error {
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = quote(c)
	}
	list := strings.Join(quoted, ", ")
	_, err := q.Exec(ctx, "insert into "+r.sql()+" ("+list+") select "+list+" from jsonb_populate_record(null::"+r.sql()+", $1::text::jsonb)", row)
	return err
}

// May are the columns that a role may use in "insert" or "update".
func (r Relation) May(ctx context.Context, q Querier, role, command string) ([]string, error) {
	return column(ctx, q, `
		select a.attname::text from pg_attribute a
		where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
		  and has_column_privilege($2::text, a.attrelid, a.attnum, $3) order by a.attnum`, r.sql(), role, command)
}

// Touch tries to change a company's rows without changing anything in them, Delete to take them away. They answer how
// many rows that were.
func (r Relation) Touch(ctx context.Context, q Querier, company, column string) (int64, error) {
	c := quote(column)
	tag, err := q.Exec(ctx, "update "+r.sql()+" set "+c+" = "+c+" where "+quote(r.Company)+" = $1::text::uuid", company)
	return tag.RowsAffected(), err
}

// Delete is beside Touch.
func (r Relation) Delete(ctx context.Context, q Querier, company string) (int64, error) {
	tag, err := q.Exec(ctx, "delete from "+r.sql()+" where "+quote(r.Company)+" = $1::text::uuid", company)
	return tag.RowsAffected(), err
}

// Become tries to switch to a role, for the one statement only.
func Become(ctx context.Context, q Querier, role string) error {
	rows, err := q.Query(ctx, "select set_config('role', $1, true)", role)
	if err != nil {
		return err
	}
	rows.Close()
	return rows.Err()
}

// Powers are the roles besides our own that a login must not become: what the server has of superusers and its
// predefined roles.
func Powers(ctx context.Context, q Querier) ([]string, error) {
	return column(ctx, q, `select rolname::text from pg_roles where rolsuper or rolname in ('pg_read_all_data', 'pg_write_all_data', 'pg_monitor') order by 1`)
}

// Callable are the functions with other rights than their caller's that whoever asks may call.
func Callable(ctx context.Context, q Querier) ([]string, error) {
	return column(ctx, q, `
		select p.proname::text from pg_proc p
		where p.pronamespace = 'public'::regnamespace and p.prosecdef and has_function_privilege(p.oid, 'execute')
		  and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
		order by 1`)
}

// Granted is who may call a function with other rights than its caller's, by the rights of the role.
func Granted(ctx context.Context, q Querier, role string) ([]string, error) {
	return column(ctx, q, `
		select p.proname::text from pg_proc p
		where p.pronamespace = 'public'::regnamespace and p.prosecdef and has_function_privilege($1::text, p.oid, 'execute')
		  and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
		order by 1`, role)
}

// Server is where a database is, as a report names it.
type Server struct {
	Database string
	Version  string // of Postgres
	Schema   int64  // the migration, 0 for none
}

// About says where q leads. A database without our schema has version 0.
func About(ctx context.Context, q Querier) (Server, error) {
	list, err := collect[Server](ctx, q, `select current_database()::text, current_setting('server_version'), 0::bigint`)
	if err != nil {
		return Server{}, err
	}
	s := list[0]
	found, err := column(ctx, q, `select 'found' where to_regprocedure('public.schema_version()') is not null`)
	if err != nil || len(found) == 0 {
		return s, err
	}
	versions, err := collect[struct{ Version int64 }](ctx, q, `select schema_version()`)
	if err != nil {
		return Server{}, err
	}
	s.Schema = versions[0].Version
	return s, nil
}

// Company is one of the companies in the database, with somebody on whose behalf one can look; "" where there is
// nobody.
type Company struct{ ID, Staff, Resident, Home string }

// Companies are the newest, at most limit, as the tables' owner sees them.
func Companies(ctx context.Context, q Querier, limit int) ([]Company, error) {
	return collect[Company](ctx, q, `
		select t.id::text,
		       coalesce((select s.id::text from staff s where s.tenant_id = t.id and not s.limited order by s.role = 'admin' desc, s.id limit 1), ''),
		       coalesce(o.resident_id::text, ''), coalesce(o.unit_id::text, '')
		from tenants t
		left join lateral (select * from occupancies o where o.tenant_id = t.id and o.ended_at is null order by o.id limit 1) o on true
		where t.planted_until is null
		order by t.created_at desc, t.id limit $1`, limit)
}

func (r Relation) sql() string { return "public." + quote(r.Name) }

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

func column(ctx context.Context, q Querier, sql string, args ...any) ([]string, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("probe: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("probe: %w", err)
	}
	return list, nil
}

func collect[T any](ctx context.Context, q Querier, sql string, args ...any) ([]T, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("probe: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[T])
	if err != nil {
		return nil, fmt.Errorf("probe: %w", err)
	}
	return list, nil
}
