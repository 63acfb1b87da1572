package auth_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"maps"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"openhouse.example/packages/web/auth"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const issuer = "https://developer.example.org"

var now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func clock() time.Time { return now }

// bench is one portal's issuer and verifier under a fixed clock.
type bench struct {
	key      auth.Key
	issuer   *auth.Issuer
	verifier *auth.Verifier
}

func newBench(t testing.TB, portal string) bench {
	t.Helper()
	key, _, err := auth.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	i, err := auth.NewIssuer(portal, issuer, key, auth.WithClock(clock))
	if err != nil {
		t.Fatal(err)
	}
	v, err := auth.NewVerifier(portal, issuer, []ed25519.PublicKey{key.Public()}, auth.WithClock(clock))
	if err != nil {
		t.Fatal(err)
	}
	return bench{key, i, v}
}

func staff() auth.Principal {
	return auth.Principal{
		Portal: auth.PortalDeveloper, Subject: uuid.New(), TenantID: uuid.New(), SessionID: uuid.New(),
		Role: auth.RoleDeveloper, Expires: now.Add(8 * time.Hour),
	}
}

func resident() auth.Principal {
	return auth.Principal{
		Portal: auth.PortalTenant, Subject: uuid.New(), TenantID: uuid.New(), SessionID: uuid.New(),
		Role: auth.RoleResident, DevelopmentID: uuid.New(), UnitID: uuid.New(), Expires: now.Add(24 * time.Hour),
	}
}

type object map[string]any

// header and payload of a token that passes, to be spoilt one member at a time.
func header(key auth.Key) object { return object{"alg": "EdDSA", "typ": "session+jwt", "kid": key.ID} }

func payload() object {
	return object{
		"iss": issuer, "aud": auth.PortalDeveloper, "sub": uuid.NewString(), "tenant_id": uuid.NewString(),
		"role": "admin", "sid": uuid.NewString(), "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
}

// with returns a copy of o with one member changed, or removed for nil.
func with(o object, name string, value any) object {
	c := maps.Clone(o)
	if value == nil {
		delete(c, name)
	} else {
		c[name] = value
	}
	return c
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

func segment(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// sign joins a raw header and a raw payload with a genuine signature.
func sign(key auth.Key, header, payload []byte) string {
	signed := segment(header) + "." + segment(payload)
	return signed + "." + segment(ed25519.Sign(key.Private, []byte(signed)))
}
