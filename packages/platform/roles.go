package platform

import "fmt"

// The database's roles. A scope names one of them.
const (
	RoleStaff    = "openhouse_staff"
	RoleResident = "openhouse_resident"
	RoleWorker   = "openhouse_worker"
)

// actorKind is how the audit log calls whoever acts under a role.
func actorKind(role string) (string, error) {
	switch role {
	case RoleStaff:
		return "staff", nil
	case RoleResident:
		return "resident", nil
	case RoleWorker:
		return "worker", nil
	}
	return "", fmt.Errorf("role %q has no name in the audit log; use RoleStaff, RoleResident or RoleWorker", role)
}
