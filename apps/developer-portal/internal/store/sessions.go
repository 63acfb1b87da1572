package store

import (
	"context"
	"time"

	"github.com/google/uuid"

	"openhouse.example/packages/db"
	"openhouse.example/packages/platform"
)

// OpenSession begins a session of an account whose password was right, until expires.
func (s *Store) OpenSession(ctx context.Context, a Account, in db.Intent, expires time.Time, userAgent string) (Staff, error) {
	who := Staff{TenantID: a.TenantID, ID: a.StaffID, SessionID: uuid.New(), Role: a.Role}
	in.Subject = who.ID
	_, err := db.Write(ctx, s.pool, who.unguarded(), in, func(ctx context.Context, tx *db.Tx) (struct{}, error) {
		return struct{}{}, platform.OpenStaffSession(ctx, tx, platform.StaffSession{
			TenantID: who.TenantID, ID: who.SessionID, StaffID: who.ID, Expires: expires, From: in.From, UserAgent: userAgent,
		})
	})
	return who, err
}

// EndSession revokes who's session: its token opens nothing from now on. One that is over already is no error.
func (s *Store) EndSession(ctx context.Context, who Staff, in db.Intent) error {
	_, err := db.Write(ctx, s.pool, who.unguarded(), in, func(ctx context.Context, tx *db.Tx) (bool, error) {
		return platform.EndSession(ctx, tx, who.TenantID, who.SessionID)
	})
	return err
}
