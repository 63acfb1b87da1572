package e2e

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"openhouse.example/packages/web/auth"
	"openhouse.example/tests/e2e/visit"
	"openhouse.example/tests/stack"
)

var b64 = base64.RawURLEncoding

// token is a session token taken apart, to be put together again in other ways.
type token struct {
	header, claims map[string]any
	signature      string
	key            ed25519.PrivateKey
}

func takeApart(t testing.TB, whole string, key auth.Key) token {
	t.Helper()
	parts := strings.Split(whole, ".")
	if len(parts) != 3 {
		t.Fatalf("a token of %d parts", len(parts))
	}
	out := token{signature: parts[2], key: key.Private}
	for i, into := range []*map[string]any{&out.header, &out.claims} {
		raw, err := b64.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		decoder := json.NewDecoder(strings.NewReader(string(raw)))
		decoder.UseNumber()
		if err := decoder.Decode(into); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func encode(part any) string {
	raw, err := json.Marshal(part)
	if err != nil {
		panic(err) // maps of plain values
	}
	return b64.EncodeToString(raw)
}

// with changes a copy of header and claims, and leaves the signature.
func (k token) with(change func(header, claims map[string]any)) token {
	k.header, k.claims = maps.Clone(k.header), maps.Clone(k.claims)
	change(k.header, k.claims)
	return k
}

func (k token) body() string  { return encode(k.header) + "." + encode(k.claims) }
func (k token) stale() string { return k.body() + "." + k.signature }
func (k token) signed() string {
	return k.body() + "." + b64.EncodeToString(ed25519.Sign(k.key, []byte(k.body())))
}

// badTokens are those that no portal may take, made of a good one.
func badTokens(good token, public ed25519.PublicKey, foreign auth.Key) map[string]string {
	now := time.Now().Unix()
	claim := func(name string, value any) func(_, claims map[string]any) {
		return func(_, claims map[string]any) { claims[name] = value }
	}
	header := func(name string, value any) func(header, _ map[string]any) {
		return func(header, _ map[string]any) { header[name] = value }
	}
	without := func(name string) func(_, claims map[string]any) {
		return func(_, claims map[string]any) { delete(claims, name) }
	}
	other := good
	other.key = foreign.Private
	hs256 := good.with(header("alg", "HS256"))
	mac := hmac.New(sha256.New, public)
	mac.Write([]byte(hs256.body()))
	flipped := []byte(good.signed())
	flipped[len(flipped)-10] ^= 1
	return map[string]string{
		"nothing":                    ".",
		"not a token":                "abc.def.ghi",
		"alg none":                   good.with(header("alg", "none")).body() + ".",
		"alg None":                   good.with(header("alg", "None")).body() + ".",
		"alg none with signature":    good.with(header("alg", "none")).stale(),
		"no signature":               good.body() + ".",
		"HS256 with the public key":  hs256.body() + "." + b64.EncodeToString(mac.Sum(nil)),
		"a bit of the signature":     string(flipped),
		"another company":            good.with(claim("tenant_id", uuid.NewString())).stale(),
		"another person":             good.with(claim("sub", uuid.NewString())).stale(),
		"another role":               good.with(claim("role", "admin")).with(claim("exp", now+60)).stale(),
		"expired":                    good.with(func(_, c map[string]any) { c["iat"], c["exp"] = now-7200, now-60 }).signed(),
		"expired long ago":           good.with(func(_, c map[string]any) { c["iat"], c["exp"] = 1, 2 }).signed(),
		"no end":                     good.with(without("exp")).signed(),
		"end is null":                good.with(claim("exp", nil)).signed(),
		"end in a text":              good.with(claim("exp", "9999999999")).signed(),
		"an end like 1e308":          strings.Replace(good.signed(), encode(good.claims), b64.EncodeToString([]byte(`{"exp":1e308}`)), 1),
		"lives a week":               good.with(claim("exp", now+7*24*3600)).signed(),
		"from the future":            good.with(func(_, c map[string]any) { c["iat"], c["exp"] = now+600, now+1200 }).signed(),
		"not yet":                    good.with(claim("nbf", now+600)).signed(),
		"no audience":                good.with(without("aud")).signed(),
		"both audiences":             good.with(claim("aud", []string{"developer-portal", "tenant-portal"})).signed(),
		"no issuer":                  good.with(without("iss")).signed(),
		"another issuer":             good.with(claim("iss", "https://evil.example.org")).signed(),
		"no session":                 good.with(without("sid")).signed(),
		"a session that never was":   good.with(claim("sid", uuid.NewString())).signed(),
		"an unknown claim":           good.with(claim("admin", true)).signed(),
		"an unknown role":            good.with(claim("role", "owner")).signed(),
		"somebody else's key":        other.signed(),
		"another key's name":         good.with(header("kid", foreign.ID)).signed(),
		"no key's name":              good.with(func(h, _ map[string]any) { delete(h, "kid") }).signed(),
		"a path as the key's name":   good.with(header("kid", "../../dev/null")).signed(),
		"SQL as the key's name":      good.with(header("kid", "x' or '1'='1")).signed(),
		"a key in the header":        other.with(header("jwk", map[string]string{"kty": "OKP", "crv": "Ed25519", "x": b64.EncodeToString(foreign.Private.Public().(ed25519.PublicKey))})).signed(),
		"an address in the header":   good.with(header("jku", "https://evil.example.org/keys")).signed(),
		"another type":               good.with(header("typ", "JWT")).signed(),
		"padding":                    good.signed() + "==",
		"a fourth part":              good.signed() + ".e30",
		"9 KB":                       good.with(claim("role", strings.Repeat("x", 9<<10))).signed(),
		"a claim twice":              twice(good),
		"claims that are no object":  good.with(func(_, _ map[string]any) {}).signedRaw(`["admin"]`),
		"claims that are not JSON":   good.signedRaw(`{"exp":`),
		"claims with something more": good.signedRaw(mustJSON(good.claims) + "{}"),
	}
}

func mustJSON(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // maps of plain values
	}
	return string(raw)
}

func (k token) signedRaw(claims string) string {
	body := encode(k.header) + "." + b64.EncodeToString([]byte(claims))
	return body + "." + b64.EncodeToString(ed25519.Sign(k.key, []byte(body)))
}

// twice names the company two times: the last one must not win, and neither the first.
func twice(k token) string {
	return k.signedRaw(strings.TrimSuffix(mustJSON(k.claims), "}") + `,"tenant_id":"` + uuid.NewString() + `"}`)
}

// TestBadTokens tries every one of them as a program's and as a browser's: 401 with always the same words, or the way
// to the sign-in page, and the database is never asked.
func TestBadTokens(t *testing.T) {
	t.Parallel()
	s := start(t, "DB_POOL_MAX=1", "DB_POOL_MIN=1")
	company := s.NewCompany("Harbour Homes")
	staff, resident := s.Token(t, company), ""
	resident, _ = s.NewResident(t, company)
	foreign, _, err := auth.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		portal           *stack.Portal
		good, other      string
		json, page, name string
	}{
		{s.Developer, staff, resident, "/api/developments", "/developments", "oh_staff"},
		{s.Tenant, resident, staff, "/api/home", "/", "oh_resident"},
	} {
		v := visit.New(t, c.portal.URL)
		v.Token = c.good
		v.JSON(http.MethodGet, c.json, nil).Want(http.StatusOK)
		good := takeApart(t, c.good, c.portal.Key)
		if whole := good.signed(); !works(t, c.portal, c.json, whole) {
			t.Fatalf("put together again, the good token of the %s no longer works: the rest would prove nothing", c.portal.Name)
		}
		bad := badTokens(good, c.portal.Key.Private.Public().(ed25519.PublicKey), foreign)
		bad["the other portal's"] = c.other
		bad["the other portal's, with our audience"] = takeApart(t, c.other, c.portal.Key).with(func(_, claims map[string]any) {
			claims["aud"], claims["iss"] = good.claims["aud"], good.claims["iss"]
		}).signed()

		needsDatabase := map[string]bool{"a session that never was": true}
		barrier := block(t, s.DB)
		for name, session := range bad {
			if needsDatabase[name] {
				continue
			}
			refuse(t, c.portal, c.json, c.page, c.name, name, session)
		}
		barrier.lift()
		for name := range needsDatabase {
			refuse(t, c.portal, c.json, c.page, c.name, name, bad[name])
		}
		log := c.portal.Log()
		for name, session := range bad {
			if len(session) > 40 && strings.Contains(log, session) {
				t.Errorf("%s: the log has the token that is %q", c.portal.Name, name)
			}
		}
	}
}

func works(t testing.TB, p *stack.Portal, path, session string) bool {
	t.Helper()
	v := visit.New(t, p.URL)
	v.Token = session
	return v.JSON(http.MethodGet, path, nil).Status == http.StatusOK
}

func refuse(t testing.TB, p *stack.Portal, path, page, cookie, name, session string) {
	t.Helper()
	begin := time.Now()
	v := visit.New(t, p.URL)
	answer := v.JSON(http.MethodGet, path, nil, "Authorization", "Bearer "+session)
	var told problem
	answer.Decode(&told)
	if answer.Status != http.StatusUnauthorized || told.Error.Code != "unauthorized" || told.Error.Message != "Sign in to go on." {
		t.Errorf("%s: %q is answered %d %s", p.Name, name, answer.Status, answer.Body)
	}
	if !strings.HasPrefix(answer.Header.Get("WWW-Authenticate"), "Bearer") {
		t.Errorf("%s: %q: no WWW-Authenticate", p.Name, name)
	}
	r := v.Request(http.MethodGet, page, nil)
	r.AddCookie(&http.Cookie{Name: cookie, Value: session})
	seen := v.DoOnce(r)
	if to := seen.Header.Get("Location"); seen.Status != http.StatusSeeOther || !strings.HasPrefix(to, "/sign-in") {
		t.Errorf("%s: a browser with %q is answered %d, sent to %q", p.Name, name, seen.Status, to)
	}
	if gone := seen.Header.Get("Set-Cookie"); !strings.HasPrefix(gone, cookie+"=;") || !strings.Contains(gone, "Max-Age=0") {
		t.Errorf("%s: a browser keeps its cookie with %q: %q", p.Name, name, gone)
	}
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("%s: %q took %v: it waited for the database", p.Name, name, took)
	}
}

// TestEndedSessions: a good token is worth nothing once its session, its person or its role has ended.
func TestEndedSessions(t *testing.T) {
	t.Parallel()
	s := start(t)
	for name, end := range map[string]string{
		"session revoked":   "update sessions set revoked_at = now() where tenant_id = $1",
		"session expired":   "update sessions set created_at = now() - interval '9 hours', expires_at = now() - interval '1 second' where tenant_id = $1",
		"session removed":   "delete from sessions where tenant_id = $1",
		"person disabled":   "with s as (update staff set disabled_at = now() where tenant_id = $1) update residents set disabled_at = now() where tenant_id = $1",
		"company suspended": "update tenants set suspended_at = now() where id = $1",
	} {
		company := s.NewCompany("Company with " + name)
		staff := s.Token(t, company)
		resident, _ := s.NewResident(t, company)
		if !works(t, s.Developer, "/api/developments", staff) || !works(t, s.Tenant, "/api/home", resident) {
			t.Fatal("the tokens do not work before the end")
		}
		s.DB.Exec(end, company.ID)
		if works(t, s.Developer, "/api/developments", staff) {
			t.Errorf("%s: staff still gets in", name)
		}
		if works(t, s.Tenant, "/api/home", resident) {
			t.Errorf("%s: the resident still gets in", name)
		}
	}
	company := s.NewCompany("Harbour Homes")
	viewer := s.NewStaff(company, auth.RoleDeveloper)
	session := s.TokenFor(t, company, viewer)
	s.DB.Exec("update staff set role = 'viewer' where id = $1", viewer.ID)
	if works(t, s.Developer, "/api/developments", session) {
		t.Error("a token with yesterday's role still works")
	}
	resident, _ := s.NewResident(t, company)
	s.DB.Exec("update occupancies set ended_at = now() where tenant_id = $1", company.ID)
	if works(t, s.Tenant, "/api/home", resident) {
		t.Error("somebody who has moved out still gets in")
	}
}
