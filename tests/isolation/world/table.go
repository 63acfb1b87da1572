package world

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
)

// Table is a table of company data, as the catalogue has it.
type Table struct {
	Name    string
	Columns []Column
	Key     []string // columns of the primary key
	Parents []Parent // foreign keys
	Unique  [][]string
}

// Column is one column of a table.
type Column struct {
	Name      string
	Type      string // as Postgres writes it, "uuid"
	Required  bool   // not null and without a default
	Generated bool   // nobody may write it
}

// Parent is a foreign key.
type Parent struct {
	Name       string
	Table      string
	Columns    []string // here
	Referenced []string // there, in the same order
	// Lasting is false where the reference may be lost (on delete set null): it then says where a row comes from, not
	// whose it is.
	Lasting bool
}

// Has says whether the table has a column.
func (t *Table) Has(name string) bool {
	return slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Name == name })
}

// Company is the column that says whose the row is.
func (t *Table) Company() string {
	if t.Name == "tenants" {
		return "id"
	}
	return "tenant_id"
}

// Sorted lists the tables by name.
func (w *World) Sorted() []*Table {
	list := make([]*Table, 0, len(w.Tables))
	for _, name := range slices.Sorted(maps.Keys(w.Tables)) {
		list = append(list, w.Tables[name])
	}
	return list
}

const (
	columnsSQL = `
		select t.relname::text, a.attname::text, format_type(a.atttypid, null), a.attnotnull and not a.atthasdef, a.attgenerated <> '' or a.attidentity <> ''
		from pg_class t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
		where t.relnamespace = 'public'::regnamespace and t.relkind in ('r', 'p')
		  and (t.relname = 'tenants' or exists (select 1 from pg_attribute k where k.attrelid = t.oid and k.attname = 'tenant_id' and not k.attisdropped))
		order by 1, a.attnum`
	uniqueSQL = `
		select t.relname::text, i.indisprimary, array_agg(a.attname::text order by k.place)
		from pg_index i join pg_class t on t.oid = i.indrelid
		cross join lateral unnest(i.indkey::smallint[]) with ordinality as k (attnum, place)
		join pg_attribute a on a.attrelid = t.oid and a.attnum = k.attnum
		where t.relnamespace = 'public'::regnamespace and i.indisunique
		group by t.relname, i.indexrelid, i.indisprimary order by 1, i.indisprimary desc, 3`
	parentsSQL = `
		select c.conrelid::regclass::text, c.conname::text, c.confrelid::regclass::text,
		       array(select a.attname::text from unnest(c.conkey) with ordinality k (attnum, place) join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.attnum order by k.place),
		       array(select a.attname::text from unnest(c.confkey) with ordinality k (attnum, place) join pg_attribute a on a.attrelid = c.confrelid and a.attnum = k.attnum order by k.place),
		       c.confdeltype <> 'n'
		from pg_constraint c where c.contype = 'f' and c.connamespace = 'public'::regnamespace order by 1, 2`
)

// readTables asks the catalogue.
func readTables(ctx context.Context, conn *pgx.Conn) (map[string]*Table, error) {
	type columnOf struct {
		Table string
		Column
	}
	type keyOf struct {
		Table   string
		Primary bool
		Columns []string
	}
	type parentOf struct {
		Of string
		Parent
	}
	columns, err := Ask[columnOf](ctx, conn, columnsSQL)
	if err != nil {
		return nil, err
	}
	keys, err := Ask[keyOf](ctx, conn, uniqueSQL)
	if err != nil {
		return nil, err
	}
	parents, err := Ask[parentOf](ctx, conn, parentsSQL)
	if err != nil {
		return nil, err
	}
	tables := map[string]*Table{}
	for _, c := range columns {
		if tables[c.Table] == nil {
			tables[c.Table] = &Table{Name: c.Table}
		}
		tables[c.Table].Columns = append(tables[c.Table].Columns, c.Column)
	}
	for _, k := range keys {
		if t := tables[k.Table]; t != nil {
			if k.Primary {
				t.Key = k.Columns
			}
			t.Unique = append(t.Unique, k.Columns)
		}
	}
	for _, p := range parents {
		if t := tables[p.Of]; t != nil {
			t.Parents = append(t.Parents, p.Parent)
		}
	}
	return tables, nil
}

// Ask collects the rows of a query, each as a T by the order of its fields.
func Ask[T any](ctx context.Context, conn *pgx.Conn, sql string) ([]T, error) {
	rows, err := conn.Query(ctx, sql)
	if err != nil {
		return nil, fmt.Errorf("world: ask the catalogue: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[T])
	if err != nil {
		return nil, fmt.Errorf("world: ask the catalogue: %w", err)
	}
	return list, nil
}
