package company

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/db"
)

// ErrNoProvider says that the company has no identity provider of the issuer that is on.
var ErrNoProvider = errors.New("the company takes no tokens of this issuer")

const (
	setProvider = `insert into tenant_identity_providers as p (tenant_id, id, issuer, audience, jwks_url, algorithms)
		values ($1, $2, $3, $4, $5, $6)
		on conflict (tenant_id, issuer) do update
		set audience = excluded.audience, jwks_url = excluded.jwks_url, algorithms = excluded.algorithms, enabled = true, updated_at = now()
		returning p.id`

	stopProvider = `update tenant_identity_providers set enabled = false, updated_at = now()
		where tenant_id = $1 and issuer = $2 and enabled returning id`

	listProviders = `select issuer, audience, jwks_url, algorithms, enabled from tenant_identity_providers where tenant_id = $1 order by issuer`
)

// Provider is a company's own sign-in service, whose tokens are exchanged for sessions.
type Provider struct {
	Issuer, Audience, KeysURL string
	Algorithms                []string
	Enabled                   bool
}

// SetProvider has a company take the tokens of an issuer, as p says from now on. ErrNoCompany: then nothing is changed.
func SetProvider(ctx context.Context, tx pgx.Tx, slug string, p Provider) error {
	company, err := find(ctx, tx, slug)
	if err != nil {
		return err
	}
	ids, err := newIDs(1)
	if err != nil {
		return err
	}
	var id uuid.UUID
	if err := tx.QueryRow(ctx, setProvider, company, ids[0], p.Issuer, p.Audience, p.KeysURL, p.Algorithms).Scan(&id); err != nil {
		return fmt.Errorf("store the identity provider: %w", err)
	}
	return note(ctx, tx, company, db.Event{Action: "identity_provider.set", Object: "identity_provider", ObjectID: id})
}

// StopProvider has a company take no tokens of an issuer any more. Sessions that were opened by one go on to their end.
// ErrNoCompany, ErrNoProvider: then nothing is changed.
func StopProvider(ctx context.Context, tx pgx.Tx, slug, issuer string) error {
	company, err := find(ctx, tx, slug)
	if err != nil {
		return err
	}
	var id uuid.UUID
	switch err := tx.QueryRow(ctx, stopProvider, company, issuer).Scan(&id); {
	case errors.Is(err, pgx.ErrNoRows):
		return ErrNoProvider
	case err != nil:
		return fmt.Errorf("stop the identity provider: %w", err)
	}
	return note(ctx, tx, company, db.Event{Action: "identity_provider.off", Object: "identity_provider", ObjectID: id})
}

// Providers lists a company's identity providers, those that are off too. ErrNoCompany.
func Providers(ctx context.Context, tx pgx.Tx, slug string) ([]Provider, error) {
	company, err := find(ctx, tx, slug)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, listProviders, company)
	if err != nil {
		return nil, fmt.Errorf("list the identity providers: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Provider])
	if err != nil {
		return nil, fmt.Errorf("list the identity providers: %w", err)
	}
	return list, nil
}

// find is the id of the company with a short name.
func find(ctx context.Context, tx pgx.Tx, slug string) (id uuid.UUID, err error) {
	var name string
	switch err := tx.QueryRow(ctx, findCompany, slug).Scan(&id, &name); {
	case errors.Is(err, pgx.ErrNoRows):
		return id, ErrNoCompany
	case err != nil:
		return id, fmt.Errorf("find the company: %w", err)
	}
	return id, nil
}
