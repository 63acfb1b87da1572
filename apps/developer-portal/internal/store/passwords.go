package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/db"
)

// The generator does not know the columns of functions, so these few statements are written by hand.
const (
	resettableSQL  = `select tenant_id, tenant_name, staff_id from staff_reset_request($1)`
	createResetSQL = `select staff_reset_create($1, $2, $3, $4, $5, $6, $7, $8)`
	peekLinkSQL    = `select state, purpose, tenant_name, email, expires_at from staff_link_peek($1)`
	useLinkSQL     = `select tenant_id, staff_id from staff_link_use($1, $2, $3, $4, $5, $6)`
)

// Resettable is an account whose password the owner of an address may choose anew.
type Resettable struct {
	TenantID uuid.UUID
	Company  string
	StaffID  uuid.UUID
}

// Resettable lists the accounts, at most five, of an e-mail address. It writes nothing.
func (s *Store) Resettable(ctx context.Context, email string) ([]Resettable, error) {
	return db.Door(ctx, s.pool, func(ctx context.Context, q db.Querier) ([]Resettable, error) {
		rows, err := q.Query(ctx, resettableSQL, email)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, pgx.RowToStructByPos[Resettable])
	})
}

// LinkMailText is the text of the mail that goes with a change.
type LinkMailText struct{ Subject, Body string }

// CreateReset stores a link that works for platform.LinkLife, by the hash of its secret, with the mail that carries it.
// It is false when the address does not have the account (any more). Of in, only where from and which request count.
func (s *Store) CreateReset(ctx context.Context, a Resettable, in db.Intent, email string, hash []byte, m LinkMailText) (bool, error) {
	return db.Door(ctx, s.pool, func(ctx context.Context, q db.Querier) (created bool, err error) {
		err = q.QueryRow(ctx, createResetSQL, a.TenantID, a.StaffID, email, hash, m.Subject, m.Body, fromText(in), in.RequestID).Scan(&created)
		return created, err
	})
}

// fromText is the address for the audit log, "" for none.
func fromText(in db.Intent) string {
	if !in.From.IsValid() {
		return ""
	}
	return in.From.String()
}

// The states of a link.
const (
	LinkValid   = "valid"
	LinkUsed    = "used"
	LinkExpired = "expired"
	LinkUnknown = "unknown"
)

// PasswordLink is what the bearer of a link may know before using it. All but State is empty for an unknown one.
type PasswordLink struct {
	State          string
	Invitation     bool // else a reset
	Company, Email string
	Expires        time.Time
}

// PeekLink looks a link up and changes nothing.
func (s *Store) PeekLink(ctx context.Context, hash []byte) (PasswordLink, error) {
	return db.Door(ctx, s.pool, func(ctx context.Context, q db.Querier) (l PasswordLink, err error) {
		var purpose string
		err = q.QueryRow(ctx, peekLinkSQL, hash).Scan(&l.State, &purpose, &l.Company, &l.Email, &l.Expires)
		l.Invitation = purpose == "staff_invite"
		return l, err
	})
}

// UseLink consumes a link, once however many try, and stores the hash of the chosen password. It ends every session of
// the person, and queues m to whoever had a password before. db.ErrNotFound when the link opens nothing. Of in, only
// where from and which request count.
func (s *Store) UseLink(ctx context.Context, in db.Intent, hash []byte, passwordHash string, m LinkMailText) error {
	_, err := db.Door(ctx, s.pool, func(ctx context.Context, q db.Querier) (struct{}, error) {
		var company, person uuid.UUID
		err := q.QueryRow(ctx, useLinkSQL, hash, passwordHash, m.Subject, m.Body, fromText(in), in.RequestID).Scan(&company, &person)
		return struct{}{}, err
	})
	return err
}
