package isolation

import (
	"slices"
)

// Person is somebody who asks, in one session or without.
type Person struct {
	Name    string
	Portal  string // whose token it is; "" for none
	Role    string // as the token says
	Company string // letter in testdata/company.sql
	Staff   string // name of the member of staff there
	// Resident is the person's name, Unit the home in the token.
	Resident, Unit, Development, HouseType string
	// Limited are the only developments that a member of staff sees; nil means all.
	Limited []string
	// Dead says that the token is good and the session, or what it stands for, is not.
	Dead bool
	// Broken is a token that no portal has signed like this.
	Broken func(*World) string
}

// may reports whether the person may see what belongs to an owner.
func (p Person) may(o Owner) bool {
	if p.Portal == "" || p.Dead || o.Company != id(p.Company, "tenant") {
		return false
	}
	if p.Role != roleOfResidents {
		return p.Limited == nil || o.Development == "" || slices.ContainsFunc(p.Limited, func(d string) bool { return o.Development == id(p.Company, d) })
	}
	own := func(is, name string) bool { return is == "" || is == id(p.Company, name) }
	return own(o.Development, p.Development) && own(o.HouseType, p.HouseType) && own(o.Unit, p.Unit) && own(o.Resident, p.Resident)
}

// mayChange reports whether rows may be others after the person has asked. Who has moved out can still end their own
// session, with its entry in the audit log.
func (p Person) mayChange(g group) bool {
	own := p.Dead && p.Resident != "" && g.owner.Company == id(p.Company, "tenant") &&
		(g.owner.Resident == id(p.Company, p.Resident) || g.table == "audit_log")
	return own || p.may(g.owner)
}

// sees reports whether the person may see a mark: what no grant gives a role is nobody's there.
func (p Person) sees(w *World, m Mark) bool {
	if m.Column == secretColumn || m.Column == "id" {
		return p.may(m.Owner)
	}
	return p.may(m.Owner) && (p.Role != roleOfResidents || w.readable(m.Table, m.Column, roleResident))
}

const roleOfResidents = "resident"

const (
	developerPortal = "developer-portal"
	tenantPortal    = "tenant-portal"
)

// people are everybody who asks, the attackers of company b last: whoever attacks must not change their victims'
// company, so nobody of it asks meanwhile.
var people = []Person{
	{Name: "nobody"},
	{Name: "a made-up token", Broken: func(*World) string { return "abc.def.ghi" }},
	{Name: "viewer", Portal: developerPortal, Role: "viewer", Company: "a", Staff: "viewer"},
	{Name: "developer", Portal: developerPortal, Role: "developer", Company: "a", Staff: "developer"},
	{Name: "limited developer", Portal: developerPortal, Role: "developer", Company: "a", Staff: "limited", Limited: []string{"quay"}},
	{Name: "admin", Portal: developerPortal, Role: "admin", Company: "a", Staff: "admin"},
	{Name: "admin whose session was ended", Portal: developerPortal, Role: "admin", Company: "a", Staff: "admin", Dead: true},
	{Name: "viewer whose token says admin", Portal: developerPortal, Role: "admin", Company: "a", Staff: "viewer", Dead: true},
	{Name: "disabled developer", Portal: developerPortal, Role: "developer", Company: "a", Staff: "gone", Dead: true},
	{Name: "resident", Portal: tenantPortal, Role: roleOfResidents, Company: "a", Resident: "anna", Unit: "home-1", Development: "park", HouseType: "type-a"},
	{Name: "resident of another home and type", Portal: tenantPortal, Role: roleOfResidents, Company: "a", Resident: "cleo", Unit: "home-2", Development: "park", HouseType: "type-b"},
	{Name: "resident of another development", Portal: tenantPortal, Role: roleOfResidents, Company: "a", Resident: "dara", Unit: "home-3", Development: "quay", HouseType: "type-q"},
	{Name: "resident who has moved out", Portal: tenantPortal, Role: roleOfResidents, Company: "a", Resident: "eve", Unit: "home-1", Development: "park", HouseType: "type-a", Dead: true},
	{Name: "resident with another home's id", Portal: tenantPortal, Role: roleOfResidents, Company: "a", Resident: "anna", Unit: "home-2", Development: "park", HouseType: "type-b", Dead: true},
	{Name: "other company's admin", Portal: developerPortal, Role: "admin", Company: "b", Staff: "admin"},
	{Name: "other company's resident", Portal: tenantPortal, Role: roleOfResidents, Company: "b", Resident: "anna", Unit: "home-1", Development: "park", HouseType: "type-a"},
}

// other is the company that a person must not reach.
func (p Person) other() string {
	if p.Company == "b" {
		return "a"
	}
	return "b"
}
