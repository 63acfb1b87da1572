package store

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/db"
)

const (
	providersSQL     = `select tenant_id, id, audience, jwks_url, algorithms from identity_providers($1, $2)`
	providerStaffSQL = `select tenant_id, tenant_name, staff_id, role, full_name from identity_provider_staff($1, $2, $3)`
)

// IdentityProvider is a company's own sign-in service.
type IdentityProvider struct {
	TenantID   uuid.UUID
	ID         uuid.UUID
	Audience   string
	KeysURL    string
	Algorithms []string
}

// IdentityProviders lists the providers, at most five and each of another company, that an issuer's tokens for one of
// these audiences may come from.
func (s *Store) IdentityProviders(ctx context.Context, issuer string, audiences []string) ([]IdentityProvider, error) {
	return db.Door(ctx, s.pool, func(ctx context.Context, q db.Querier) ([]IdentityProvider, error) {
		rows, err := q.Query(ctx, providersSQL, issuer, audiences)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, pgx.RowToStructByPos[IdentityProvider])
	})
}

// ProviderAccounts is the account, none or one, that an address stands for in the one company of a provider: only of
// people and companies that may get in.
func (s *Store) ProviderAccounts(ctx context.Context, p IdentityProvider, email string) ([]Account, error) {
	return db.Door(ctx, s.pool, func(ctx context.Context, q db.Querier) ([]Account, error) {
		rows, err := q.Query(ctx, providerStaffSQL, p.TenantID, p.ID, email)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Account, error) {
			a := Account{Provider: p.ID}
			err := row.Scan(&a.TenantID, &a.Company, &a.StaffID, &a.Role, &a.Name)
			return a, err
		})
	})
}
