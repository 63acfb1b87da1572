package auth

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Principal is the person behind a verified token. It is the only source of
// tenant, home and role: none of them is ever read from a path, a query, a body
// or another header.
type Principal struct {
	Portal    string    // the audience: PortalDeveloper or PortalTenant
	Subject   uuid.UUID // the staff member's or the resident's id
	TenantID  uuid.UUID // the company
	SessionID uuid.UUID // the row in sessions that can be revoked
	Role      Role

	// Residents only; uuid.Nil for staff.
	DevelopmentID uuid.UUID
	UnitID        uuid.UUID

	Expires time.Time // end of the token, whole seconds
}

// validate checks that a principal is one that the portal may have: both the
// issuer and the verifier ask it, so neither can be wider than the other.
func (p Principal) validate() error {
	if Roles(p.Portal) == nil {
		return fmt.Errorf("portal %q is not known; use PortalDeveloper or PortalTenant", p.Portal)
	}
	if p.Role.Portal() != p.Portal {
		return fmt.Errorf("role %q does not belong to the %s", p.Role, p.Portal)
	}
	for _, id := range []struct {
		name  string
		value uuid.UUID
	}{{"sub", p.Subject}, {"tenant_id", p.TenantID}, {"sid", p.SessionID}} {
		if id.value == uuid.Nil {
			return fmt.Errorf("%s is missing", id.name)
		}
	}
	home := p.DevelopmentID != uuid.Nil && p.UnitID != uuid.Nil
	none := p.DevelopmentID == uuid.Nil && p.UnitID == uuid.Nil
	if p.Role == RoleResident && !home {
		return errors.New("a resident needs development_id and unit_id")
	}
	if p.Role != RoleResident && !none {
		return errors.New("a staff token has no development_id and no unit_id")
	}
	return nil
}
