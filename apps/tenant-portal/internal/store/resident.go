package store

import (
	"github.com/google/uuid"

	"openhouse.example/apps/tenant-portal/internal/store/dbgen"
	"openhouse.example/packages/db"
	"openhouse.example/packages/platform"
)

// Role is the one database role that this portal's login is a member of.
const Role = platform.RoleResident

// Resident is the person in one home, in one session, on whose behalf a statement runs. It comes from a verified
// token and from nowhere else.
type Resident struct {
	TenantID, ID, UnitID, SessionID uuid.UUID
}

// scope shows this person's own home only. Its guard travels with the first statement and ends access as soon as
// the session, the occupancy or the person's account has ended (db.ErrScopeRefused).
func (r Resident) scope() db.Scope {
	scope := r.unguarded()
	scope.Guard = &db.Guard{SQL: dbgen.ResidentGuard, Args: []any{r.TenantID, r.SessionID, r.ID, r.UnitID}}
	return scope
}

// unguarded is the scope for signing out, which must also succeed when access has ended.
func (r Resident) unguarded() db.Scope {
	return db.Scope{
		Role:     Role,
		TenantID: r.TenantID,
		Settings: []db.Setting{
			{Name: "app.resident_id", Value: r.ID.String()},
			{Name: "app.unit_id", Value: r.UnitID.String()},
		},
	}
}
