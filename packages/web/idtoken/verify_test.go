package idtoken

import (
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"
)

func TestATokenOfEachAlgorithmSpeaksForItsPerson(t *testing.T) {
	t.Parallel()
	for _, algorithm := range Algorithms() {
		s := newSigner(t, "2026", algorithm)
		p := newPlace(t, s)
		v := newVerifier(t, p, newClock())
		got, err := v.Verify(t.Context(), s.token(payload()), p.provider(algorithm))
		if err != nil {
			t.Errorf("%s: %v", algorithm, err)
			continue
		}
		if got.Email != "ada@example.org" || got.Subject != "0f3c" || !got.Expires.Equal(began.Add(time.Hour)) {
			t.Errorf("%s: %+v", algorithm, got)
		}
	}
}

func TestWhatProvidersWriteDifferentlyIsUnderstood(t *testing.T) {
	t.Parallel()
	s := newSigner(t, "2026", EdDSA)
	p := newPlace(t, s)
	v := newVerifier(t, p, newClock())
	head := s.header()
	for name, token := range map[string]string{
		"no typ":                   s.sign(encode(with(head, "typ", nil)), encode(payload())),
		"typ in small letters":     s.sign(encode(with(head, "typ", "jwt")), encode(payload())),
		"x5t beside the kid":       s.sign(encode(with(head, "x5t", "abc")), encode(payload())),
		"verified in a text":       s.token(with(payload(), "email_verified", "true")),
		"a list of one audience":   s.token(with(payload(), "aud", []string{audience})),
		"two audiences, azp us":    s.token(with(with(payload(), "aud", []string{audience, "another"}), "azp", audience)),
		"an issue date in decimal": s.token(with(payload(), "iat", float64(began.Unix())+0.25)),
		"a clock 30 s ahead":       s.token(with(payload(), "iat", began.Add(30*time.Second).Unix())),
		"nbf now":                  s.token(with(payload(), "nbf", began.Unix())),
	} {
		if _, err := v.Verify(t.Context(), token, p.provider(EdDSA)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// hostileTokens must be refused by a provider with an RSA, a P-256 and an Ed25519 key, whose list of algorithms lacks
// ES256.
func hostileTokens(t testing.TB, rsaKey, ecKey, edKey signer) map[string]string {
	t.Helper()
	stranger := newSigner(t, edKey.kid, EdDSA)
	p, h := payload(), edKey.header()
	good := edKey.token(p)
	parts := strings.Split(good, ".")
	head := func(name string, value any) string { return edKey.sign(encode(with(h, name, value)), encode(p)) }
	claim := func(name string, value any) string { return edKey.token(with(p, name, value)) }
	raw := func(claims string) string { return edKey.sign(encode(h), []byte(claims)) }
	body := string(encode(p))
	at := func(d time.Duration) int64 { return began.Add(d).Unix() }
	hs256 := func(secret []byte) string {
		signed := segment(encode(with(rsaKey.header(), "alg", "HS256"))) + "." + segment(encode(p))
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(signed))
		return signed + "." + segment(mac.Sum(nil))
	}
	modulus, err := base64.RawURLEncoding.DecodeString(rsaKey.jwk()["n"].(string))
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"nothing":                      "",
		"a word":                       "token",
		"two parts":                    parts[0] + "." + parts[1],
		"four parts":                   good + "." + parts[2],
		"no signature":                 parts[0] + "." + parts[1] + ".",
		"too long":                     good + strings.Repeat("A", MaxTokenBytes),
		"alg none":                     segment(encode(with(h, "alg", "none"))) + "." + parts[1] + ".",
		"alg none, the old signature":  segment(encode(with(h, "alg", "none"))) + "." + parts[1] + "." + parts[2],
		"alg nOnE":                     segment(encode(with(h, "alg", "nOnE"))) + "." + parts[1] + "." + parts[2],
		"alg missing":                  head("alg", nil),
		"alg a number":                 head("alg", 5),
		"HS256 with the modulus":       hs256(modulus),
		"HS256 with nothing":           hs256(nil),
		"an algorithm not on the list": ecKey.token(p),
		"RS256 over an Ed25519 key":    head("alg", RS256),
		"EdDSA under the RSA key":      edKey.sign(encode(with(h, "kid", rsaKey.kid)), encode(p)),
		"a stranger's key":             stranger.token(p),
		"a stranger's key as jwk":      stranger.sign(encode(with(h, "jwk", stranger.jwk())), encode(p)),
		"a stranger's key by jku":      stranger.sign(encode(with(h, "jku", "https://evil.example.org/keys")), encode(p)),
		"a stranger's key by x5u":      stranger.sign(encode(with(h, "x5u", "https://evil.example.org/chain")), encode(p)),
		"crit":                         head("crit", []string{"exp"}),
		"kid missing":                  head("kid", nil),
		"kid empty":                    head("kid", ""),
		"kid a list":                   head("kid", []string{edKey.kid}),
		"kid unknown":                  head("kid", "1999"),
		"kid a path":                   head("kid", "../../../../dev/null"),
		"kid SQL":                      head("kid", "x' or '1'='1"),
		"kid very long":                head("kid", strings.Repeat("k", mostKidBytes+1)),
		"a session of ours":            head("typ", "session+jwt"),
		"an access token":              head("typ", "at+jwt"),
		"alg twice":                    edKey.sign(fmt.Appendf(nil, `{"alg":"none","alg":"EdDSA","typ":"JWT","kid":%q}`, edKey.kid), encode(p)),
		"a header that is a list":      edKey.sign([]byte(`["EdDSA"]`), encode(p)),
		"claims changed":               parts[0] + "." + segment(encode(with(p, "email", "root@example.org"))) + "." + parts[2],
		"signature cut":                good[:len(good)-2],
		"signature padded":             good + "==",
		"a line break in it":           parts[0] + "." + parts[1] + ".\n" + parts[2],
		"blanks around it":             " " + good + " ",
		"iss missing":                  claim("iss", nil),
		"iss another":                  claim("iss", "https://sign-in.example.com/realm"),
		"iss with a slash":             claim("iss", issuer+"/"),
		"aud missing":                  claim("aud", nil),
		"aud another":                  claim("aud", "payroll"),
		"aud empty":                    claim("aud", ""),
		"aud a number":                 claim("aud", 7),
		"aud a list without us":        claim("aud", []string{"payroll", "wiki"}),
		"aud a list with us, no azp":   claim("aud", []string{audience, "payroll"}),
		"aud a list, azp another":      edKey.token(with(with(p, "aud", []string{audience, "payroll"}), "azp", "payroll")),
		"aud a long list":              claim("aud", strings.Split(strings.Repeat(audience+" ", mostAudiences)+audience, " ")),
		"sub missing":                  claim("sub", nil),
		"sub a number":                 claim("sub", 12),
		"exp missing":                  claim("exp", nil),
		"exp 0":                        claim("exp", 0),
		"exp -1":                       claim("exp", -1),
		"exp in quotes":                claim("exp", fmt.Sprint(at(time.Hour))),
		"exp 1e308":                    raw(strings.Replace(body, fmt.Sprint(at(time.Hour)), "1e308", 1)),
		"exp null":                     raw(strings.Replace(body, fmt.Sprint(at(time.Hour)), "null", 1)),
		"expired":                      edKey.token(with(with(p, "iat", at(-time.Hour)), "exp", at(-2*time.Minute))),
		"lives two days":               claim("exp", at(48*time.Hour)),
		"iat missing":                  claim("iat", nil),
		"iat in the future":            claim("iat", at(2*time.Minute)),
		"nbf in the future":            claim("nbf", at(2*time.Minute)),
		"e-mail missing":               claim("email", nil),
		"e-mail empty":                 claim("email", ""),
		"e-mail a list":                claim("email", []string{"ada@example.org"}),
		"e-mail two":                   claim("email", "ada@example.org,root@example.org"),
		"e-mail with a blank":          claim("email", "ada @example.org"),
		"not verified":                 claim("email_verified", false),
		"verified missing":             claim("email_verified", nil),
		"verified 1":                   claim("email_verified", 1),
		"verified TRUE":                claim("email_verified", "TRUE"),
		"e-mail twice":                 raw(strings.TrimSuffix(body, "}") + `,"email":"root@example.org"}`),
		"claims null":                  raw("null"),
		"claims a list":                raw("[" + body + "]"),
		"claims cut":                   raw(body[:len(body)-3]),
		"claims and more":              raw(body + "{}"),
		"claims deeply nested":         raw(strings.Repeat(`{"a":`, 2000) + "1" + strings.Repeat("}", 2000)),
	}
}

func TestHostileTokensAreRefused(t *testing.T) {
	t.Parallel()
	r, e, d := newSigner(t, "rsa", RS256), newSigner(t, "ec", ES256), newSigner(t, "ed", EdDSA)
	p := newPlace(t, r, e, d)
	v := newVerifier(t, p, newClock())
	provider := p.provider(RS256, EdDSA)
	for _, s := range []signer{r, d} { // else the table proves nothing
		if _, err := v.Verify(t.Context(), s.token(payload()), provider); err != nil {
			t.Fatalf("the unspoilt token is refused: %v", err)
		}
	}
	list := hostileTokens(t, r, e, d)
	if len(list) < 60 {
		t.Fatalf("%d tokens", len(list))
	}
	for name, token := range list {
		got, err := v.Verify(t.Context(), token, provider)
		if !errors.Is(err, ErrInvalidToken) || got != (Identity{}) {
			t.Errorf("%s: %+v, %v", name, got, err)
			continue
		}
		if len(token) > 40 && strings.Contains(err.Error(), token[len(token)-40:]) {
			t.Errorf("%s: the error shows the token: %v", name, err)
		}
	}
	// A token can only ask for its keys; it can't make us ask again and again, nor somewhere else.
	if n := p.asked.Load(); n != 1 {
		t.Errorf("the keys were asked for %d times", n)
	}
}

func TestAProviderWithoutIssuerOrAudienceTakesNothing(t *testing.T) {
	t.Parallel()
	s := newSigner(t, "2026", EdDSA)
	p := newPlace(t, s)
	v := newVerifier(t, p, newClock())
	for _, change := range []func(*Provider){
		func(p *Provider) { p.Issuer = "" }, func(p *Provider) { p.Audience = "" }, func(p *Provider) { p.Algorithms = nil },
	} {
		provider := p.provider(EdDSA)
		change(&provider)
		if _, err := v.Verify(t.Context(), s.token(payload()), provider); !errors.Is(err, ErrInvalidToken) {
			t.Errorf("%+v: %v", provider, err)
		}
	}
}

// TestTheOtherSpellingOfASignatureIsTheSameToken: of a P-256 signature (r, s) everybody can make another good one,
// (r, -s), so whoever takes a token once must not go by its signature.
func TestTheOtherSpellingOfASignatureIsTheSameToken(t *testing.T) {
	t.Parallel()
	s := newSigner(t, "2026", ES256)
	p := newPlace(t, s)
	v := newVerifier(t, p, newClock())
	token := s.token(payload())
	at := strings.LastIndexByte(token, '.') + 1
	signature, err := base64.RawURLEncoding.DecodeString(token[at:])
	if err != nil {
		t.Fatal(err)
	}
	order := elliptic.P256().Params().N
	other := new(big.Int).Sub(order, new(big.Int).SetBytes(signature[32:]))
	second := token[:at] + segment(append(signature[:32:32], other.FillBytes(make([]byte, 32))...))
	a, errA := v.Verify(t.Context(), token, p.provider(ES256))
	b, errB := v.Verify(t.Context(), second, p.provider(ES256))
	if errA != nil || errB != nil {
		t.Fatal(errA, errB)
	}
	if a.Once != b.Once {
		t.Error("two spellings of one token count as two tokens")
	}
	c, err := v.Verify(t.Context(), s.token(with(payload(), "sub", "another")), p.provider(ES256))
	if err != nil || c.Once == a.Once {
		t.Errorf("two tokens count as one: %v", err)
	}
}

func TestPeekReadsWhoseTokenItClaimsToBe(t *testing.T) {
	t.Parallel()
	s := newSigner(t, "2026", EdDSA)
	claimed, audiences, err := Peek(s.token(with(payload(), "aud", []string{"a", "b"})))
	if err != nil || claimed != issuer || fmt.Sprint(audiences) != "[a b]" {
		t.Errorf("%q %v %v", claimed, audiences, err)
	}
	if _, _, err := Peek("abc.def.ghi"); !errors.Is(err, ErrInvalidToken) {
		t.Error(err)
	}
}

// FuzzVerify: whatever comes in, only a token that the provider has signed passes, and only as it was signed.
func FuzzVerify(f *testing.F) {
	r, e, d := newSigner(f, "rsa", RS256), newSigner(f, "ec", ES256), newSigner(f, "ed", EdDSA)
	p := newPlace(f, r, e, d)
	v := newVerifier(f, p, newClock())
	provider := p.provider(RS256, EdDSA)
	signed := map[string]bool{}
	for _, s := range []signer{r, d} {
		token := s.token(payload())
		signed[token] = true
		f.Add(token)
	}
	for _, token := range hostileTokens(f, r, e, d) {
		f.Add(token)
	}
	f.Fuzz(func(t *testing.T, token string) {
		got, err := v.Verify(t.Context(), token, provider)
		if ours := signed[token]; ours != (err == nil) || ours != (got != Identity{}) {
			t.Fatalf("Verify(%q) = %+v, %v", token, got, err)
		}
	})
}
