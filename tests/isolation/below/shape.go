package below

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"openhouse.example/tests/isolation/world"
)

// The classes of attack.
const (
	classRead      = "read a table"
	classWrite     = "write a table"
	classRight     = "use a right not given"
	classRole      = "leave the role"
	classUnscoped  = "go without a scope"
	classInjected  = "injected SQL as a resident"
	classCatalogue = "read the catalogue"
	classOracle    = "find out that it exists"
	classTheirs    = "what is theirs still works"
	classDoor      = "open a door"
	classDoorRight = "call another's door"
	classStatement = "statements of the stores"
	classResidue   = "what the one before left"
	classKept      = "rows of others afterwards"
)

// shape is one attack on a table: SQL without parameters, and what must come of it beside the general rule that
// nothing foreign is read, told or written.
type shape struct {
	class string
	sql   string
	given string // what it names itself, so that an echo is no finding
	want  func(Result) string
}

// refused wants the statement to be refused for want of a right, not by a policy: that shares the state.
func refused(r Result) string {
	if c := code(r.Err); c != "42501" || strings.Contains(told(r.Err), "row-level security policy") {
		return fmt.Sprintf("it was not refused (42501) but %s", outcome(r))
	}
	return ""
}

// failed wants the statement to be refused for whatever reason.
func failed(r Result) string {
	if r.Err == nil {
		return "it was not refused but " + outcome(r)
	}
	return ""
}

func outcome(r Result) string {
	if r.Err != nil {
		return "answered " + told(r.Err)
	}
	return fmt.Sprintf("answered %d rows", len(r.Rows))
}

// exactly wants one row with a number.
func exactly(n int) func(Result) string {
	return func(r Result) string {
		if r.Err != nil || len(r.Rows) != 1 || string(r.Rows[0][0]) != strconv.Itoa(n) {
			found := outcome(r)
			if r.Err == nil && len(r.Rows) == 1 {
				found = string(r.Rows[0][0])
			}
			return fmt.Sprintf("%d rows are theirs, found: %s", n, found)
		}
		return ""
	}
}

// Shapes are the attacks of a scope on a table.
func (e *Env) Shapes(s *Scope, t *world.Table) []shape {
	list := slices.Concat(e.reads(s, t), e.inserts(s, t), e.updates(s, t), e.deletes(s, t))
	forbidden := []string{"truncate %s", "alter table %s disable row level security", "create policy hole on %s using (true)", "alter table %s owner to current_user"}
	if e.Rights[s.Role][t.Name]["update"] == nil && e.Rights.Of(s.Role, t, "delete") == nil { // else Postgres lets it be locked
		forbidden = append(forbidden, "lock table %s in access exclusive mode")
	}
	for _, sql := range forbidden {
		list = append(list, shape{class: classRight, sql: fmt.Sprintf(sql, name(t.Name)), want: refused})
	}
	return list
}

func (e *Env) reads(s *Scope, t *world.Table) []shape {
	table, columns := name(t.Name), e.Rights.Of(s.Role, t, "select")
	var list []shape
	for _, c := range t.Columns {
		if !slices.Contains(columns, c.Name) {
			list = append(list, shape{class: classRight, sql: "select " + name(c.Name) + " from " + table, want: refused})
		}
	}
	if columns == nil {
		return append(list,
			shape{class: classRight, sql: "select count(*) from " + table, want: refused},
			shape{class: classRight, sql: "select exists (select from " + table + ")", want: refused})
	}
	add := func(format string, args ...any) {
		list = append(list, shape{class: classRead, sql: fmt.Sprintf(format, args...)})
	}
	cols := names(columns)
	theirs := len(e.Judge.Visible(s, t.Name))
	list = append(list, shape{class: classRead, sql: "select count(*) from " + table, want: exactly(theirs)})
	add("select %s from %s", cols, table)
	add("select jsonb_agg(to_jsonb(x)) from (select %s from %s offset 0) x", cols, table)
	add("declare c no scroll cursor for select %s from %s; fetch all from c", cols, table)
	add("prepare p as select %s from %s; execute p", cols, table)
	add("select %s from %s where %s <> %s", cols, table, name(t.Company()), literal(s.Tenant.String()))
	add("select %s from %s for update", cols, table)
	add("table %s", table)
	for _, c := range t.Columns {
		if c.Type == "text" && slices.Contains(columns, c.Name) {
			// A condition that fails tells the value it failed for, if it is asked before the policy.
			add("select count(*) from %s where %s::integer > 0", table, name(c.Name))
			break
		}
	}
	for _, p := range t.Parents {
		parent := e.World.Tables[p.Table]
		if parent == nil || p.Table == "tenants" {
			continue
		}
		there := e.Rights.Of(s.Role, parent, "select")
		here, last := p.Columns[len(p.Columns)-1], p.Referenced[len(p.Referenced)-1]
		if slices.Contains(columns, here) && slices.Contains(there, last) {
			add("select p.* from %s x right join (select %s from %s) p on p.%s = x.%s", table, names(there), name(p.Table), name(last), name(here))
		}
	}
	for _, h := range ends(e.Judge.Hidden(s, t.Name)) {
		list = append(list, shape{class: classRead, sql: fmt.Sprintf("select %s from %s where %s", cols, table, isRow(h, columns)), given: ""})
	}
	return list
}

// ends are the first and the last: Hidden has those of the scope's own company first.
func ends(rows []*world.Row) []*world.Row {
	if len(rows) > 2 {
		return []*world.Row{rows[0], rows[len(rows)-1]}
	}
	return rows
}

// isRow is a condition for one row, over the columns of its key that may be used.
func isRow(r *world.Row, columns []string) string {
	conditions := []string{"true"}
	for _, c := range r.Table.Key {
		if slices.Contains(columns, c) {
			conditions = append(conditions, name(c)+" = "+literal(r.Text(c)))
		}
	}
	return strings.Join(conditions, " and ")
}

// record writes a row's values, with changes, as a record to take columns from.
func record(r *world.Row, changes map[string]any) (text, from string) {
	values := maps.Clone(r.Values)
	maps.Copy(values, changes)
	b, err := json.Marshal(values)
	if err != nil {
		panic(err) // it came as JSON
	}
	text = string(b)
	for canary := range r.Canaries() { // those in bytes are not to be read in JSON
		text += " " + canary
	}
	return text, fmt.Sprintf("jsonb_populate_record(null::%s, %s)", name(r.Table.Name), literal(string(b)))
}

func (e *Env) inserts(s *Scope, t *world.Table) []shape {
	table, columns := name(t.Name), e.Rights.Of(s.Role, t, "insert")
	var list []shape
	for _, c := range t.Columns {
		if !c.Generated && !slices.Contains(columns, c.Name) {
			list = append(list, shape{class: classRight, sql: fmt.Sprintf("insert into %s (%s) values (null)", table, name(c.Name)), want: refused})
		}
	}
	if columns == nil {
		return list
	}
	cols := names(columns)
	readable := e.Rights.Of(s.Role, t, "select")
	changeable := e.Rights.Of(s.Role, t, "update")
	for _, h := range ends(e.Judge.Hidden(s, t.Name)) {
		text, from := record(h, nil)
		_, asOwn := record(h, map[string]any{t.Company(): s.Tenant})
		for _, insert := range []string{
			fmt.Sprintf("insert into %s (%s) select %[2]s from %s", table, cols, from),
			fmt.Sprintf("insert into %s (%s) select %[2]s from %s", table, cols, asOwn),
			another(t, h, columns, nil), // for the company that it is of, with keys that are free
			another(t, h, columns, map[string]any{t.Company(): s.Tenant}),
			another(t, h, columns, map[string]any{t.Company(): s.Tenant, "resident_id": s.Person, "staff_id": s.Person, "subject_id": s.Person}),
		} {
			tails := []string{"", " on conflict do nothing"}
			if slices.Contains(readable, t.Key[0]) {
				tails = append(tails, " returning "+names(readable))
			}
			if len(changeable) > 0 {
				tails = append(tails, fmt.Sprintf(" on conflict (%s) do update set %s = excluded.%[2]s", names(t.Key), name(changeable[0])))
			}
			for _, tail := range tails {
				list = append(list, shape{class: classWrite, sql: insert + tail, given: text})
			}
		}
	}
	return list
}

func (e *Env) updates(s *Scope, t *world.Table) []shape {
	table, columns := name(t.Name), e.Rights.Of(s.Role, t, "update")
	var list []shape
	for _, c := range t.Columns {
		if !c.Generated && !slices.Contains(columns, c.Name) {
			list = append(list, shape{class: classRight, sql: fmt.Sprintf("update %s set %s = null", table, name(c.Name)), want: refused})
		}
	}
	hidden, mine := ends(e.Judge.Hidden(s, t.Name)), e.Judge.Visible(s, t.Name)
	readable := e.Rights.Of(s.Role, t, "select")
	for _, column := range columns {
		c := name(column)
		add := func(given, format string, args ...any) {
			list = append(list, shape{class: classWrite, sql: fmt.Sprintf(format, args...), given: given})
		}
		if slices.Contains(readable, column) {
			add("", "update %s set %s = %[2]s", table, c)
		}
		for _, h := range hidden {
			value := h.Text(column)
			// Without a condition no right to read is asked for, nor a policy for it.
			add(value, "update %s set %s = %s", table, c, orNull(value))
			if readable != nil {
				add(value, "update %s set %s = %s where %s", table, c, orNull(value), isRow(h, readable))
			}
			if len(mine) > 0 && readable != nil {
				add(value, "update %s set %s = %s where %s", table, c, orNull(value), isRow(mine[0], readable))
			}
		}
	}
	if len(columns) > 0 && len(hidden) > 0 && slices.Contains(readable, columns[0]) && slices.Contains(readable, t.Company()) {
		c := name(columns[0])
		list = append(list, shape{class: classWrite, sql: fmt.Sprintf(
			"merge into %s t using (select %s::uuid as company) o on t.%s = o.company when matched then update set %s = t.%[4]s",
			table, literal(hidden[len(hidden)-1].Company.String()), name(t.Company()), c)})
	}
	return list
}

func orNull(value string) string {
	if value == "" {
		return "null"
	}
	return literal(value)
}

func (e *Env) deletes(s *Scope, t *world.Table) []shape {
	table := name(t.Name)
	if e.Rights.Of(s.Role, t, "delete") == nil {
		return []shape{{class: classRight, sql: "delete from " + table, want: refused}}
	}
	// One row after the other: what hangs on one of the scope's own must not hide that a foreign one could go.
	list := []shape{{class: classWrite, sql: "delete from " + table}}
	for _, h := range e.Judge.Hidden(s, t.Name) {
		list = append(list, shape{class: classWrite, sql: fmt.Sprintf("delete from %s where %s", table, isRow(h, t.Key))})
	}
	return list
}
