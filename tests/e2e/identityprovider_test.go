package e2e

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/web/auth"
	"openhouse.example/tests/e2e/visit"
	"openhouse.example/tests/stack"
)

// realm is a company's own sign-in service, over TLS, with a certificate of its own.
type realm struct {
	*httptest.Server
	key  *rsa.PrivateKey
	file string // its certificate
}

func newRealm(t testing.TB) *realm {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	r := &realm{key: key, file: filepath.Join(t.TempDir(), "realm.pem")}
	r.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"keys":[{"kty":"RSA","use":"sig","alg":"RS256","kid":"one","e":"AQAB","n":%q}]}`, base64.RawURLEncoding.EncodeToString(key.N.Bytes()))
	}))
	t.Cleanup(r.Close)
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: r.Certificate().Raw})
	if err := os.WriteFile(r.file, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	return r
}

// token is one for somebody, signed just now.
func (r *realm) token(t testing.TB, email string) string {
	t.Helper()
	part := func(v map[string]any) string {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	now := time.Now()
	body := part(map[string]any{"alg": "RS256", "typ": "JWT", "kid": "one"}) + "." + part(map[string]any{
		"iss": r.URL, "aud": "openhouse", "sub": "1", "email": email, "email_verified": true, "jti": rand.Text(),
		"iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(),
	})
	sum := sha256.Sum256([]byte(body))
	signature, err := rsa.SignPKCS1v15(rand.Reader, r.key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return body + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// TestTheCompanysOwnSignIn, in production: an operator says whose tokens a company takes, and its people come in with
// them, each token once; the token itself opens nothing.
func TestTheCompanysOwnSignIn(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	s := &stack.Stack{DB: db}
	company := s.NewCompany("Harbour Homes")
	db.Exec("update tenants set demo = false")
	person := s.NewStaff(company, auth.RoleDeveloper)
	r := newRealm(t)

	env := sides[0].env(db)
	production(sides[0], env)
	env["SSL_CERT_FILE"] = r.file // as an operator makes a certificate known to a program
	p := stack.Prepare(t, stack.DeveloperPortal)
	p.Launch(flat(env)...)
	p.AwaitReady()
	exchange := func(token string) *visit.Answer {
		return visit.New(t, p.URL).JSON(http.MethodPost, "/api/sign-in/token", map[string]string{"token": token})
	}
	exchange(r.token(t, person.Email)).Want(http.StatusUnauthorized)

	command := append(flat(env), "DATABASE_MIGRATE_URL="+db.AdminURL())
	set := func(issuer, keys string) (int, string) {
		return p.Run(20*time.Second, command, "company", "identity-provider", "set", "--slug", "harbour-homes", "--issuer", issuer, "--audience", "openhouse", "--keys", keys)
	}
	if code, said := set("http://sign-in.example.org", strings.Replace(r.URL, "https", "http", 1)+"/keys"); code == 0 || !strings.Contains(said, "--keys must start with https://") {
		t.Errorf("keys without TLS: code %d: %s", code, said)
	}
	if code, said := set(r.URL, r.URL+"/keys"); code != 0 || !strings.Contains(said, "it has 1 keys that can be used") {
		t.Fatalf("code %d: %s", code, said)
	}

	token := r.token(t, person.Email)
	var in struct{ Token string }
	exchange(token).Want(http.StatusOK).Decode(&in)
	v := visit.New(t, p.URL)
	v.Token = in.Token
	v.JSON(http.MethodGet, "/api/developments", nil).Want(http.StatusOK)
	exchange(token).Want(http.StatusUnauthorized)
	exchange(r.token(t, "nobody@example.org")).Want(http.StatusUnauthorized)
	v.Token = r.token(t, person.Email)
	v.JSON(http.MethodGet, "/api/developments", nil).Want(http.StatusUnauthorized)
	if log := p.Log(); strings.Contains(log, token) || strings.Contains(log, person.Email) {
		t.Error("the log has the token or the address")
	}

	if code, said := p.Run(20*time.Second, command, "company", "identity-provider", "off", "--slug", "harbour-homes", "--issuer", r.URL); code != 0 {
		t.Fatalf("code %d: %s", code, said)
	}
	exchange(r.token(t, person.Email)).Want(http.StatusUnauthorized)
}
