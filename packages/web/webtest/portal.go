package webtest

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"openhouse.example/packages/web/auth"
)

// Portal issues tokens for one portal, under a key of its own.
type Portal struct {
	Name     string // auth.PortalDeveloper or auth.PortalTenant
	Key      auth.Key
	PEM      []byte // the key, for a portal that reads its configuration
	Issuer   *auth.Issuer
	Verifier *auth.Verifier
}

// NewPortal makes a key and what goes with it. issuer is the tokens' iss.
func NewPortal(t testing.TB, name, issuer string) *Portal {
	t.Helper()
	key, text, err := auth.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	i, err := auth.NewIssuer(name, issuer, key)
	if err != nil {
		t.Fatal(err)
	}
	v, err := auth.NewVerifier(name, issuer, auth.PublicKeys([]auth.Key{key}))
	if err != nil {
		t.Fatal(err)
	}
	return &Portal{Name: name, Key: key, PEM: text, Issuer: i, Verifier: v}
}

// Principal makes up somebody with a role of this portal.
func (p *Portal) Principal(role auth.Role) auth.Principal {
	who := auth.Principal{
		Portal: p.Name, Role: role, Subject: uuid.New(), TenantID: uuid.New(), SessionID: uuid.New(),
		Expires: time.Now().Add(time.Hour),
	}
	if role == auth.RoleResident {
		who.DevelopmentID, who.UnitID = uuid.New(), uuid.New()
	}
	return who
}

// Token signs a token for somebody made up, with a role of this portal.
func (p *Portal) Token(t testing.TB, role auth.Role) string {
	t.Helper()
	token, err := p.Issuer.Issue(p.Principal(role))
	if err != nil {
		t.Fatal(err)
	}
	return token
}
