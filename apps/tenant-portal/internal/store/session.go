package store

import (
	"context"
	"time"

	"openhouse.example/packages/db"
	"openhouse.example/packages/platform"
)

// ExtendSession lets who's session live for step from now on, but no longer than most since it began, and returns
// its new end.
func (s *Store) ExtendSession(ctx context.Context, who Resident, in db.Intent, step, most time.Duration) (time.Time, error) {
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (time.Time, error) {
		return platform.ExtendSession(ctx, tx, who.TenantID, who.SessionID, step, most)
	})
}

// EndSession revokes who's session: its token opens nothing from now on. One that is over already is no error.
func (s *Store) EndSession(ctx context.Context, who Resident, in db.Intent) error {
	_, err := db.Write(ctx, s.pool, who.unguarded(), in, func(ctx context.Context, tx *db.Tx) (bool, error) {
		return platform.EndSession(ctx, tx, who.TenantID, who.SessionID)
	})
	return err
}
