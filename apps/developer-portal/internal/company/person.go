package company

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/db"
)

// ErrNoPerson says that nothing of a company is about the person with an address.
var ErrNoPerson = errors.New("the company has stored nothing about this address")

const (
	findPerson   = `select id from residents where tenant_id = $1 and email = $2`
	personData   = `select source, data from person_data($1, $2)`
	forgetPerson = `select person_forget($1, $2, $3)`
)

// ExportPerson reads all that a company has stored about the person with an address: a resident, a buyer, or somebody
// who has asked for a home. ErrNoCompany, ErrNoPerson.
func ExportPerson(ctx context.Context, tx pgx.Tx, slug, email string) (store.PersonRows, error) {
	company, err := find(ctx, tx, slug)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, personData, company, email)
	if err != nil {
		return nil, fmt.Errorf("read what is stored: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[store.PersonRow])
	all := store.ByTable(list)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read what is stored: %w", err)
	case len(all) == 0:
		return nil, ErrNoPerson
	}
	id, err := person(ctx, tx, company, email)
	if err != nil {
		return nil, err
	}
	return all, note(ctx, tx, company, db.Event{Action: "person.export", Object: "resident", ObjectID: id})
}

// ErasePerson takes away all that a company has stored about the person with an address, for good; with keepBuyer not
// what the sales records of homes say. It returns how many rows of which table went or lost what they said; none if
// there was nothing, which is no error: erasing twice is fine. ErrNoCompany.
func ErasePerson(ctx context.Context, tx pgx.Tx, slug, email string, keepBuyer bool) (map[string]int64, error) {
	company, err := find(ctx, tx, slug)
	if err != nil {
		return nil, err
	}
	id, err := person(ctx, tx, company, email)
	if err != nil {
		return nil, err
	}
	var answer []byte
	if err := tx.QueryRow(ctx, forgetPerson, company, email, !keepBuyer).Scan(&answer); err != nil {
		return nil, fmt.Errorf("erase what is stored: %w", err)
	}
	var rows map[string]int64
	if err := json.Unmarshal(answer, &rows); err != nil {
		return nil, fmt.Errorf("read what was erased: %w", err)
	}
	if len(rows) == 0 {
		return rows, nil
	}
	detail := map[string]any{"buyer": !keepBuyer}
	for table, n := range rows {
		detail[table] = n
	}
	return rows, note(ctx, tx, company, db.Event{Action: "person.erase", Object: "resident", ObjectID: id, Detail: detail})
}

// person is the id of the resident with an address; the nil UUID if the person is none.
func person(ctx context.Context, tx pgx.Tx, company uuid.UUID, email string) (uuid.UUID, error) {
	var id uuid.UUID
	err := tx.QueryRow(ctx, findPerson, company, email).Scan(&id)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return uuid.Nil, fmt.Errorf("find the person: %w", err)
	}
	return id, nil
}
