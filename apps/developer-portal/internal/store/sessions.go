package store

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/store/dbgen"
	"openhouse.example/packages/db"
	"openhouse.example/packages/platform"
)

// ErrPasswordReplaced refuses a session to somebody whose password was right when it was checked and no longer is.
var ErrPasswordReplaced = errors.New("the password was replaced, or the account disabled, after it was checked")

// OpenSession begins a session of an account whose password was right, until expires. ErrPasswordReplaced if it no
// longer is.
func (s *Store) OpenSession(ctx context.Context, a Account, in db.Intent, expires time.Time, userAgent string) (Staff, error) {
	who := Staff{TenantID: a.TenantID, ID: a.StaffID, SessionID: uuid.New(), Role: a.Role}
	in.Subject = who.ID
	_, err := db.Write(ctx, s.pool, who.unguarded(), in, func(ctx context.Context, tx *db.Tx) (struct{}, error) {
		err := platform.OpenStaffSession(ctx, tx, platform.StaffSession{
			TenantID: who.TenantID, ID: who.SessionID, StaffID: who.ID, Expires: expires, From: in.From, UserAgent: userAgent,
		})
		if a.Provider != uuid.Nil {
			tx.Audit(db.Event{Action: "session.exchange", Object: "identity_provider", ObjectID: a.Provider})
		}
		if err != nil || a.Password == nil {
			return struct{}{}, err
		}
		same, err := dbgen.New(tx).AccountIsAsChecked(ctx, dbgen.AccountIsAsCheckedParams{
			TenantID: who.TenantID, ID: who.ID, PasswordChangedAt: a.Password.ChangedAt,
		})
		if err == nil && !same {
			err = ErrPasswordReplaced
		}
		return struct{}{}, err
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
