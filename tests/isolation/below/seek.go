package below

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/tests/isolation/tries"
	"openhouse.example/tests/isolation/world"
)

// errEnough ends a search that has found something.
var errEnough = errors.New("found")

// Seek looks for one hole in a database of its own that has it, and stops at the first crossing.
func (e *Env) Seek(ctx context.Context, db *pgtest.DB, h Hole) (*tries.Report, error) {
	admin, err := pgx.Connect(ctx, db.AdminURL())
	if err != nil {
		return nil, err
	}
	defer admin.Close(context.WithoutCancel(ctx))
	if _, err := admin.PgConn().Exec(ctx, h.SQL).ReadAll(); err != nil {
		return nil, fmt.Errorf("%s can't be made: %w", h.Name, err)
	}
	l, err := DialAll(ctx, db)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	r := &tries.Report{First: true}
	var scopes []*Scope
	for _, s := range e.Scopes {
		if slices.Contains(h.Roles, s.Role) {
			scopes = append(scopes, s)
		}
	}
	var tables []*world.Table
	for _, t := range e.World.Sorted() {
		if slices.Contains(h.Tables, t.Name) {
			tables = append(tables, t)
		}
	}
	var doors []*Door
	for _, d := range e.Doors {
		if slices.Contains(h.Doors, d.Name) {
			doors = append(doors, d)
		}
	}
	return r, e.attack(ctx, l, admin, scopes, tables, doors, r)
}

// attack runs the classes one after the other, until one has found something if the report wants no more.
func (e *Env) attack(ctx context.Context, l Logins, admin *pgx.Conn, scopes []*Scope, tables []*world.Table, doors []*Door, r *tries.Report) error {
	relations, err := relationsOf(ctx, admin)
	if err != nil {
		return err
	}
	for _, class := range []func() error{
		func() error { return e.Tables(ctx, l, scopes, tables, r) },
		func() error { return e.Theirs(ctx, l, scopes, tables, r) },
		func() error { return e.Oracles(ctx, l, scopes, tables, r) },
		func() error { return e.Through(ctx, l, admin, doors, r) },
		func() error { return e.Callers(ctx, l, admin, r) },
		func() error { return e.Beyond(ctx, l, relations, r) },
	} {
		if err := class(); err != nil {
			if errors.Is(err, errEnough) {
				return nil
			}
			return err
		}
		if r.Enough() {
			return nil
		}
	}
	return nil
}

// Learn remembers, on a sound database, what comes of what everybody may do.
func (e *Env) Learn(ctx context.Context, l Logins, admin *pgx.Conn) error {
	var r tries.Report
	if err := e.Theirs(ctx, l, e.Scopes, e.World.Sorted(), &r); err != nil {
		return err
	}
	if err := e.Through(ctx, l, admin, e.Doors, &r); err != nil {
		return err
	}
	e.learning = false
	return nil
}

// Attack runs all classes over everything.
func (e *Env) Attack(ctx context.Context, l Logins, admin *pgx.Conn, r *tries.Report) error {
	return e.attack(ctx, l, admin, e.Scopes, e.World.Sorted(), e.Doors, r)
}

// Relations are the tables and views of the schema, as the catalogue has them now.
const relationsSQL = `
	select c.relname::text from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
	  and not exists (select 1 from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e') order by 1`

func relationsOf(ctx context.Context, admin *pgx.Conn) ([]string, error) {
	rows, err := admin.Query(ctx, relationsSQL)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// Theirs does what a scope may do with what is its own: insert another such row, change one, delete one. What came of
// it on the sound database is remembered; a policy that is missing shows by what no longer works.
func (e *Env) Theirs(ctx context.Context, l Logins, scopes []*Scope, tables []*world.Table, r *tries.Report) error {
	for _, s := range scopes {
		d := l[s.Role]
		for _, t := range tables {
			for n, base := range e.bases(s, t) {
				for _, sql := range e.own(s, t, base) {
					r.Tried(classTheirs, 1)
					key := fmt.Sprint(s.Name, t.Name, n, sql[:20], strings.Contains(sql, "insert"))
					e.remember(r, classTheirs, key, s.Name+": "+clip(sql), outcomeOf(d.Run(ctx, s, sql)))
				}
			}
			if r.Enough() {
				return errEnough
			}
		}
		d.Undo(ctx)
	}
	return nil
}

// passing is what differs between any two runs: ids and moments.
var passing = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]+([+-][0-9:]+)?`)

// outcomeOf is what can be compared between two runs.
func outcomeOf(got Result) string {
	if got.Err != nil {
		return said(got)
	}
	var b strings.Builder
	for _, row := range got.Rows {
		for _, cell := range row {
			b.Write(passing.ReplaceAll(cell, []byte("*")))
			b.WriteByte(' ')
		}
		b.WriteByte('/')
	}
	return b.String()
}

// remember notes an outcome on the first, sound database, and on others compares it.
func (e *Env) remember(r *tries.Report, class, key, what, outcome string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.learning {
		e.sound[class+key] = outcome
		return
	}
	if before, known := e.sound[class+key]; known && before != outcome {
		r.Crossed(class, "%s: was %q, is %q", what, before, outcome)
	}
}

func (e *Env) own(s *Scope, t *world.Table, base *world.Row) (list []string) {
	counted := func(sql string) string {
		return "with done as (" + sql + " returning 1) select case count(*) when 0 then 'none' when 1 then 'one' else 'several' end from done"
	}
	readable := e.Rights.Of(s.Role, t, "select")
	if columns := e.Rights.Of(s.Role, t, "insert"); columns != nil {
		list = append(list, counted(another(t, base, columns, nil)))
	}
	if columns := e.Rights.Of(s.Role, t, "update"); len(columns) > 0 && readable != nil {
		value := orNull(base.Text(columns[len(columns)-1]))
		list = append(list, counted(fmt.Sprintf("update %s set %s = %s where %s", name(t.Name), name(columns[len(columns)-1]), value, isRow(base, readable))))
	}
	if e.Rights.Of(s.Role, t, "delete") != nil {
		list = append(list, counted(fmt.Sprintf("delete from %s where %s", name(t.Name), isRow(base, readable))))
	}
	return list
}
