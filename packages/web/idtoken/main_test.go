package idtoken

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type object map[string]any

func with(o object, name string, value any) object {
	c := maps.Clone(o)
	if c[name] = value; value == nil {
		delete(c, name)
	}
	return c
}

func encode(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // maps of plain values
	}
	return raw
}

func segment(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

// signer is one key of a provider, both halves.
type signer struct {
	kid, algorithm string
	private        crypto.Signer
}

func newSigner(t testing.TB, kid, algorithm string) signer {
	t.Helper()
	s := signer{kid: kid, algorithm: algorithm}
	var err error
	switch algorithm {
	case RS256:
		s.private, err = rsa.GenerateKey(rand.Reader, 2048)
	case ES256:
		s.private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		_, s.private, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// jwk is the public half as a provider publishes it.
func (s signer) jwk() object {
	switch public := s.private.Public().(type) {
	case *rsa.PublicKey:
		return object{"kty": "RSA", "kid": s.kid, "use": "sig", "alg": RS256, "n": segment(public.N.Bytes()), "e": "AQAB"}
	case *ecdsa.PublicKey:
		point, err := public.Bytes()
		if err != nil {
			panic(err) // a key that was just made
		}
		return object{"kty": "EC", "kid": s.kid, "crv": "P-256", "x": segment(point[1:33]), "y": segment(point[33:])}
	case ed25519.PublicKey:
		return object{"kty": "OKP", "kid": s.kid, "crv": "Ed25519", "x": segment(public)}
	}
	panic("no such key")
}

func (s signer) header() object { return object{"alg": s.algorithm, "typ": "JWT", "kid": s.kid} }

// sign makes a token of a header and a payload, whatever they say.
func (s signer) sign(header, payload []byte) string {
	body := segment(header) + "." + segment(payload)
	var signature []byte
	var err error
	switch s.algorithm {
	case RS256:
		sum := sha256.Sum256([]byte(body))
		signature, err = s.private.Sign(rand.Reader, sum[:], crypto.SHA256)
	case ES256:
		sum := sha256.Sum256([]byte(body))
		key, _ := s.private.(*ecdsa.PrivateKey)
		r, v, signErr := ecdsa.Sign(rand.Reader, key, sum[:])
		if err = signErr; err == nil {
			signature = append(r.FillBytes(make([]byte, 32)), v.FillBytes(make([]byte, 32))...)
		}
	default:
		signature, err = s.private.Sign(rand.Reader, []byte(body), crypto.Hash(0))
	}
	if err != nil {
		panic(err) // a key that was just made
	}
	return body + "." + segment(signature)
}

func (s signer) token(payload object) string { return s.sign(encode(s.header()), encode(payload)) }

var began = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// clock is a time that tests move.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.at.Store(began.UnixNano())
	return c
}

func (c *clock) now() time.Time          { return time.Unix(0, c.at.Load()).UTC() }
func (c *clock) forward(d time.Duration) { c.at.Add(int64(d)) }

const issuer, audience = "https://sign-in.example.org/realm", "openhouse"

func payload() object {
	return object{
		"iss": issuer, "aud": audience, "sub": "0f3c", "email": "Ada@Example.org", "email_verified": true,
		"iat": began.Unix(), "exp": began.Add(time.Hour).Unix(), "name": "Ada Example", "groups": []string{"staff"},
	}
}

// place is a provider's address for its keys.
type place struct {
	*httptest.Server
	asked atomic.Int64

	mu     sync.Mutex
	answer http.HandlerFunc
}

// newPlace serves the signers' keys over TLS.
func newPlace(t testing.TB, signers ...signer) *place {
	t.Helper()
	p := &place{answer: keys(signers...)}
	p.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.asked.Add(1)
		p.mu.Lock()
		answer := p.answer
		p.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

// says changes what is answered from now on.
func (p *place) says(answer http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = answer
}

func keys(signers ...signer) http.HandlerFunc {
	list := []object{}
	for _, s := range signers {
		list = append(list, s.jwk())
	}
	return text(http.StatusOK, string(encode(object{"keys": list})))
}

func text(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func (p *place) provider(algorithms ...string) Provider {
	return Provider{Issuer: issuer, Audience: audience, KeysURL: p.URL + "/keys", Algorithms: algorithms}
}

// newVerifier trusts the place's certificate.
func newVerifier(t testing.TB, p *place, c *clock) *Verifier {
	t.Helper()
	v := New(Options{Log: slog.New(slog.DiscardHandler), Transport: p.Client().Transport, Now: c.now})
	t.Cleanup(func() {
		if err := v.Close(t.Context()); err != nil {
			t.Error(err)
		}
		p.Client().CloseIdleConnections()
	})
	return v
}
