package stack

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"openhouse.example/packages/web/auth"
)

// Password is everybody's whom this package makes. PasswordHash is stored as it was made once, so that fixtures cost
// nothing and a portal that could no longer read old hashes would fail its tests.
const (
	Password     = "Longview Park is open"
	PasswordHash = "$argon2id$v=19$m=19456,t=2,p=1$JUQcRCsIM4M+6d5/EOMdmg$/omHe42J4n6ZyyD4ovqwBsHgaIfC9NrWjOsCQRF8tbw"
)

// Company is a company with one administrator, made by an operator's hand: the way in comes with a later command.
type Company struct {
	ID    uuid.UUID
	Name  string
	Admin uuid.UUID
	Email string // the administrator's, who signs in with Password
}

// NewCompany makes a company and its first administrator.
func (s *Stack) NewCompany(name string) Company {
	c := Company{ID: uuid.New(), Name: name, Admin: uuid.New()}
	slug := strings.ToLower(strings.ReplaceAll(name, " ", "-"))
	c.Email = "admin@" + slug + ".example.org"
	s.DB.Exec("insert into tenants (id, name, slug, demo) values ($1, $2, $3, true)", c.ID, name, slug)
	s.DB.Exec("insert into staff (tenant_id, id, email, full_name, role, password_hash) values ($1, $2, $3, 'Ada Example', 'admin', $4)",
		c.ID, c.Admin, c.Email, PasswordHash)
	return c
}

// Person is a member of a company's staff who signs in with Password.
type Person struct {
	ID    uuid.UUID
	Email string
	Role  auth.Role
}

// NewStaff adds somebody to a company.
func (s *Stack) NewStaff(c Company, role auth.Role) Person {
	p := Person{ID: uuid.New(), Role: role}
	p.Email = string(role) + "-" + p.ID.String()[:8] + "@" + c.Email[strings.IndexByte(c.Email, '@')+1:]
	s.DB.Exec("insert into staff (tenant_id, id, email, full_name, role, password_hash) values ($1, $2, $3, 'Vera Example', $4, $5)",
		c.ID, p.ID, p.Email, string(role), PasswordHash)
	return p
}

// Token opens a session for the company's administrator and returns its token, as signing in would.
func (s *Stack) Token(t testing.TB, c Company) string {
	t.Helper()
	return s.TokenFor(t, c, Person{ID: c.Admin, Email: c.Email, Role: auth.RoleAdmin})
}

// TokenFor opens a session for a member of staff and returns its token, as signing in would.
func (s *Stack) TokenFor(t testing.TB, c Company, p Person) string {
	t.Helper()
	session := uuid.New()
	s.DB.Exec(`insert into sessions (tenant_id, id, kind, staff_id, expires_at) values ($1, $2, 'staff', $3, now() + interval '8 hours')`,
		c.ID, session, p.ID)
	issuer, err := auth.NewIssuer(auth.PortalDeveloper, s.Developer.URL, s.Developer.Key)
	if err != nil {
		t.Fatal(err)
	}
	token, err := issuer.Issue(auth.Principal{
		Subject: p.ID, TenantID: c.ID, SessionID: session, Role: p.Role, Expires: time.Now().Add(8 * time.Hour).Truncate(time.Second),
	})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// NewResident gives a company a development with one home and somebody who lives there, and returns a token of that
// person, as a one-time link would give, with the first line of the home's address.
func (s *Stack) NewResident(t testing.TB, c Company) (token, address string) {
	t.Helper()
	development, houseType, unit, resident, session := uuid.New(), uuid.New(), uuid.New(), uuid.New(), uuid.New()
	address = "14 Rowan Lane"
	email := "resident-" + resident.String()[:8] + "@example.org"
	s.DB.Exec(`insert into developments (tenant_id, id, slug, name) values ($1, $2, $3, 'Mill Yard')`, c.ID, development, "mill-yard-"+development.String()[:8])
	s.DB.Exec(`insert into house_types (tenant_id, id, development_id, code, name) values ($1, $2, $3, 'A', '2 bed terrace')`, c.ID, houseType, development)
	s.DB.Exec(`insert into units (tenant_id, id, development_id, house_type_id, unit_number, address_line_1, status, purchaser_email)
		values ($1, $2, $3, $4, '14', $5, 'handed_over', $6)`, c.ID, unit, development, houseType, address, email)
	s.DB.Exec(`insert into residents (tenant_id, id, email, full_name) values ($1, $2, $3, 'Rosa Example')`, c.ID, resident, email)
	s.DB.Exec(`insert into occupancies (tenant_id, id, development_id, unit_id, resident_id) values ($1, $2, $3, $4, $5)`,
		c.ID, uuid.New(), development, unit, resident)
	s.DB.Exec(`insert into sessions (tenant_id, id, kind, resident_id, development_id, unit_id, expires_at)
		values ($1, $2, 'resident', $3, $4, $5, now() + interval '1 day')`, c.ID, session, resident, development, unit)
	issuer, err := auth.NewIssuer(auth.PortalTenant, s.Tenant.URL, s.Tenant.Key)
	if err != nil {
		t.Fatal(err)
	}
	token, err = issuer.Issue(auth.Principal{
		Subject: resident, TenantID: c.ID, SessionID: session, Role: auth.RoleResident, DevelopmentID: development, UnitID: unit,
		Expires: time.Now().Add(23 * time.Hour).Truncate(time.Second),
	})
	if err != nil {
		t.Fatal(err)
	}
	return token, address
}
