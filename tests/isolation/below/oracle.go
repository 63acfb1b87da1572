package below

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"openhouse.example/tests/isolation/tries"
	"openhouse.example/tests/isolation/world"
)

// masked leaves out of an outcome what differs between any two values.
var masked = regexp.MustCompile(`zq[ab][0-9a-f]{12}qz|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9]+\b`)

func said(r Result) string {
	if r.Err == nil {
		return "done"
	}
	return masked.ReplaceAllString(told(r.Err), "*")
}

// pretend is a value of the same form that stands nowhere.
func pretend(v any) any {
	switch v := v.(type) {
	case float64:
		return v + 7_000_000
	case string:
		if _, err := uuid.Parse(v); err == nil {
			return uuid.NewString()
		}
		if world.Canary.MatchString(v) {
			return world.Canary.ReplaceAllStringFunc(v, func(c string) string { return c[:3] + strings.ReplaceAll(uuid.NewString(), "-", "")[:12] + "qz" })
		}
		if strings.HasPrefix(v, `\x`) && len(v) == 66 {
			return `\x` + strings.ReplaceAll(uuid.NewString()+uuid.NewString(), "-", "")
		}
	}
	return v
}

// Oracles asks, of every unique and every foreign key, whether a value that stands in a row which the scope must not
// see is answered as one that stands nowhere.
func (e *Env) Oracles(ctx context.Context, l Logins, scopes []*Scope, tables []*world.Table, r *tries.Report) error {
	for _, s := range scopes {
		d := l[s.Role]
		for _, t := range tables {
			for _, base := range e.bases(s, t) {
				for _, key := range t.Unique {
					e.uniqueOracle(ctx, d, s, t, base, key, r)
				}
				for _, p := range t.Parents {
					e.foreignOracle(ctx, d, s, t, base, p, r)
				}
			}
			if r.Enough() {
				return errEnough
			}
		}
		d.Undo(ctx)
		if err := d.alive(); err != nil {
			return err
		}
	}
	return nil
}

// bases are rows of the own company to start from: one of each kind, which shows by its state, its actor and the columns that are
// null, and one as a resident would add it who has none like it yet.
func (e *Env) bases(s *Scope, t *world.Table) (bases []*world.Row) {
	kinds := map[string]bool{}
	for _, r := range slices.Concat(e.Judge.Visible(s, t.Name), e.Judge.Hidden(s, t.Name)) {
		kind := r.Text("state") + r.Text("actor_kind")
		for _, c := range t.Columns {
			if r.Values[c.Name] == nil {
				kind += " " + c.Name
			}
		}
		if !kinds[kind] && r.Company == s.Tenant {
			kinds[kind] = true
			bases = append(bases, r)
		}
	}
	if s.Home == uuid.Nil || !t.Has("resident_id") || !t.Has("unit_id") {
		return bases
	}
	for _, h := range e.Judge.Hidden(s, t.Name) {
		if h.Company == s.Tenant && h.UUID("development_id") == s.Developments[0] {
			like := *h
			like.Values = maps.Clone(h.Values)
			like.Values["resident_id"], like.Values["unit_id"] = s.Person.String(), s.Home.String()
			return append(bases, &like)
		}
	}
	return bases
}

// knownToExist are keys within one company that tell whoever may write the table of a row that they may not see, with
// the reason why that is so.
var knownToExist = map[string]string{
	"developments tenant_id,slug": "short names are the company's, not a development's; who chooses a taken one is told so",
	"residents tenant_id,email":   "a person has one account in a company; who adds a resident that another development has is told so",
}

// uniqueOracle inserts and changes rows so that they have the key of a hidden one.
func (e *Env) uniqueOracle(ctx context.Context, d *Direct, s *Scope, t *world.Table, base *world.Row, key []string, r *tries.Report) {
	for _, h := range ends(e.Judge.Hidden(s, t.Name)) {
		if h.Company == s.Tenant && (hardToGuess(h, key, t) || knownToExist[t.Name+" "+strings.Join(key, ",")] != "") {
			continue
		}
		changes, nowhere := map[string]any{}, map[string]any{}
		differs := false
		for _, c := range key {
			if c == t.Company() && t.Name != "tenants" {
				continue
			}
			changes[c] = h.Values[c]
			nowhere[c] = pretend(h.Values[c])
			differs = differs || changes[c] != nowhere[c]
		}
		if differs {
			e.compare(ctx, d, s, t, base, changes, nowhere, "unique "+strings.Join(key, ","), r)
			// Once more without the base's other keys in the way: foreign keys are asked last, so what they refer to
			// may be made up.
			for _, p := range t.Parents {
				for _, c := range p.Columns {
					if _, tried := changes[c]; !tried && c != t.Company() && c != "development_id" && base.Values[c] != nil {
						changes[c] = pretend(base.Values[c])
						nowhere[c] = changes[c]
					}
				}
			}
			e.compare(ctx, d, s, t, base, changes, nowhere, "unique, other keys made up, "+strings.Join(key, ","), r)
		}
	}
}

// hardToGuess says whether a key has an id or a hash in it, which nobody knows who wasn't told: that it exists is then
// no news. Between companies even that makes no difference.
func hardToGuess(h *world.Row, key []string, t *world.Table) bool {
	return slices.ContainsFunc(key, func(c string) bool {
		return c != t.Company() && (h.UUID(c) != uuid.Nil || strings.HasPrefix(h.Text(c), `\x`))
	})
}

// foreignOracle inserts and changes rows so that they refer to a hidden one.
func (e *Env) foreignOracle(ctx context.Context, d *Direct, s *Scope, t *world.Table, base *world.Row, p world.Parent, r *tries.Report) {
	for _, h := range ends(e.Judge.Hidden(s, p.Table)) {
		changes, nowhere := map[string]any{}, map[string]any{}
		for i, c := range p.Columns {
			if c == t.Company() {
				continue
			}
			changes[c] = h.Values[p.Referenced[i]]
			nowhere[c] = pretend(h.Values[p.Referenced[i]])
		}
		if len(changes) == 0 || h.Company == s.Tenant {
			continue // as hardToGuess says
		}
		e.compare(ctx, d, s, t, base, changes, nowhere, "reference "+p.Name, r)
		if last := p.Columns[len(p.Columns)-1]; len(changes) > 1 {
			e.compare(ctx, d, s, t, base, map[string]any{last: changes[last]}, map[string]any{last: nowhere[last]}, "reference by "+last, r)
			if other, id := e.elsewhere(s, t, base, p); other != "" { // its own keys would be in the way
				e.compare(ctx, d, s, t, base, map[string]any{last: changes[last], other: id}, map[string]any{last: nowhere[last], other: id}, "reference by "+last, r)
			}
		}
	}
}

// elsewhere is another thing that a row like base could hang on, where it can hang only once on the same: a column, and
// the id of a row of the same development.
func (e *Env) elsewhere(s *Scope, t *world.Table, base *world.Row, but world.Parent) (column string, id uuid.UUID) {
	for _, p := range t.Parents {
		last := p.Columns[len(p.Columns)-1]
		once := slices.ContainsFunc(t.Unique, func(key []string) bool { return slices.Contains(key, last) && !slices.Contains(key, "id") })
		if p.Name == but.Name || !once || p.Table == "tenants" {
			continue
		}
		for _, r := range e.Judge.Visible(s, p.Table) {
			if r.ID() != uuid.Nil && r.ID() != base.UUID(last) && r.UUID("development_id") == base.UUID("development_id") {
				return last, r.ID()
			}
		}
	}
	return "", uuid.Nil
}

// compare tries the same with both.
func (e *Env) compare(ctx context.Context, d *Direct, s *Scope, t *world.Table, base *world.Row, there, nowhere map[string]any, what string, r *tries.Report) {
	if columns := e.Rights.Of(s.Role, t, "insert"); columns != nil {
		insert := func(changes map[string]any) string { return another(t, base, columns, changes) }
		e.same(ctx, d, s, insert(there), insert(nowhere), what, r)
	}
	columns := e.Rights.Of(s.Role, t, "update")
	readable := e.Rights.Of(s.Role, t, "select")
	if len(columns) == 0 || readable == nil {
		return
	}
	update := func(changes map[string]any) string {
		var sets []string
		for _, c := range sortedKeys(changes) {
			if slices.Contains(columns, c) {
				text, err := json.Marshal(changes[c])
				if err != nil {
					panic(err) // it came as JSON
				}
				sets = append(sets, fmt.Sprintf("%s = (jsonb_populate_record(null::%s, jsonb_build_object(%s, %s::jsonb))).%[1]s", name(c), name(t.Name), literal(c), literal(string(text))))
			}
		}
		if len(sets) == 0 {
			return ""
		}
		return fmt.Sprintf("update %s set %s where %s", name(t.Name), strings.Join(sets, ", "), isRow(base, readable))
	}
	if sql := update(there); sql != "" {
		e.same(ctx, d, s, sql, update(nowhere), what, r)
	}
}

func (e *Env) same(ctx context.Context, d *Direct, s *Scope, there, nowhere, what string, r *tries.Report) {
	r.Tried(classOracle, 1)
	is, isNot := d.Run(ctx, s, there), d.Run(ctx, s, nowhere)
	if blind(is.Err) || blind(isNot.Err) {
		r.Crossed(classOracle, "%s: the witness is broken: %s %s", clip(there), told(is.Err), told(isNot.Err))
	}
	if said(is) != said(isNot) {
		r.Crossed(classOracle, "%s: %s: %s: of one that is there: %s; of one that is not: %s", s.Name, what, clip(there), said(is), said(isNot))
	}
}

// another is an insert of a row like one that is there, with keys of its own but for what is to be tried.
func another(t *world.Table, base *world.Row, columns []string, changes map[string]any) string {
	fresh := map[string]any{}
	for _, key := range t.Unique {
		for _, c := range key {
			refers := slices.ContainsFunc(t.Parents, func(p world.Parent) bool { return slices.Contains(p.Columns, c) })
			if c == "id" || !refers && c != t.Company() {
				fresh[c] = pretend(base.Values[c])
			}
		}
	}
	for _, p := range t.Parents { // what belongs to the old id can't belong to the new one
		if slices.Contains(p.Columns, "id") {
			fresh[p.Columns[len(p.Columns)-1]] = nil
		}
	}
	maps.Copy(fresh, changes)
	_, from := record(base, fresh)
	return fmt.Sprintf("insert into %s (%s) select %[2]s from %s", name(t.Name), names(columns), from)
}
