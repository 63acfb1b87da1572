package store

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"openhouse.example/packages/db"
	"openhouse.example/packages/platform"
)

const claimSQL = `select onboarding_claim($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`

// Claim is what somebody says who has come with a printed code, and every mail that may follow from it. Which of them
// is sent the database decides, and tells nobody.
type Claim struct {
	CodeHash    []byte
	ID          uuid.UUID // the same for the same form: it is carried out once
	Email, Name string
	TokenHash   []byte // of the link that is in Link
	Silent      bool   // no mail to Email, which has had its share

	Link    Mail // to an address that may enter the home
	Waits   Mail // to any other: staff are asked
	Refused Mail // to any other when as many as may wait for one home do
	Told    Mail // to those who live there, at most once an hour

	From, RequestID string
}

// Claim takes a claim. It is false when the code invites nowhere, and tells nothing else: not whose the home is, not
// which mail was written.
func (s *Store) Claim(ctx context.Context, c Claim) (taken bool, err error) {
	return whole(func() (bool, error) {
		return db.Door(ctx, s.pool, func(ctx context.Context, q db.Querier) (taken bool, err error) {
			err = q.QueryRow(ctx, claimSQL, c.CodeHash, c.ID, c.Email, c.Name, c.TokenHash, !c.Silent,
				c.Link.Subject, c.Link.Body, c.Waits.Subject, c.Waits.Body, c.Refused.Subject, c.Refused.Body,
				c.Told.Subject, c.Told.Body, c.From, c.RequestID).Scan(&taken)
			return taken, err
		})
	})
}

// Invite finds a printed code by the hash of its secret. It changes nothing.
func (s *Store) Invite(ctx context.Context, hash []byte) (platform.Invite, error) {
	return platform.LookUpInvite(ctx, s.pool, hash)
}

// CountScan counts that somebody has come with a printed code.
func (s *Store) CountScan(ctx context.Context, hash []byte) error {
	_, err := platform.CountScan(ctx, s.pool, hash)
	return err
}

// Spent is whether bucket has most attempts already; it counts none.
func (s *Store) Spent(ctx context.Context, bucket string, most int) (bool, error) {
	return platform.RateSpent(ctx, s.pool, bucket, most)
}

// collisions is how often whole begins anew.
const collisions = 5

// whole runs the one call of a door again that Postgres has undone because it stood in another transaction's way, such
// as that of staff who decide about the same person at this moment. Nothing of it was done, so it may.
func whole[T any](do func() (T, error)) (value T, err error) {
	for range collisions {
		if value, err = do(); !errors.Is(err, db.ErrConflict) {
			break
		}
	}
	return value, err
}
