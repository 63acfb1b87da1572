package auth_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"openhouse.example/packages/web/auth"
)

type hostile struct {
	name  string
	token string
}

// hostileTokens lists tokens that must be refused; each but the first few
// differs from a good one in the named way only.
func hostileTokens(t testing.TB, b bench) []hostile {
	t.Helper()
	h, p := header(b.key), payload()
	good := sign(b.key, encode(h), encode(p))
	parts := strings.Split(good, ".")
	stranger, _, err := auth.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	body := string(encode(p))
	head := func(name string, value any) string { return sign(b.key, encode(with(h, name, value)), encode(p)) }
	claim := func(name string, value any) string { return sign(b.key, encode(h), encode(with(p, name, value))) }
	raw := func(text string) string { return sign(b.key, encode(h), []byte(text)) }
	unsigned := func(alg, signature string) string {
		return segment(encode(with(h, "alg", alg))) + "." + parts[1] + "." + signature
	}
	at := func(d time.Duration) int64 { return now.Add(d).Unix() }

	list := []hostile{
		{"empty", ""},
		{"a word", "token"},
		{"two segments", parts[0] + "." + parts[1]},
		{"four segments", good + "." + parts[2]},
		{"only dots", ".."},
		{"over 8 KiB", good + strings.Repeat("A", auth.MaxTokenBytes)},
		{"over 8 KiB but well signed", claim("role", strings.Repeat("admin", 2000))},

		{"alg none, no signature", unsigned("none", "")},
		{"alg None, no signature", unsigned("None", "")},
		{"alg nOnE, no signature", unsigned("nOnE", "")},
		{"alg none, the old signature", unsigned("none", parts[2])},
		{"alg EdDSA, no signature", parts[0] + "." + parts[1] + "."},
		{"alg empty", head("alg", "")},
		{"alg missing", head("alg", nil)},
		{"alg a number", head("alg", 5)},
		{"alg in lower case", head("alg", "eddsa")},
		{"alg HS256 keyed with the public key", hs256(b.key.Public(), with(h, "alg", "HS256"), p)},
		{"alg RS256 with its own key", rs256(t, with(h, "alg", "RS256"), p)},
		{"alg ES256 over our signature", head("alg", "ES256")},

		{"another key under our kid", sign(stranger, encode(h), encode(p))},
		{"another key under its own kid", sign(stranger, encode(header(stranger)), encode(p))},
		{"another key given as jwk", sign(stranger, encode(with(h, "jwk", object{"kty": "OKP", "crv": "Ed25519", "x": segment(stranger.Public())})), encode(p))},
		{"key by jku", head("jku", "https://keys.example.org/jwks.json")},
		{"key by x5u", head("x5u", "https://keys.example.org/chain.pem")},
		{"crit asks for more", head("crit", []string{"exp"})},
		{"kid missing", head("kid", nil)},
		{"kid empty", head("kid", "")},
		{"kid a number", head("kid", 7)},
		{"kid unknown", head("kid", "0123456789abcdef")},
		{"kid as a path", head("kid", "../../../../dev/null")},
		{"kid as SQL", head("kid", "x' or '1'='1")},
		{"kid of 65 bytes", head("kid", strings.Repeat("a", 65))},
		{"typ missing", head("typ", nil)},
		{"typ JWT", head("typ", "JWT")},
		{"typ of an e-mail link", head("typ", "link+jwt")},
		{"header not an object", sign(b.key, []byte(`["EdDSA"]`), encode(p))},
		{"header twice alg, the last is none", sign(b.key, fmt.Appendf(nil, `{"alg":"EdDSA","alg":"none","typ":"session+jwt","kid":%q}`, b.key.ID), encode(p))},

		{"payload changed", parts[0] + "." + segment(encode(with(p, "tenant_id", uuid.NewString()))) + "." + parts[2]},
		{"signature of another token", parts[0] + "." + parts[1] + "." + strings.Split(claim("sid", uuid.NewString()), ".")[2]},
		{"signature cut", good[:len(good)-1]},
		{"signature with loose bits", good[:len(good)-1] + looseEnd(good)},
		{"signature padded", good + "=="},
		{"signature with a line break", parts[0] + "." + parts[1] + ".\n" + parts[2]},
		{"signature in the other alphabet", parts[0] + "." + parts[1] + "." + base64.StdEncoding.EncodeToString(make([]byte, ed25519.SignatureSize))},
		{"spaces around it", " " + good + " "},

		{"exp missing", claim("exp", nil)},
		{"exp zero", claim("exp", 0)},
		{"exp negative", claim("exp", -1)},
		{"exp in quotes", claim("exp", fmt.Sprint(at(time.Hour)))},
		{"exp with a fraction", claim("exp", float64(at(time.Hour))+0.5)},
		{"exp 1e308", raw(strings.Replace(body, fmt.Sprint(at(time.Hour)), "1e308", 1))},
		{"exp beyond int64", raw(strings.Replace(body, fmt.Sprint(at(time.Hour)), "99999999999999999999", 1))},
		{"expired 31 s ago", sign(b.key, encode(h), encode(with(with(p, "iat", at(-time.Hour)), "exp", at(-31*time.Second))))},
		{"expired a year ago", sign(b.key, encode(h), encode(with(with(p, "iat", at(-365*24*time.Hour)), "exp", at(-364*24*time.Hour))))},
		{"lives 25 h", claim("exp", at(25*time.Hour))},
		{"ends before it begins", sign(b.key, encode(h), encode(with(with(p, "iat", at(20*time.Second)), "exp", at(10*time.Second))))},
		{"iat missing", claim("iat", nil)},
		{"iat 31 s ahead", claim("iat", at(31*time.Second))},
		{"iat ancient", claim("iat", at(-240*time.Hour))},
		{"nbf 31 s ahead", claim("nbf", at(31*time.Second))},
		{"nbf a text", claim("nbf", "now")},

		{"aud missing", claim("aud", nil)},
		{"aud empty", claim("aud", "")},
		{"aud the other portal", claim("aud", auth.PortalTenant)},
		{"a whole resident's token", sign(b.key, encode(h), encode(with(with(with(with(p, "aud", auth.PortalTenant),
			"role", "resident"), "unit_id", uuid.NewString()), "development_id", uuid.NewString())))},
		{"aud both portals", claim("aud", []string{auth.PortalDeveloper, auth.PortalTenant})},
		{"aud in capitals", claim("aud", "Developer-Portal")},
		{"iss missing", claim("iss", nil)},
		{"iss another", claim("iss", "https://tenant.example.org")},
		{"iss with a slash", claim("iss", issuer+"/")},

		{"sub missing", claim("sub", nil)},
		{"sub nil id", claim("sub", uuid.Nil.String())},
		{"sub not an id", claim("sub", "admin")},
		{"tenant_id missing", claim("tenant_id", nil)},
		{"tenant_id in braces", claim("tenant_id", "{"+uuid.NewString()+"}")},
		{"tenant_id in capital digits", claim("tenant_id", "0F6F7D9E-35C5-4F0E-9D57-B5F8BFB6B3F1")},
		{"tenant_id without hyphens", claim("tenant_id", strings.ReplaceAll(uuid.NewString(), "-", ""))},
		{"tenant_id a list", claim("tenant_id", []string{uuid.NewString()})},
		{"tenant_id null", raw(strings.Replace(body, fmt.Sprintf("%q", p["tenant_id"]), "null", 1))},
		{"tenant_id twice", raw(strings.TrimSuffix(body, "}") + fmt.Sprintf(`,"tenant_id":%q}`, uuid.NewString()))},
		{"tenant_id in capitals too", claim("TENANT_ID", uuid.NewString())},
		{"sid missing", claim("sid", nil)},
		{"role missing", claim("role", nil)},
		{"role unknown", claim("role", "operator")},
		{"role in capitals", claim("role", "Admin")},
		{"role a list", claim("role", []string{"admin"})},
		{"role of a resident", claim("role", "resident")},
		{"staff with a home", sign(b.key, encode(h), encode(with(with(p, "unit_id", uuid.NewString()), "development_id", uuid.NewString())))},
		{"staff with half a home", claim("unit_id", uuid.NewString())},
		{"a claim more", claim("scope", "everything")},
		{"a nested claim", claim("act", object{"sub": uuid.NewString()})},

		{"payload null", raw("null")},
		{"payload a list", raw("[" + body + "]")},
		{"payload a text", raw(`"` + b.key.ID + `"`)},
		{"payload empty", raw("{}")},
		{"payload cut", raw(body[:len(body)-2])},
		{"payload twice", raw(body + body)},
		{"payload deeply nested", raw(strings.Repeat(`{"a":`, 900) + "1" + strings.Repeat("}", 900))},
		{"payload not UTF-8", raw(strings.Replace(body, "admin", "adm\xffin", 1))},
	}
	return list
}

// TestVerifyRefusesHostileTokens is the attack table of the contract.
func TestVerifyRefusesHostileTokens(t *testing.T) {
	t.Parallel()
	b := newBench(t, auth.PortalDeveloper)

	// The frame of the table is a token that passes, else the table proves nothing.
	if _, err := b.verifier.Verify(sign(b.key, encode(header(b.key)), encode(payload()))); err != nil {
		t.Fatalf("the unspoilt token is refused: %v", err)
	}
	list := hostileTokens(t, b)
	if len(list) < 40 {
		t.Fatalf("the table has %d tokens, want at least 40", len(list))
	}
	for _, h := range list {
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			p, err := b.verifier.Verify(h.token)
			if !errors.Is(err, auth.ErrInvalidToken) {
				t.Fatalf("Verify = %+v, %v; want ErrInvalidToken", p, err)
			}
			if p != (auth.Principal{}) {
				t.Errorf("a principal came with the error: %+v", p)
			}
			if len(h.token) > 40 && strings.Contains(err.Error(), h.token[len(h.token)-40:]) {
				t.Errorf("the error shows the token: %v", err)
			}
		})
	}
}

// TestVerifyResidentNeedsHome covers the tenant portal's own rules.
func TestVerifyResidentNeedsHome(t *testing.T) {
	t.Parallel()
	b := newBench(t, auth.PortalTenant)
	p := payload()
	p["aud"], p["role"] = auth.PortalTenant, "resident"
	p["development_id"], p["unit_id"] = uuid.NewString(), uuid.NewString()
	if _, err := b.verifier.Verify(sign(b.key, encode(header(b.key)), encode(p))); err != nil {
		t.Fatalf("the unspoilt token is refused: %v", err)
	}
	for name, spoilt := range map[string]object{
		"no unit":        with(p, "unit_id", nil),
		"no development": with(p, "development_id", nil),
		"neither":        with(with(p, "unit_id", nil), "development_id", nil),
		"nil unit":       with(p, "unit_id", uuid.Nil.String()),
		"staff role":     with(p, "role", "admin"),
		"staff audience": with(p, "aud", auth.PortalDeveloper),
	} {
		if _, err := b.verifier.Verify(sign(b.key, encode(header(b.key)), encode(spoilt))); !errors.Is(err, auth.ErrInvalidToken) {
			t.Errorf("%s: err = %v, want ErrInvalidToken", name, err)
		}
	}
}

// looseEnd returns the last character of a token with a bit set that decodes to
// nothing, so that a lax decoder reads the same signature.
func looseEnd(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(alphabet[strings.IndexByte(alphabet, token[len(token)-1])|1])
}

func hs256(secret []byte, header, payload object) string {
	signed := segment(encode(header)) + "." + segment(encode(payload))
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(signed))
	return signed + "." + segment(mac.Sum(nil))
}

func rs256(t testing.TB, header, payload object) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	signed := segment(encode(header)) + "." + segment(encode(payload))
	sum := sha256.Sum256([]byte(signed))
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + segment(sig)
}
