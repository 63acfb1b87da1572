package world

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Row is one row, and whose it is.
type Row struct {
	Table   *Table
	Values  map[string]any // as JSON has them
	Company uuid.UUID
	Parents []*Row // through lasting foreign keys
	Place   Place
}

// Place says what a row belongs to inside its company, through its own columns and those of its parents.
type Place struct {
	Developments, Types, Homes, People []uuid.UUID
}

// ID is the value of the row's id, or the zero UUID.
func (r *Row) ID() uuid.UUID { return r.UUID("id") }

// UUID is a column's value, or the zero UUID.
func (r *Row) UUID(column string) uuid.UUID {
	text, _ := r.Values[column].(string)
	id, err := uuid.Parse(text)
	if err != nil {
		return uuid.Nil
	}
	return id
}

// Text is a column's value as text, "" for null.
func (r *Row) Text(column string) string {
	switch v := r.Values[column].(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		text, _ := json.Marshal(v) //nolint:errchkjson // it was JSON a moment ago
		return string(text)
	}
}

func (r *Row) String() string {
	parts := make([]string, len(r.Table.Key))
	for i, column := range r.Table.Key {
		parts[i] = r.Text(column)
	}
	return r.Table.Name + " " + strings.Join(parts, "/")
}

// KeyOf is what a row is found by.
func KeyOf(table string, columns []string, value func(column string) string) string {
	parts := []string{table}
	for _, c := range columns {
		parts = append(parts, c+"="+value(c))
	}
	slices.Sort(parts[1:])
	return strings.Join(parts, "|")
}

// Read gathers every row of company data over a superuser's connection.
func Read(ctx context.Context, conn *pgx.Conn) (*World, error) {
	tables, err := readTables(ctx, conn)
	if err != nil {
		return nil, err
	}
	w := &World{Tables: tables, ByCanary: map[string][]*Row{}}
	byKey := map[string]*Row{}
	for _, t := range w.Sorted() {
		rows, _ := conn.Query(ctx, "select to_jsonb(x) from "+pgx.Identifier{t.Name}.Sanitize()+" x") // CollectRows reports its error
		all, err := pgx.CollectRows(rows, pgx.RowTo[map[string]any])
		if err != nil {
			return nil, fmt.Errorf("world: rows of %s: %w", t.Name, err)
		}
		for _, values := range all {
			r := &Row{Table: t, Values: values}
			r.Company = r.UUID(t.Company())
			w.Rows = append(w.Rows, r)
			for _, key := range t.Unique {
				byKey[KeyOf(t.Name, key, r.Text)] = r
			}
			w.remember(r)
		}
	}
	for _, r := range w.Rows {
		for _, p := range r.Table.Parents {
			value := map[string]string{}
			for i, c := range p.Columns {
				value[p.Referenced[i]] = r.Text(c)
			}
			if parent := byKey[KeyOf(p.Table, p.Referenced, func(c string) string { return value[c] })]; parent != nil && p.Lasting && p.Table != "tenants" {
				r.Parents = append(r.Parents, parent)
			}
		}
	}
	for _, r := range w.Rows {
		r.locate(&r.Place, map[*Row]bool{})
	}
	return w, nil
}

// remember indexes a row by its canaries.
func (w *World) remember(r *Row) {
	for canary := range r.Canaries() {
		if !slices.Contains(w.ByCanary[canary], r) {
			w.ByCanary[canary] = append(w.ByCanary[canary], r)
		}
	}
}

// Canaries are all that stand in the row, also those in bytes, which JSON has in hexadecimal.
func (r *Row) Canaries() iter.Seq[string] {
	return func(yield func(string) bool) {
		for column := range r.Values {
			text := r.Text(column)
			if strings.HasPrefix(text, `\x`) {
				text = unhex(text)
			}
			for _, canary := range Canary.FindAllString(text, -1) {
				if !yield(canary) {
					return
				}
			}
		}
	}
}

// locate adds what r belongs to.
func (r *Row) locate(p *Place, seen map[*Row]bool) {
	if seen[r] {
		return
	}
	seen[r] = true
	for _, f := range []struct {
		table, column string
		list          *[]uuid.UUID
	}{
		{"developments", "development_id", &p.Developments},
		{"house_types", "house_type_id", &p.Types},
		{"units", "unit_id", &p.Homes},
		{"residents", "resident_id", &p.People},
		{"", "subject_id", &p.People},
	} {
		id := r.UUID(f.column)
		if r.Table.Name == f.table {
			id = r.ID()
		}
		if id != uuid.Nil && !slices.Contains(*f.list, id) {
			*f.list = append(*f.list, id)
		}
	}
	for _, parent := range r.Parents {
		parent.locate(p, seen)
	}
}
