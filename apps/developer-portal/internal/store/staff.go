package store

import (
	"context"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/store/dbgen"
	"openhouse.example/packages/db"
	"openhouse.example/packages/web/auth"
)

// Staff is a member of staff in one session, on whose behalf a statement runs. It comes from a verified token and
// from nowhere else.
type Staff struct {
	TenantID, ID, SessionID uuid.UUID
	Role                    string // as the token says; the guard compares it with today's
}

// may asks the table of actions, for what a statement may give out.
func (s Staff) may(a auth.Action) bool { return auth.Role(s.Role).May(a) }

// scope shows this person's company only. Its guard travels with the first statement and ends access as soon as the
// session, the account, its role or the company has ended (db.ErrScopeRefused).
func (s Staff) scope() db.Scope {
	scope := s.unguarded()
	scope.Guard = &db.Guard{SQL: dbgen.StaffGuard, Args: []any{s.TenantID, s.SessionID, s.ID, s.Role}}
	return scope
}

// unguarded is the scope for work that was begun in a living session and may end after it: an import that the person
// has committed goes on when they sign out. What the person may see still counts.
func (s Staff) unguarded() db.Scope {
	return db.Scope{
		Role:     Role,
		TenantID: s.TenantID,
		Settings: []db.Setting{{Name: "app.staff_id", Value: s.ID.String()}},
	}
}

// Frame is what stands around every page: the company, the person, and what waits for them.
type Frame struct {
	Company, Name, Email, Role string
	Limited                    bool  // sees some developments only
	Waiting                    int64 // requests that the person sees and nobody has decided
}

// Frame reads the frame of who's pages.
func (s *Store) Frame(ctx context.Context, who Staff) (Frame, error) {
	return db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, q db.Querier) (Frame, error) {
		row, err := dbgen.New(q).Frame(ctx, dbgen.FrameParams{TenantID: who.TenantID, StaffID: who.ID})
		return Frame{Company: row.Company, Name: row.FullName, Email: row.Email, Role: row.Role, Limited: row.Limited, Waiting: row.Requests}, err
	})
}
