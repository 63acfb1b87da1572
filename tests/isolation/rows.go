package isolation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"openhouse.example/tests/isolation/tries"
)

// The classes below the routes ask Postgres itself, with each person's role and settings, for every row of every
// table: what the policies alone let through when a statement forgets its condition.
const (
	rowsRead    = "rows: read"
	rowsWritten = "rows: update and delete"
	rowsAdded   = "rows: insert"
)

// scope is what a portal sets before its first statement.
func (p Person) scope() (role string, settings map[string]string) {
	settings = map[string]string{"app.tenant_id": id(p.Company, "tenant")}
	switch p.Role {
	case roleOfResidents:
		settings["app.resident_id"], settings["app.unit_id"] = id(p.Company, p.Resident), id(p.Company, p.Unit)
		return roleResident, settings
	case roleWorker:
		return roleWorker, settings
	}
	settings["app.staff_id"] = id(p.Company, p.Staff)
	return roleStaff, settings
}

// worker is the process that does what waits, for one company at a time.
var worker = Person{Name: "worker", Portal: "worker", Role: roleWorker, Company: "a"}

// scoped are the people as Postgres sees them: the session is checked by the statements' guard, which isn't there.
func scoped() []Person {
	var list []Person
	for _, p := range append(slices.Clone(people), worker) {
		if p.Portal == "" || p.Role == "admin" && p.Staff == "viewer" || p.Staff == "gone" || p.Dead && p.Staff == "admin" {
			continue // the same rows as somebody else's
		}
		list = append(list, p)
	}
	return list
}

// prober asks as one person, in transactions that it rolls back, as the superuser who has taken the person's role:
// row-level security goes by the role.
type prober struct {
	w      *World
	conn   *pgx.Conn
	report *tries.Report
	// rules are the policies' names by table: who wrote them says in a name that they admit administrators only.
	rules   []policy
	samples map[string][]sample
	rights  map[string][]string // by role, table and command: the columns it may write
	values  map[string]string   // by column: a literal that it takes
	texts   map[string][]string // by table: all rows
}

// sample is a row of a table, for each of its owners one.
type sample struct {
	owner  Owner
	author string // who did it, where the row says so
	row    json.RawMessage
}

// policy is one policy of the database.
type policy struct{ Table, Name, Command, Role, Using, Check string }

const policies = `
	select p.tablename::text, p.policyname::text, lower(p.cmd), p.roles[1]::text, coalesce(p.qual, ''), coalesce(p.with_check, '')
	from pg_policies p where p.schemaname = 'public' order by 1, 2`

func newProber(t testing.TB, w *World, report *tries.Report) *prober {
	t.Helper()
	p := &prober{w: w, conn: w.conn, report: report, samples: map[string][]sample{}, rights: map[string][]string{}, values: map[string]string{}, texts: map[string][]string{}}
	rows, err := p.conn.Query(t.Context(), policies)
	if err == nil {
		p.rules, err = pgx.CollectRows(rows, pgx.RowToStructByPos[policy])
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range w.Tables {
		var one sample
		o := &one.owner
		if err := forEach(t.Context(), p.conn, []any{&o.Company, &o.Development, &o.HouseType, &o.Unit, &o.Resident, &one.author, &one.row}, func() error {
			p.samples[table.name] = append(p.samples[table.name], one)
			return nil
		}, fmt.Sprintf("select distinct on (1, 2, 3, 4, 5, 6) %s, %s, to_jsonb(x) from %s x", table.owner(), table.author(), table.name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.learn(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}

// adminsOnly reports whether the only policies for a command admit a company's administrators.
func (p *prober) adminsOnly(table, command string) bool {
	admins := false
	for _, rule := range p.rules {
		if rule.Table != table || rule.Role != roleStaff || rule.Command != command && rule.Command != "all" {
			continue
		}
		if !strings.HasPrefix(rule.Name, "staff_admin_") {
			return false
		}
		admins = true
	}
	return admins
}

// in runs fn as the person, within a transaction of its own or, where hole is given, after that in it.
func (p *prober) in(ctx context.Context, who Person, hole string, fn func(tx pgx.Tx) error) error {
	tx, err := p.conn.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if hole != "" {
		if _, err := tx.Exec(ctx, hole); err != nil {
			return fmt.Errorf("%s: %w", hole, err)
		}
	}
	role, settings := who.scope()
	if _, err := tx.Exec(ctx, "select set_config('role', $1, true)", role); err != nil {
		return err
	}
	for name, value := range settings {
		if _, err := tx.Exec(ctx, "select set_config($1, $2, true)", name, value); err != nil {
			return err
		}
	}
	return fn(tx)
}

// probe tries everything that a person's role may do to a table, and reports rows that are not the person's.
func (p *prober) probe(ctx context.Context, who Person, t table, hole string) error {
	role, _ := who.scope()
	for _, step := range []func(context.Context, Person, string, table, string) error{p.look, p.change, p.add} {
		if err := step(ctx, who, role, t, hole); err != nil {
			return fmt.Errorf("%s as %s: %w", t.name, who.Name, err)
		}
	}
	return nil
}

// judge reports the rows that aren't the person's.
func (p *prober) judge(class, command string, who Person, role string, t table, rows []string) {
	if role == roleStaff && p.adminsOnly(t.name, command) && who.Role != "admin" && len(rows) > 0 {
		p.report.Crossed(class, "%s as %s: %d rows that are for administrators", t.name, who.Name, len(rows))
	}
	for _, row := range rows {
		for _, mark := range p.w.marksInText(row) {
			if !who.mayRow(mark.Owner, row) {
				p.report.Crossed(class, "%s as %s: %s", t.name, who.Name, mark)
				break
			}
		}
	}
}

// look reads every row of a table.
func (p *prober) look(ctx context.Context, who Person, role string, t table, hole string) error {
	columns := t.readable(role)
	if len(columns) == 0 {
		return nil
	}
	p.report.Tried(rowsRead, 1)
	var texts []string
	err := p.in(ctx, who, hole, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, fmt.Sprintf("select row(%s)::text from %s", list(columns), t.name))
		if err == nil {
			texts, err = pgx.CollectRows(rows, pgx.RowTo[string])
		}
		return err
	})
	p.judge(rowsRead, "select", who, role, t, texts)
	return err
}

// change updates and deletes every row of a table, without a condition and without looking at what it wrote: then only
// the policies of that very command stand in the way. What it reached is seen by the superuser.
func (p *prober) change(ctx context.Context, who Person, role string, t table, hole string) error {
	for _, command := range []string{"update", "delete"} {
		written := p.rights[role+" "+t.name+" "+command]
		if len(written) == 0 {
			continue
		}
		p.report.Tried(rowsWritten, 1)
		sql := "delete from " + t.name
		if command == "update" {
			column := written[len(written)-1] // the first may be part of a key
			for _, name := range written {
				if !uuids.MatchString(p.values[t.name+"."+column]) {
					break
				}
				column = name // one that doesn't point at anything
			}
			sql = fmt.Sprintf("update %s set %s = %s", t.name, list([]string{column}), p.values[t.name+"."+column])
		}
		var before, after []string
		err := p.in(ctx, who, hole, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, sql); isRefused(err) {
				return nil
			} else if err != nil {
				return fmt.Errorf("%s: %w", sql, err)
			}
			if _, err := tx.Exec(ctx, "select set_config('role', 'none', true)"); err != nil {
				return err
			}
			left := "select x::text from " + t.name + " x"
			if command == "update" {
				left += " where x.xmin = pg_current_xact_id()::xid"
			} else {
				before = p.texts[t.name]
			}
			rows, err := tx.Query(ctx, left)
			if err == nil {
				after, err = pgx.CollectRows(rows, pgx.RowTo[string])
			}
			return err
		})
		if err != nil {
			return err
		}
		if command == "delete" && before != nil {
			after = slices.DeleteFunc(slices.Clone(before), func(row string) bool { return slices.Contains(after, row) })
		}
		p.judge(rowsWritten, command, who, role, t, after)
	}
	return nil
}

// isRefused reports whether policies, rights, or constraints, which come after them, have refused a statement.
func isRefused(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && (refused.Code == "42501" || strings.HasPrefix(refused.Code, "23"))
}

// add inserts copies of rows that the person must not write: another company's, a neighbour's, in another's name.
func (p *prober) add(ctx context.Context, who Person, role string, t table, hole string) error {
	added := p.rights[role+" "+t.name+" insert"]
	if len(added) == 0 || who.Dead {
		return nil
	}
	tried := map[bool]bool{}
	for _, s := range p.samples[t.name] {
		ours := s.owner.Company == id(who.Company, "tenant")
		forbidden := !who.mayRow(s.owner, "") && !(ours && insertedByAll[t.name+" "+role]) ||
			role != roleWorker && s.author != "" && s.author != id(who.Company, who.Staff) && s.author != id(who.Company, who.Resident) ||
			role == roleStaff && p.adminsOnly(t.name, "insert") && who.Role != "admin"
		if !forbidden || tried[ours] {
			continue
		}
		tried[ours] = true
		p.report.Tried(rowsAdded, 1)
		err := p.in(ctx, who, hole, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, fmt.Sprintf("insert into %s (%s) select %[2]s from jsonb_populate_record(null::%[1]s, $1)", t.name, list(added)), s.row)
			var refused *pgconn.PgError
			if errors.As(err, &refused) && refused.Code == "42501" {
				return nil
			}
			p.report.Crossed(rowsAdded, "%s as %s: a row of %+v by %q gets past the policies: %v", t.name, who.Name, s.owner, s.author, err)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// insertedByAll are tables into which a role may write rows that it doesn't see, and why.
var insertedByAll = map[string]bool{
	"residents " + roleStaff: true, // a new resident has no occupancy yet: only that will show them to limited staff
}

func list(columns []string) string {
	quoted := make([]string, len(columns))
	for i, n := range columns {
		quoted[i] = pgx.Identifier{n}.Sanitize()
	}
	return strings.Join(quoted, ", ")
}

// mayRow is may for what stands in a row, which no guard of a session has hidden: to who has moved out, or whose token
// names a home that isn't theirs, only rows about themselves are shown, and nothing of a home.
func (p Person) mayRow(o Owner, row string) bool {
	company := o.Company == id(p.Company, "tenant")
	if p.Role == roleWorker {
		return company
	}
	if !p.Dead {
		return p.may(o)
	}
	return company && (o == Owner{Company: o.Company} || strings.Contains(row, id(p.Company, p.Resident)))
}

// learn asks the catalogue what the roles may write, and the tables for values to write.
func (p *prober) learn(ctx context.Context) error {
	var key string
	var columns []string
	err := forEach(ctx, p.conn, []any{&key, &columns}, func() error {
		p.rights[key] = slices.Clone(columns)
		return nil
	}, `
		select r || ' ' || c.relname || ' ' || k, array_agg(a.attname::text order by a.attnum)
		from unnest($1::text[]) r, unnest('{update,insert,delete}'::text[]) k, pg_class c
		join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
		where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
		  and case k when 'delete' then has_table_privilege(r, c.oid, k) else has_column_privilege(r, c.oid, a.attnum, k) end
		group by 1`, []string{roleStaff, roleResident, roleWorker})
	if err != nil {
		return err
	}
	for _, t := range p.w.Tables {
		rows, err := p.conn.Query(ctx, "select x::text from "+t.name+" x")
		if err == nil {
			p.texts[t.name], err = pgx.CollectRows(rows, pgx.RowTo[string])
		}
		if err != nil {
			return err
		}
		for _, c := range t.columns {
			var value string
			err := p.conn.QueryRow(ctx, fmt.Sprintf("select coalesce((select quote_nullable(x.%s) from %s x limit 1), 'null')", list([]string{c.name}), t.name)).Scan(&value)
			if err != nil {
				return err
			}
			p.values[t.name+"."+c.name] = value
		}
	}
	return nil
}

// rows asks as everybody for every table.
func (m *matrix) rows() {
	start := time.Now()
	p := newProber(m.t, m.w, m.report)
	for _, who := range scoped() {
		for _, t := range m.w.Tables {
			if err := p.probe(m.t.Context(), who, t, ""); err != nil {
				m.t.Error(err)
			}
		}
	}
	m.report.Took(rowsRead, start)
}
