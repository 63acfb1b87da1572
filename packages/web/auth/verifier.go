package auth

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	// MaxTokenBytes is the longest token that is looked at; ours have some 600.
	MaxTokenBytes = 8 << 10
	// Leeway is how far the clocks of two instances may differ.
	Leeway = 30 * time.Second

	maxKidBytes = 64
)

// ErrInvalidToken is the answer to every token that is not a live session token
// of this portal. Its text says why, for the log; it is not meant for the
// person who sent it, and never contains a part of the token.
var ErrInvalidToken = errors.New("invalid session token")

// Verifier checks session tokens for one portal. It is safe for concurrent use
// and never touches the network or the database.
type Verifier struct {
	parser *jwt.Parser
	keys   atomic.Pointer[map[string]ed25519.PublicKey]
}

// NewVerifier returns a verifier of tokens made by issuer for portal and signed
// with any of keys.
func NewVerifier(portal, issuer string, keys []ed25519.PublicKey, opts ...Option) (*Verifier, error) {
	if err := checkNames(portal, issuer); err != nil {
		return nil, err
	}
	v := &Verifier{parser: jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}),
		jwt.WithIssuer(issuer),
		jwt.WithAudience(portal),
		jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(),
		jwt.WithLeeway(Leeway),
		jwt.WithStrictDecoding(),
		jwt.WithTimeFunc(apply(opts).now),
	)}
	if err := v.SetKeys(keys); err != nil {
		return nil, err
	}
	return v, nil
}

// SetKeys replaces the keys while the verifier is in use, so that keys can be
// changed without a restart.
func (v *Verifier) SetKeys(keys []ed25519.PublicKey) error {
	if len(keys) == 0 {
		return errors.New("a verifier needs at least one public key")
	}
	byID := make(map[string]ed25519.PublicKey, len(keys))
	for _, key := range keys {
		if len(key) != ed25519.PublicKeySize {
			return fmt.Errorf("a verifying key has %d bytes instead of %d", len(key), ed25519.PublicKeySize)
		}
		byID[keyID(key)] = key
	}
	v.keys.Store(&byID)
	return nil
}

// Verify returns the person that a token speaks for, or an error that is
// ErrInvalidToken.
func (v *Verifier) Verify(token string) (Principal, error) {
	if len(token) > MaxTokenBytes {
		return Principal{}, fmt.Errorf("%w: %d bytes are more than %d", ErrInvalidToken, len(token), MaxTokenBytes)
	}
	if !plain(token) {
		return Principal{}, fmt.Errorf("%w: a character does not belong in a token", ErrInvalidToken)
	}
	var c claims
	if _, err := v.parser.ParseWithClaims(token, &c, v.key); err != nil {
		return Principal{}, fmt.Errorf("%w: %w", ErrInvalidToken, err)
	}
	return c.principal(), nil
}

// key picks the verifying key. The header is the sender's word: it may name one
// of our keys, and nothing else in it is followed (jku, x5u, jwk, crit).
func (v *Verifier) key(t *jwt.Token) (any, error) {
	if len(t.Header) != 3 || t.Header["typ"] != tokenType {
		return nil, errors.New("the header is not that of a session token")
	}
	kid, ok := t.Header["kid"].(string)
	if !ok || len(kid) > maxKidBytes {
		return nil, errors.New("the header names no key")
	}
	key, ok := (*v.keys.Load())[kid]
	if !ok {
		return nil, errors.New("the header names an unknown key")
	}
	return key, nil
}

// plain reports whether a token has only the characters of a JWT. The base64
// decoder would skip line breaks, so that one token had many spellings.
func plain(token string) bool {
	for i := range len(token) {
		switch c := token[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return true
}
