package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/webtest"
)

// provider is a company's own sign-in service, on this machine.
type provider struct {
	*httptest.Server
	issuer  string
	private ed25519.PrivateKey
	asked   atomic.Int64
	away    atomic.Bool
}

func newProvider(t testing.TB) *provider {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{private: private}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		p.asked.Add(1)
		if p.away.Load() {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		fmt.Fprintf(w, `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"2026","x":%q}]}`, base64.RawURLEncoding.EncodeToString(public))
	}))
	t.Cleanup(p.Close)
	p.issuer = p.URL + "/realm"
	return p
}

// token is one that the provider has signed for somebody, with changes.
func (p *provider) token(email string, changes map[string]any) string {
	claims := map[string]any{
		"iss": p.issuer, "aud": "openhouse", "sub": "0f3c", "email": email, "email_verified": true, "jti": rand.Text(),
		"iat": time.Now().Unix(), "exp": time.Now().Add(10 * time.Minute).Unix(),
	}
	for name, value := range changes {
		claims[name] = value
	}
	body := part(map[string]any{"alg": "EdDSA", "typ": "JWT", "kid": "2026"}) + "." + part(claims)
	return body + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(p.private, []byte(body)))
}

func part(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // maps of plain values
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// takes has a company take the provider's tokens.
func (s *site) takes(company uuid.UUID, p *provider) {
	s.db.Exec(`insert into tenant_identity_providers (tenant_id, id, issuer, audience, jwks_url, algorithms) values ($1, $2, $3, 'openhouse', $4, '{EdDSA}')`,
		company, uuid.New(), p.issuer, p.URL+"/keys")
}

// exchange sends a token as a program does.
func (c *client) exchange(token string) webtest.Answer {
	return c.PostJSON("/api/sign-in/token", map[string]string{"token": token})
}

func (s *site) emailOf(p person) string {
	return pgtest.Value[string](s.db, `select email from staff where id = $1`, p.id)
}

func TestATokenOfTheCompanysProviderOpensASession(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := newProvider(t)
	s.takes(s.company, p)
	viewer := s.addStaff(s.company, auth.RoleViewer) // who has no password
	c := s.client()
	answer := webtest.Decode[struct {
		Token     string
		ExpiresAt time.Time
	}](t, c.exchange(p.token(strings.ToUpper(s.emailOf(viewer)), nil)).Is(t, http.StatusOK))
	if left := time.Until(answer.ExpiresAt); left < 7*time.Hour || left > 8*time.Hour {
		t.Errorf("the session lives %v", left)
	}
	c.Get("/api/developments").Is(t, http.StatusOK) // by the cookie
	program := s.client()
	program.Token = answer.Token
	program.Get("/api/developments").Is(t, http.StatusOK)
	program.PostJSON("/api/developments", map[string]string{"name": "Mill Yard"}).Is(t, http.StatusForbidden)
	session := pgtest.Value[string](s.db, `select object_id::text from audit_log where action = 'session.begin' and actor_id = $1`, viewer.id)
	if n := pgtest.Value[int](s.db, `select count(*) from audit_log where action = 'session.exchange' and actor_id = $1
		and object_id = (select id from tenant_identity_providers)`, viewer.id); n != 1 || session == "" {
		t.Errorf("%d exchanges in the audit log", n)
	}
	s.db.Exec(`update sessions set revoked_at = now() where id = $1`, session)
	program.Get("/api/developments").Is(t, http.StatusUnauthorized)
}

// TestATokenIsExchangedOnce, at whichever of two instances, by whoever asks first of twenty.
func TestATokenIsExchangedOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	beside := newSiteBeside(t, s)
	p := newProvider(t)
	s.takes(s.company, p)
	token := p.token(s.emailOf(s.addStaff(s.company, auth.RoleDeveloper)), nil)
	var opened, refused atomic.Int64
	var wg sync.WaitGroup
	for i := range 20 {
		c := []*site{s, beside}[i%2].client()
		wg.Go(func() {
			switch a := c.exchange(token); a.StatusCode {
			case http.StatusOK:
				opened.Add(1)
			case http.StatusUnauthorized:
				refused.Add(1)
			default:
				t.Errorf("answered %d %s", a.StatusCode, a.Text)
			}
		})
	}
	wg.Wait()
	if opened.Load() != 1 || refused.Load() != 19 {
		t.Errorf("opened %d times, refused %d times", opened.Load(), refused.Load())
	}
	if n := pgtest.Value[int](s.db, `select count(*) from sessions where kind = 'staff' and created_at > now() - interval '1 minute' and expires_at > now() + interval '2 hours'`); n != 1 {
		t.Errorf("%d sessions were opened", n)
	}
	// It stays used for as long as it would be good, and a minute more on both sides.
	if left := pgtest.Value[float64](s.db, `select extract(epoch from expires_at - now())::float8 from rate_limits where bucket like 'identity-token:%'`); left < 600 || left > 800 {
		t.Errorf("it is remembered for %v seconds", left)
	}
}

func TestTokensThatOpenNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p, foreign := newProvider(t), newProvider(t)
	mill := s.addCompany("Mill Homes")
	s.takes(s.company, p)
	s.takes(mill, foreign)
	ours, theirs, gone := s.addStaff(s.company, auth.RoleAdmin), s.addStaff(mill, auth.RoleAdmin), s.addStaff(s.company, auth.RoleViewer)
	s.db.Exec(`update staff set disabled_at = now() where id = $1`, gone.id)
	email := s.emailOf(ours)
	forged := &provider{issuer: p.issuer}
	_, forged.private, _ = ed25519.GenerateKey(rand.Reader)
	before := pgtest.Value[int](s.db, `select count(*) from sessions`)
	people := pgtest.Value[int](s.db, `select count(*) from staff`)
	refused := func(name, token string) {
		t.Helper()
		a := s.client().exchange(token).Is(t, http.StatusUnauthorized)
		if !strings.Contains(a.Text, `"code":"token_refused"`) || !strings.Contains(a.Text, "opens nothing here") {
			t.Errorf("%s: %s", name, a.Text)
		}
		if len(a.Header.Values("Set-Cookie")) > 0 {
			t.Errorf("%s: a cookie came with it", name)
		}
	}
	refused("nothing", "")
	refused("a word", "abc.def.ghi")
	refused("a session of ours", ours.Token)
	refused("nobody's address", p.token("nobody@example.org", nil))
	refused("another company's address", p.token(s.emailOf(theirs), nil))
	refused("a disabled person's", p.token(s.emailOf(gone), nil))
	refused("an address that is not verified", p.token(email, map[string]any{"email_verified": false}))
	refused("for another client", p.token(email, map[string]any{"aud": "payroll"}))
	refused("expired", p.token(email, map[string]any{"iat": time.Now().Add(-time.Hour).Unix(), "exp": time.Now().Add(-5 * time.Minute).Unix()}))
	refused("an unknown issuer's", p.token(email, map[string]any{"iss": "https://sign-in.example.org"}))
	refused("a forged signature", forged.token(email, nil))
	// The other company's provider can name our people as it likes, under its own name or under that of ours.
	refused("our address from the other company's provider", foreign.token(email, nil))
	refused("from the other company's provider, in ours' name", foreign.token(email, map[string]any{"iss": p.issuer}))
	for name, change := range map[string]string{
		"the provider switched off": `update tenant_identity_providers set enabled = false`,
		"the company suspended":     `update tenant_identity_providers set enabled = true; update tenants set suspended_at = now()`,
		"another algorithm":         `update tenants set suspended_at = null; update tenant_identity_providers set algorithms = '{RS256}'`,
	} {
		s.db.Exec(`update tenant_identity_providers set enabled = true, algorithms = '{EdDSA}'`)
		s.db.Exec(`update tenants set suspended_at = null`)
		for statement := range strings.SplitSeq(change, ";") {
			s.db.Exec(statement)
		}
		refused(name, p.token(email, nil))
	}
	if now := pgtest.Value[int](s.db, `select count(*) from sessions`); now != before {
		t.Errorf("%d sessions were opened", now-before)
	}
	if now := pgtest.Value[int](s.db, `select count(*) from staff`); now != people {
		t.Errorf("%d people were made", now-people)
	}
	s.db.Exec(`update tenant_identity_providers set enabled = true, algorithms = '{EdDSA}'`)
	s.db.Exec(`update tenants set suspended_at = null`)
	s.client().exchange(p.token(email, nil)).Is(t, http.StatusOK) // else the rest proves nothing
}

// TestAProviderThatSeveralCompaniesUse: whoever works for two of them chooses.
func TestAProviderThatSeveralCompaniesUse(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := newProvider(t)
	mill := s.addCompany("Mill Homes")
	s.takes(s.company, p)
	s.takes(mill, p)
	here, there := s.addStaff(s.company, auth.RoleViewer), s.addStaff(mill, auth.RoleAdmin)
	s.db.Exec(`update staff set email = 'both@example.org' where id in ($1, $2)`, here.id, there.id)
	c := s.client()
	choice := webtest.Decode[struct {
		Choice    string
		Companies []struct{ ID, Name, Role string }
	}](t, c.exchange(p.token("both@example.org", nil)).Is(t, http.StatusOK))
	if len(choice.Companies) != 2 {
		t.Fatalf("%+v", choice)
	}
	c.PostJSON("/api/sign-in", map[string]string{"choice": choice.Choice, "company": mill.String()}).Is(t, http.StatusOK)
	c.Get("/developments").Is(t, http.StatusOK).Says(t, "Mill Homes")
	if n := pgtest.Value[int](s.db, `select count(*) from audit_log where action = 'session.exchange' and tenant_id = $1`, mill); n != 1 {
		t.Errorf("%d exchanges in the audit log", n)
	}
}

// TestAProviderThatIsAway is told apart from a bad token, with when to try again, and kept keys go on.
func TestAProviderThatIsAway(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := newProvider(t)
	s.takes(s.company, p)
	email := s.emailOf(s.addStaff(s.company, auth.RoleDeveloper))
	p.away.Store(true)
	token := p.token(email, nil)
	a := s.client().exchange(token).Is(t, http.StatusServiceUnavailable)
	if !strings.Contains(a.Text, "identity_provider_away") || a.Header.Get("Retry-After") != "10" {
		t.Errorf("%s, Retry-After %q", a.Text, a.Header.Get("Retry-After"))
	}
	beside := newSiteBeside(t, s) // which has not asked yet
	p.away.Store(false)
	beside.client().exchange(token).Is(t, http.StatusOK) // the token was not used up
	p.away.Store(true)
	beside.client().exchange(p.token(email, nil)).Is(t, http.StatusOK)
}

// Where tries can't be counted, no token is looked at; where it can't be noted that one is used, it opens nothing.
func TestWithoutCountingNoTokenIsExchanged(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := newProvider(t)
	s.takes(s.company, p)
	email := s.emailOf(s.addStaff(s.company, auth.RoleDeveloper))
	before := pgtest.Value[int](s.db, `select count(*) from sessions`)
	counted := s.uncounted("identity-token:")
	s.client().exchange(p.token(email, nil)).Is(t, http.StatusServiceUnavailable)
	counted()
	asked := p.asked.Load()
	counted = s.uncounted("")
	s.client().exchange(p.token(email, nil)).Is(t, http.StatusServiceUnavailable)
	s.client().exchange(p.token(email, map[string]any{"iss": "https://sign-in.example.org"})).Is(t, http.StatusServiceUnavailable) // of nobody's provider
	if n := p.asked.Load() - asked; n != 0 {
		t.Errorf("the provider was asked %d times", n)
	}
	if n := pgtest.Value[int](s.db, `select count(*) from sessions`) - before; n != 0 {
		t.Errorf("%d sessions were opened", n)
	}
	counted()
	s.client().exchange(p.token(email, nil)).Is(t, http.StatusOK) // else the rest proves nothing
}

// TestTokensAreTriedWithinLimits: those that could be real count for the place that they come from, as passwords do.
func TestTokensAreTriedWithinLimits(t *testing.T) {
	t.Parallel()
	var acquired atomic.Int64
	s := newSiteWith(t, seams{observer: counting(&acquired)})
	p := newProvider(t)
	s.takes(s.company, p)
	c := s.client()
	acquired.Store(0)
	for range 50 {
		c.exchange("abc.def.ghi").Is(t, http.StatusUnauthorized)
	}
	if n := acquired.Load(); n != 0 {
		t.Errorf("texts that no provider's token looks like have taken %d connections", n)
	}
	var last int
	for range 101 {
		last = c.exchange(p.token("nobody@example.org", nil)).StatusCode
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the 101st try is answered %d", last)
	}
	if n := p.asked.Load(); n != 1 {
		t.Errorf("the provider was asked %d times", n)
	}
}
