package auth

// Portals, each the audience of its own tokens.
const (
	PortalDeveloper = "developer-portal"
	PortalTenant    = "tenant-portal"
)

// Role is what a person may do: the table of actions says it (actions.go). Roles are
// not ranked.
type Role string

// The roles: three of the staff, one of the residents.
const (
	RoleViewer    Role = "viewer"
	RoleDeveloper Role = "developer"
	RoleAdmin     Role = "admin"
	RoleResident  Role = "resident"
)

// Roles lists the roles that a portal admits, lowest first; nil for an unknown
// portal.
func Roles(portal string) []Role {
	switch portal {
	case PortalDeveloper:
		return []Role{RoleViewer, RoleDeveloper, RoleAdmin}
	case PortalTenant:
		return []Role{RoleResident}
	}
	return nil
}

// Portal names the portal that a role belongs to; "" for an unknown role.
func (r Role) Portal() string {
	switch r {
	case RoleViewer, RoleDeveloper, RoleAdmin:
		return PortalDeveloper
	case RoleResident:
		return PortalTenant
	}
	return ""
}
