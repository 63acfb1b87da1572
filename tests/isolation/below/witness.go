package below

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"openhouse.example/packages/platform"
	"openhouse.example/tests/isolation/world"
)

//go:embed witness.sql
var witnessSQL string

// crossingState is the SQLSTATE of a write that the witness has seen.
const crossingState = "OH001"

// Armed puts the witness behind every table of a filled database, over a superuser's connection.
func Armed(ctx context.Context, conn *pgx.Conn, w *world.World, scopes []*Scope) error {
	if _, err := conn.PgConn().Exec(ctx, witnessSQL).ReadAll(); err != nil {
		return fmt.Errorf("witness: %w", err)
	}
	b := &pgx.Batch{}
	for _, s := range scopes {
		b.Queue("insert into isolation.scopes values ($1, $2, $3, $4, $5, $6, $7, $8, $9)", s.Name, s.resident(), s.Admin, s.Role == platform.RoleStaff, s.Tenant, s.Developments, s.Type, s.Home, s.Person)
	}
	for _, t := range w.Sorted() {
		b.Queue("insert into isolation.keys values ($1, $2, $3, $4, $5)", t.Name, t.Key, t.Company(), ofPerson[t.Name], adminsWrite[t.Name])
		for _, p := range t.Parents {
			if p.Lasting && p.Table != "tenants" {
				b.Queue("insert into isolation.parents values ($1, $2, $3, $4)", t.Name, p.Table, p.Columns, p.Referenced)
			}
		}
		// Last of all: triggers run in the order of their names, and a foreign key's begins with a capital.
		b.Queue("create trigger zz_witness after insert or update or delete on " + pgx.Identifier{t.Name}.Sanitize() +
			" for each row execute function isolation.witness()")
	}
	for _, r := range w.Rows {
		key := map[string]any{}
		for _, c := range r.Table.Key {
			key[c] = r.Values[c]
		}
		text, err := json.Marshal(key)
		if err != nil {
			return err
		}
		list := func(ids []uuid.UUID) []uuid.UUID { return append([]uuid.UUID{}, ids...) }
		b.Queue("insert into isolation.places values ($1, $2, $3, $4, $5, $6, $7)", r.Table.Name, string(text), r.Company,
			list(r.Place.Developments), list(r.Place.Types), list(r.Place.Homes), list(r.Place.People))
	}
	if err := conn.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("witness: %w", err)
	}
	return nil
}

// code is an error's SQLSTATE, or "" for none.
func code(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}

// told is all that an error says.
func told(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code + " " + pg.Message + " " + pg.Detail + " " + pg.Hint + " " + pg.Where + " " + pg.ConstraintName
	}
	return fmt.Sprint(err)
}
