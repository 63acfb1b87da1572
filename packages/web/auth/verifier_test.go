package auth_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"openhouse.example/packages/web/auth"
)

func TestIssueAndVerify(t *testing.T) {
	t.Parallel()
	for _, p := range []auth.Principal{staff(), resident()} {
		b := newBench(t, p.Portal)
		token, err := b.issuer.Issue(p)
		if err != nil {
			t.Fatal(err)
		}
		got, err := b.verifier.Verify(token)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p, got); diff != "" {
			t.Errorf("%s: principal changed on the way (-in +out):\n%s", p.Role, diff)
		}
	}
}

// TestClaimNames holds the payload to the table of the contract.
func TestClaimNames(t *testing.T) {
	t.Parallel()
	s, r := staff(), resident()
	for _, c := range []struct {
		p    auth.Principal
		want map[string]any
	}{
		{s, map[string]any{
			"iss": issuer, "aud": "developer-portal", "sub": s.Subject.String(), "tenant_id": s.TenantID.String(),
			"role": "developer", "sid": s.SessionID.String(), "exp": float64(s.Expires.Unix()), "iat": float64(now.Unix()),
		}},
		{r, map[string]any{
			"iss": issuer, "aud": "tenant-portal", "sub": r.Subject.String(), "tenant_id": r.TenantID.String(),
			"development_id": r.DevelopmentID.String(), "unit_id": r.UnitID.String(),
			"role": "resident", "sid": r.SessionID.String(), "exp": float64(r.Expires.Unix()), "iat": float64(now.Unix()),
		}},
	} {
		token, err := newBench(t, c.p.Portal).issuer.Issue(c.p)
		if err != nil {
			t.Fatal(err)
		}
		body, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("claims of a %s (-want +got):\n%s", c.p.Role, diff)
		}
	}
}

func TestLeewayIsThirtySeconds(t *testing.T) {
	t.Parallel()
	b := newBench(t, auth.PortalDeveloper)
	p := payload()
	for name, body := range map[string]object{
		"expired 29 s ago": with(with(p, "iat", now.Add(-time.Hour).Unix()), "exp", now.Add(-29*time.Second).Unix()),
		"issued in 29 s":   with(p, "iat", now.Add(29*time.Second).Unix()),
		"valid in 29 s":    with(p, "nbf", now.Add(29*time.Second).Unix()),
	} {
		if _, err := b.verifier.Verify(sign(b.key, encode(header(b.key)), encode(body))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSizeIsLimitedFirst: a token that is right in everything but its size.
func TestSizeIsLimitedFirst(t *testing.T) {
	t.Parallel()
	long := "https://" + strings.Repeat("a", auth.MaxTokenBytes) + ".example.org"
	key, _, err := auth.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	i, err := auth.NewIssuer(auth.PortalDeveloper, long, key, auth.WithClock(clock))
	if err != nil {
		t.Fatal(err)
	}
	v, err := auth.NewVerifier(auth.PortalDeveloper, long, auth.PublicKeys([]auth.Key{key}), auth.WithClock(clock))
	if err != nil {
		t.Fatal(err)
	}
	token, err := i.Issue(staff())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(token); !errors.Is(err, auth.ErrInvalidToken) {
		t.Errorf("a token of %d bytes gives %v, want ErrInvalidToken", len(token), err)
	}
}

// TestClockIsAskedEachTime guards against a cached time.
func TestClockIsAskedEachTime(t *testing.T) {
	t.Parallel()
	moving := now
	key, _, err := auth.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	i, err := auth.NewIssuer(auth.PortalDeveloper, issuer, key, auth.WithClock(clock))
	if err != nil {
		t.Fatal(err)
	}
	v, err := auth.NewVerifier(auth.PortalDeveloper, issuer, []ed25519.PublicKey{key.Public()},
		auth.WithClock(func() time.Time { return moving }))
	if err != nil {
		t.Fatal(err)
	}
	token, err := i.Issue(staff())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(token); err != nil {
		t.Fatal(err)
	}
	moving = now.Add(8*time.Hour + auth.Leeway)
	if _, err := v.Verify(token); !errors.Is(err, auth.ErrInvalidToken) {
		t.Errorf("after its end the token gives %v, want ErrInvalidToken", err)
	}
}

// TestKeysCanBeChanged rolls a key over while tokens of both are about.
func TestKeysCanBeChanged(t *testing.T) {
	t.Parallel()
	old, next := newBench(t, auth.PortalDeveloper), newBench(t, auth.PortalDeveloper)
	oldToken, err := old.issuer.Issue(staff())
	if err != nil {
		t.Fatal(err)
	}
	nextToken, err := next.issuer.Issue(staff())
	if err != nil {
		t.Fatal(err)
	}
	v := old.verifier
	if _, err := v.Verify(nextToken); !errors.Is(err, auth.ErrInvalidToken) {
		t.Fatalf("an unknown key's token gives %v", err)
	}
	if err := v.SetKeys(auth.PublicKeys([]auth.Key{next.key, old.key})); err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{"old": oldToken, "next": nextToken} {
		if _, err := v.Verify(token); err != nil {
			t.Errorf("%s token while both keys are held: %v", name, err)
		}
	}
	if err := v.SetKeys(auth.PublicKeys([]auth.Key{next.key})); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(oldToken); !errors.Is(err, auth.ErrInvalidToken) {
		t.Errorf("a dropped key's token gives %v", err)
	}
	if err := v.SetKeys(nil); err == nil {
		t.Error("SetKeys took no keys at all")
	}
	if err := v.SetKeys([]ed25519.PublicKey{{1, 2}}); err == nil {
		t.Error("SetKeys took a key of two bytes")
	}
	if _, err := v.Verify(nextToken); err != nil {
		t.Errorf("a refused change touched the keys: %v", err)
	}
}

func TestIssueRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t, auth.PortalDeveloper)
	change := func(f func(*auth.Principal)) auth.Principal { p := staff(); f(&p); return p }
	for name, p := range map[string]auth.Principal{
		"the other portal": resident(),
		"a resident here":  change(func(p *auth.Principal) { p.Role = auth.RoleResident }),
		"no role":          change(func(p *auth.Principal) { p.Role = "" }),
		"no tenant":        change(func(p *auth.Principal) { p.TenantID = [16]byte{} }),
		"no session":       change(func(p *auth.Principal) { p.SessionID = [16]byte{} }),
		"no subject":       change(func(p *auth.Principal) { p.Subject = [16]byte{} }),
		"staff in a home":  change(func(p *auth.Principal) { p.UnitID = p.Subject }),
		"no end":           change(func(p *auth.Principal) { p.Expires = time.Time{} }),
		"an end gone by":   change(func(p *auth.Principal) { p.Expires = now }),
		"too long a life":  change(func(p *auth.Principal) { p.Expires = now.Add(auth.MaxLife + time.Second) }),
	} {
		if token, err := b.issuer.Issue(p); err == nil {
			t.Errorf("%s: a token was issued: %s", name, token)
		}
	}
	ownPortal := change(func(p *auth.Principal) { p.Portal = "" })
	if _, err := b.issuer.Issue(ownPortal); err != nil {
		t.Errorf("an empty portal means the issuer's own: %v", err)
	}
}

func TestConstructorsRefuse(t *testing.T) {
	t.Parallel()
	key, _, err := auth.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	public := auth.PublicKeys([]auth.Key{key})
	for name, build := range map[string]func() error{
		"verifier of an unknown portal": func() error { _, err := auth.NewVerifier("admin", issuer, public); return err },
		"verifier without an issuer":    func() error { _, err := auth.NewVerifier(auth.PortalTenant, "", public); return err },
		"verifier without a key":        func() error { _, err := auth.NewVerifier(auth.PortalTenant, issuer, nil); return err },
		"issuer for an unknown portal":  func() error { _, err := auth.NewIssuer("", issuer, key); return err },
		"issuer without a name":         func() error { _, err := auth.NewIssuer(auth.PortalTenant, "", key); return err },
		"issuer without a key":          func() error { _, err := auth.NewIssuer(auth.PortalTenant, issuer, auth.Key{}); return err },
	} {
		if build() == nil {
			t.Errorf("%s was made", name)
		}
	}
}
