package idtoken

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	// MaxTokenBytes is the longest token that is looked at. Those of providers that list a person's groups are long.
	MaxTokenBytes = 16 << 10
	// MaxLife is the longest life of a token: one that lives longer is no answer to a sign-in.
	MaxLife = 24 * time.Hour
	// Leeway is how far the provider's clock and ours may differ.
	Leeway = time.Minute
)

// ErrInvalidToken is the answer to every token that is not a live one of the provider for us. Its text says why, for
// the log, and never contains a part of the token.
var ErrInvalidToken = errors.New("invalid token of an identity provider")

// Provider is where a company's people sign in.
type Provider struct {
	Issuer     string   // the iss of its tokens, to the letter
	Audience   string   // which of its clients we are: the aud
	KeysURL    string   // where its keys are (JWKS)
	Algorithms []string // those of Algorithms that its tokens may be signed with
}

// Identity is the person that a token speaks for.
type Identity struct {
	Subject string // the provider's own name for the person
	Email   string // in lower case; the provider says that it is theirs
	Expires time.Time
	// Once is the same for every spelling of the same token, for whoever takes each only once.
	Once [sha256.Size]byte
}

// Options are what a Verifier is told about its surroundings.
type Options struct {
	Log       *slog.Logger
	Plain     bool              // development only: keys may come over http from this machine
	Transport http.RoundTripper // nil: one with limits of its own
	Now       func() time.Time  // nil: time.Now; tests only
}

// Verifier checks tokens and keeps providers' keys. It is safe for concurrent use. End it with Close.
type Verifier struct {
	cache *cache
	now   func() time.Time
	idle  func()
}

// New returns a verifier that knows no keys yet.
func New(o Options) *Verifier {
	v := &Verifier{now: o.Now, idle: func() {}}
	if v.now == nil {
		v.now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Transport == nil {
		transport := standardTransport()
		o.Transport, v.idle = transport, transport.CloseIdleConnections
	}
	v.cache = newCache(newFetcher(o.Plain, o.Transport), o.Log, v.now)
	v.cache.start()
	return v
}

// Close ends what goes on in the background. No token passes any more whose keys are not known yet.
func (v *Verifier) Close(context.Context) error {
	v.cache.close()
	v.idle()
	return nil
}

// Peek reads whose token this claims to be, without believing it: to find the providers that it may come from. The
// error is ErrInvalidToken for whatever no provider's token looks like.
func Peek(token string) (issuer string, audiences []string, err error) {
	_, c, err := peek(token)
	if err != nil {
		return "", nil, err
	}
	return c.issuer, c.audiences, nil
}

// Verify returns the person that a provider's token speaks for. The error is ErrInvalidToken, ErrNoKeys, or ctx's.
func (v *Verifier) Verify(ctx context.Context, token string, p Provider) (Identity, error) {
	h, _, err := peek(token)
	if err != nil {
		return Identity{}, err
	}
	// The provider's list, and below the key's own: a token can't choose how it is checked.
	if !slices.Contains(p.Algorithms, h.algorithm) {
		return Identity{}, invalid(errors.New("the provider doesn't sign with this algorithm"))
	}
	if p.Issuer == "" || p.Audience == "" { // which the library takes for "don't check"
		return Identity{}, invalid(errors.New("the provider has no issuer or no audience"))
	}
	k, ok, err := v.cache.key(ctx, p.KeysURL, h.kid)
	switch {
	case err != nil:
		return Identity{}, err
	case !ok:
		return Identity{}, invalid(errors.New("the provider has no key of this name"))
	}
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{k.algorithm}), jwt.WithIssuer(p.Issuer), jwt.WithAudience(p.Audience),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(Leeway), jwt.WithStrictDecoding(), jwt.WithTimeFunc(v.now),
	)
	var c claims
	if _, err := parser.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return k.public, nil }); err != nil {
		return Identity{}, invalid(err)
	}
	if len(c.audiences) > 1 && c.party != p.Audience {
		return Identity{}, invalid(errors.New("it is for several, and azp doesn't say that we are meant"))
	}
	return Identity{
		Subject: c.subject, Email: c.email, Expires: time.Unix(c.expires, 0).UTC(),
		// Without the signature, which for ES256 has two spellings.
		Once: sha256.Sum256([]byte(token[:strings.LastIndexByte(token, '.')])),
	}, nil
}

func invalid(cause error) error { return fmt.Errorf("%w: %w", ErrInvalidToken, cause) }
