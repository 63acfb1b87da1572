package platform

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/db"
)

// Ledger makes writes repeatable and writes them down: it is the db.Ledger on
// the tables idempotency_keys and audit_log. A key belongs to a company, a person,
// a route and a body for 24 hours.
type Ledger struct{}

var _ db.Ledger = Ledger{}

const (
	// claimKey waits for another transaction that has just claimed the same key.
	claimKey = `insert into idempotency_keys (tenant_id, subject_id, key, route, body_hash)
		values ($1, $2, $3, $4, $5) on conflict do nothing`

	// reclaimKey takes over a key whose 24 hours are over.
	reclaimKey = `update idempotency_keys
		set route = $4, body_hash = $5, answer = null, created_at = now(), expires_at = now() + interval '24 hours'
		where tenant_id = $1 and subject_id = $2 and key = $3 and expires_at <= now()`

	readKey = `select route, body_hash, answer from idempotency_keys
		where tenant_id = $1 and subject_id = $2 and key = $3 and expires_at > now()`

	settleKey = `update idempotency_keys set answer = $4 where tenant_id = $1 and subject_id = $2 and key = $3`

	writeEvent = `insert into audit_log (tenant_id, id, actor_kind, actor_id, action, object, object_id, detail, request_id, from_ip)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
)

// claims is how often a key may change hands under our eyes before we give up.
const claims = 3

// Claim takes the key of in, or finds it taken. A second request with the key
// waits until the first has ended, then gets its answer, or the key if the first
// was rolled back.
//
// Errors: db.ErrKeyReused for another route or body under the key, db.ErrKeyBusy
// if the first request took longer than the login's lock_timeout.
func (Ledger) Claim(ctx context.Context, q db.Querier, s db.Scope, in db.Intent) (answer []byte, repeated bool, err error) {
	if in.Subject == uuid.Nil {
		return nil, false, errors.New("platform: an idempotency key needs the person it belongs to: set Intent.Subject")
	}
	hash := in.BodyHash
	if hash == nil {
		hash = []byte{} // nil would be NULL
	}
	for range claims {
		tag, err := q.Exec(ctx, claimKey, s.TenantID, in.Subject, in.Key, in.Route, hash)
		if err != nil {
			return nil, false, busy(err)
		}
		if tag.RowsAffected() == 1 {
			return nil, false, nil
		}
		first, found, err := readClaim(ctx, q, s, in)
		if err != nil {
			return nil, false, err
		}
		if !found { // its time is over
			tag, err := q.Exec(ctx, reclaimKey, s.TenantID, in.Subject, in.Key, in.Route, hash)
			if err != nil {
				return nil, false, busy(err)
			}
			if tag.RowsAffected() == 1 {
				return nil, false, nil
			}
			continue // somebody was faster, or it was cleared away
		}
		if first.route != in.Route || !bytes.Equal(first.hash, hash) {
			return nil, false, db.ErrKeyReused
		}
		return first.answer, true, nil
	}
	return nil, false, db.ErrKeyBusy
}

// claim is a key that another request holds.
type claim struct {
	route        string
	hash, answer []byte
}

func readClaim(ctx context.Context, q db.Querier, s db.Scope, in db.Intent) (c claim, found bool, err error) {
	rows, err := q.Query(ctx, readKey, s.TenantID, in.Subject, in.Key)
	if err != nil {
		return claim{}, false, err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&c.route, &c.hash, &c.answer); err != nil {
			return claim{}, false, err
		}
		found = true
	}
	return c, found, rows.Err()
}

// busy gives a wait that was too long its name. It ends the other error's chain:
// to the caller this is not any lock, but this one.
func busy(err error) error {
	if errors.Is(err, db.ErrLockTimeout) {
		return fmt.Errorf("%w: %v", db.ErrKeyBusy, err) //nolint:errorlint // see above
	}
	return err
}

// Settle stores the answer under the key and writes the events, in one round
// trip. The actor of an event is the person of in, as the scope's role names them.
func (Ledger) Settle(ctx context.Context, q db.Querier, s db.Scope, in db.Intent, answer []byte, events []db.Event) error {
	kind, err := actorKind(s.Role)
	if err != nil {
		return fmt.Errorf("platform: %w", err)
	}
	b := &pgx.Batch{}
	if in.Key != "" {
		b.Queue(settleKey, s.TenantID, in.Subject, in.Key, answer)
	}
	for _, e := range events {
		detail, err := details(e)
		if err != nil {
			return err
		}
		id, err := uuid.NewV7()
		if err != nil {
			return fmt.Errorf("platform: make an id: %w", err)
		}
		b.Queue(writeEvent, s.TenantID, id, kind, optional(in.Subject), e.Action, e.Object, optional(e.ObjectID),
			detail, in.RequestID, addressText(in.From))
	}
	if b.Len() == 0 {
		return nil
	}
	return execAll(ctx, q, b)
}

// execAll runs a batch whose every statement must touch one row.
func execAll(ctx context.Context, q db.Querier, b *pgx.Batch) error {
	results := q.SendBatch(ctx, b)
	for range b.Len() {
		tag, err := results.Exec()
		if err == nil && tag.RowsAffected() != 1 {
			err = fmt.Errorf("platform: settle a write: %d rows instead of one: is the person of the scope the person of the intent?", tag.RowsAffected())
		}
		if err != nil {
			return errors.Join(err, results.Close())
		}
	}
	return results.Close()
}

func details(e db.Event) (string, error) {
	if e.Detail == nil {
		return "{}", nil
	}
	text, err := json.Marshal(e.Detail)
	if err != nil {
		return "", fmt.Errorf("platform: the detail of %s can't be written as JSON: %w", e.Action, err)
	}
	return string(text), nil
}

// optional is an id that may be missing.
func optional(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

func addressText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}
