package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/db"
	"openhouse.example/packages/platform"
)

// The generator does not know the columns of functions, so this statement is written by hand; a test prepares it
// against the migrated schema.
const accountsSQL = `select tenant_id, tenant_name, staff_id, password_hash, role, full_name, password_changed_at from staff_sign_in($1)`

// Account is a person's account in one company, as signing in needs it.
type Account struct {
	TenantID     uuid.UUID
	Company      string
	StaffID      uuid.UUID
	PasswordHash string
	Role         string
	Name         string
	Provider     uuid.UUID      // the company's identity provider that has vouched for the person; nil UUID for a password
	Password     *PasswordState // nil: the person came in by another way than a password
}

// PasswordState tells one password of an account from the next, without the password. A nil ChangedAt is one too: that
// of accounts older than the column.
type PasswordState struct {
	ChangedAt *time.Time `json:"changedAt,omitempty"`
}

// MostAccounts is how many accounts the door tells behind one address.
const MostAccounts = 5

// Accounts lists the accounts, at most MostAccounts, behind an e-mail address: only of people and companies that may get in.
func (s *Store) Accounts(ctx context.Context, email string) ([]Account, error) {
	return db.Door(ctx, s.pool, func(ctx context.Context, q db.Querier) ([]Account, error) {
		rows, err := q.Query(ctx, accountsSQL, email)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Account, error) {
			a := Account{Password: &PasswordState{}}
			err := row.Scan(&a.TenantID, &a.Company, &a.StaffID, &a.PasswordHash, &a.Role, &a.Name, &a.Password.ChangedAt)
			return a, err
		})
	})
}

// Hit counts an attempt, across all instances, and reports whether it is within most in the window.
func (s *Store) Hit(ctx context.Context, bucket string, most int, window time.Duration) (bool, error) {
	return platform.RateHit(ctx, s.pool, bucket, most, window)
}

// Outbox lists the newest mail of who's company; none unless the company is there for development.
func (s *Store) Outbox(ctx context.Context, who Staff) ([]platform.QueuedMail, error) {
	frame, err := s.Frame(ctx, who)
	if err != nil { // a door has no guard that would notice an ended session
		return nil, err
	}
	if frame.Limited {
		return nil, ErrLimited
	}
	return platform.RecentMail(ctx, s.pool, who.TenantID, mostMail)
}

const mostMail = 100
