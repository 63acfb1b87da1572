package selfcheck

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"openhouse.example/migrations/probe"
	"openhouse.example/packages/db"
)

// writeAs tries, on behalf of one company, to change, take away and add rows of the other, in transactions that are
// rolled back.
func (l *opened) writeAs(ctx context.Context, mine, other *planted, relations []probe.Relation, r *Report) error {
	id, err := uuid.Parse(mine.ID("tenant"))
	if err != nil {
		return err
	}
	scope := db.Scope{Role: l.Role, TenantID: id, Settings: settings(mine.ID("admin"), mine.ID("anna"), mine.ID("home-1"))}
	return l.pool.WithClient(ctx, scope, func(ctx context.Context, c *db.Client) error {
		for _, table := range relations {
			if table.Company == "" || table.View {
				continue
			}
			if err := l.writeTable(ctx, c, table, mine, other, r); err != nil {
				return fmt.Errorf("%s: write %s: %w", l.Setting, table.Name, err)
			}
		}
		return nil
	})
}

func (l *opened) writeTable(ctx context.Context, c *db.Client, table probe.Relation, mine, other *planted, r *Report) error {
	updatable, err := table.May(ctx, c, l.Role, "update")
	if err != nil {
		return err
	}
	insertable, err := table.May(ctx, c, l.Role, "insert")
	if err != nil {
		return err
	}
	company := other.ID("tenant")
	cross := func(what string, n int64) {
		if n > 0 {
			r.crossed(classWrite, "%s, on behalf of %s, can %s %d rows of %s in %s", l.name(), mine.name, what, n, other.name, table.Name)
		}
	}
	column := table.Company // which nobody may change: then the refusal is what is tried
	if len(updatable) > 0 {
		column = updatable[0]
	}
	n, err := undone(ctx, c, func() (int64, error) { return table.Touch(ctx, c, company, column) })
	if err := l.refused(err); err != nil {
		return err
	}
	r.tried(classWrite, 2)
	cross("change", n)
	n, err = undone(ctx, c, func() (int64, error) { return table.Delete(ctx, c, company) })
	if err := l.refused(err); err != nil {
		return err
	}
	cross("delete", n)
	if len(insertable) == 0 || len(other.rows[table.Name]) == 0 {
		return nil
	}
	r.tried(classWrite, 1)
	_, err = undone(ctx, c, func() (int64, error) { return 0, table.Insert(ctx, c, other.rows[table.Name][0], insertable) })
	// The policies are asked before keys and checks: whoever is told of a key has passed them.
	if probe.Code(err) != probe.Forbidden {
		r.crossed(classWrite, "%s, on behalf of %s, passes the policies of %s with a row of %s", l.name(), mine.name, table.Name, other.name)
	}
	return nil
}

// refused passes on what is no answer to an attempt: a missing right and a row that others hang on are.
func (l *opened) refused(err error) error {
	if code := probe.Code(err); err == nil || code == probe.Forbidden || len(code) == 5 && code[:2] == "23" {
		return nil
	}
	return err
}

// undone does something in a transaction of its own, which is rolled back.
func undone(ctx context.Context, c *db.Client, do func() (int64, error)) (int64, error) {
	tx, err := c.Begin(ctx)
	if err != nil {
		return 0, err
	}
	n, err := do()
	return n, errors.Join(err, tx.Rollback(ctx))
}
