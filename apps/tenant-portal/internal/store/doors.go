package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/db"
	"openhouse.example/packages/platform"
)

// The generator does not know the columns of functions, so these few statements are written by hand.
const (
	homesOfSQL = `select tenant_id, tenant_name, unit_id, unit_label, development_name from resident_link_request($1)`
	createSQL  = `select resident_link_create($1, $2, $3, $4, $5, $6, $7, $8)`
	peekSQL    = `select state, tenant_name, development_name from resident_link_peek($1)`
	enterSQL   = `select tenant_id, resident_id, unit_id, development_id from resident_enter($1, $2, $3, $4, $5)`
)

// Enterable is a home that an e-mail address may enter.
type Enterable struct {
	TenantID          uuid.UUID
	Company           string
	UnitID            uuid.UUID
	Home, Development string
}

// Enterable lists the homes, at most five, that the owner of an e-mail address may enter. It writes nothing.
func (s *Store) Enterable(ctx context.Context, email string) ([]Enterable, error) {
	return db.Door(ctx, s.pool, func(ctx context.Context, q db.Querier) ([]Enterable, error) {
		rows, err := q.Query(ctx, homesOfSQL, email)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, pgx.RowToStructByPos[Enterable])
	})
}

// Mail is the text of one message.
type Mail struct{ Subject, Body string }

// CreateLink stores a link that works for platform.LinkLife, by the SHA-256 of its secret, together with the mail that
// carries it; in says who has asked. It is false when the address may not enter the home (any more).
func (s *Store) CreateLink(ctx context.Context, in db.Intent, home Enterable, email string, hash []byte, m Mail) (bool, error) {
	return db.Door(ctx, s.pool, func(ctx context.Context, q db.Querier) (created bool, err error) {
		err = q.QueryRow(ctx, createSQL, home.TenantID, home.UnitID, email, hash, m.Subject, m.Body,
			in.From.String(), in.RequestID).Scan(&created)
		return created, err
	})
}

// LinkState is what became of a link.
type LinkState string

// The states of a link.
const (
	LinkValid   LinkState = "valid"
	LinkUsed    LinkState = "used"
	LinkExpired LinkState = "expired"
	LinkUnknown LinkState = "unknown"
)

// Link is what the bearer of a link may know before entering. Company and Development are empty for an unknown one.
type Link struct {
	State                LinkState
	Company, Development string
}

// PeekLink looks a link up and changes nothing.
func (s *Store) PeekLink(ctx context.Context, hash []byte) (Link, error) {
	return db.Door(ctx, s.pool, func(ctx context.Context, q db.Querier) (l Link, err error) {
		err = q.QueryRow(ctx, peekSQL, hash).Scan(&l.State, &l.Company, &l.Development)
		return l, err
	})
}

// Entered is a resident who came in by a link, and the development of the home.
type Entered struct {
	Resident
	DevelopmentID uuid.UUID
}

// Enter consumes a link, once however many try, and opens the session until expires. The error is db.ErrNotFound
// when the link opens nothing.
func (s *Store) Enter(ctx context.Context, hash []byte, session uuid.UUID, expires time.Time, in db.Intent) (Entered, error) {
	return whole(func() (Entered, error) {
		return db.Door(ctx, s.pool, func(ctx context.Context, q db.Querier) (Entered, error) {
			e := Entered{Resident: Resident{SessionID: session}}
			err := q.QueryRow(ctx, enterSQL, hash, session, expires, in.From.String(), in.RequestID).Scan(&e.TenantID, &e.ID, &e.UnitID, &e.DevelopmentID)
			return e, err
		})
	})
}

// Hit counts an attempt in bucket and is false when there were most of them within span already.
func (s *Store) Hit(ctx context.Context, bucket string, most int, span time.Duration) (bool, error) {
	return platform.RateHit(ctx, s.pool, bucket, most, span)
}
