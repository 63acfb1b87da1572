// Package removal takes a load test's throw-away company out of a database, as the owner of the tables: no portal can do
// that.
//
// It refuses a company that isn't, in every part, the one that was made for the load test: another name, another
// administrator, or a development that the load test did not make.
package removal

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/migrations"
)

const (
	findCompany = `select t.id from tenants t join staff s on s.tenant_id = t.id
		where t.name = $1 and s.email = $2 and s.role = 'admin' for update of t`

	countOthers = `select count(*) from developments where tenant_id = $1 and not id = any ($2)`

	insertEvent = `insert into audit_log (tenant_id, id, actor_kind, action, object, object_id) values ($1, $2, 'operator', 'company.remove', 'tenant', $1)`

	// Everything of a company goes with it, but its audit log.
	deleteCompany = `delete from tenants where id = $1`
)

// ErrNotOurs says that a company was not removed, because it may be somebody's.
var ErrNotOurs = errors.New("nothing was removed")

// Throwaway is what is known of a company that was made for a load test.
type Throwaway struct {
	Name, Admin  string   // the administrator's address
	Developments []string // the ids of all that it has
}

// Company removes the company from the database that the owner reaches at adminURL, all of it or nothing.
func Company(ctx context.Context, adminURL string, c Throwaway) error {
	made := make([]uuid.UUID, len(c.Developments))
	for i, id := range c.Developments {
		var err error
		if made[i], err = uuid.Parse(id); err != nil {
			return fmt.Errorf("%w: %q is not the id of a development", ErrNotOurs, id)
		}
	}
	event, err := uuid.NewV7()
	if err != nil {
		return err
	}
	return migrations.Operate(ctx, adminURL, func(ctx context.Context, tx pgx.Tx) error {
		rows, err := tx.Query(ctx, findCompany, c.Name, c.Admin)
		if err != nil {
			return err
		}
		found, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		switch {
		case err != nil:
			return fmt.Errorf("find %s: %w", c.Name, err)
		case len(found) != 1:
			return fmt.Errorf("%w: %d companies are called %s and have the administrator %s, and one is wanted", ErrNotOurs, len(found), c.Name, c.Admin)
		}
		var others int
		if err := tx.QueryRow(ctx, countOthers, found[0], made).Scan(&others); err != nil {
			return fmt.Errorf("look at the developments of %s: %w", c.Name, err)
		}
		if others > 0 {
			return fmt.Errorf("%w: %s has %d developments that the load test did not make", ErrNotOurs, c.Name, others)
		}
		if _, err := tx.Exec(ctx, insertEvent, found[0], event); err != nil {
			return fmt.Errorf("write the audit log: %w", err)
		}
		if _, err := tx.Exec(ctx, deleteCompany, found[0]); err != nil {
			return fmt.Errorf("remove %s: %w", c.Name, err)
		}
		return nil
	})
}
