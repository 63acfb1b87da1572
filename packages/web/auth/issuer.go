package auth

import (
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// tokenType is the header's typ. Whatever else a portal signs one day gets
// another typ, and so can't be taken for a session.
const tokenType = "session+jwt"

// Option changes an Issuer or a Verifier.
type Option func(*options)

type options struct{ now func() time.Time }

// WithClock replaces time.Now; tests only.
func WithClock(now func() time.Time) Option {
	return func(o *options) { o.now = now }
}

func apply(opts []Option) options {
	o := options{now: time.Now}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// Issuer signs session tokens for one portal. It is safe for concurrent use.
type Issuer struct {
	portal, issuer string
	key            Key
	now            func() time.Time
}

// NewIssuer returns an issuer of tokens for portal (the audience), signed with
// key. issuer is the iss claim, normally the portal's public address; the
// verifier must be given the same.
func NewIssuer(portal, issuer string, key Key, opts ...Option) (*Issuer, error) {
	if err := checkNames(portal, issuer); err != nil {
		return nil, err
	}
	if len(key.Private) == 0 || key.ID == "" {
		return nil, errors.New("an issuer needs a signing key; see GenerateKey and ParseKeys")
	}
	return &Issuer{portal: portal, issuer: issuer, key: key, now: apply(opts).now}, nil
}

// Issue signs a token for p that ends at p.Expires. It refuses a principal that
// the verifier would refuse: another portal's, a role without its ids, a life
// of none or of more than MaxLife. An empty p.Portal means the issuer's own.
func (i *Issuer) Issue(p Principal) (string, error) {
	if p.Portal == "" {
		p.Portal = i.portal
	}
	if p.Portal != i.portal {
		return "", fmt.Errorf("issue a token: this issuer serves the %s, not the %s", i.portal, p.Portal)
	}
	c := newClaims(i.issuer, p, i.now())
	if err := c.Validate(); err != nil {
		return "", fmt.Errorf("issue a token: %w", err)
	}
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, &c)
	token.Header["typ"] = tokenType
	token.Header["kid"] = i.key.ID
	signed, err := token.SignedString(i.key.Private)
	if err != nil {
		return "", fmt.Errorf("issue a token: %w", err)
	}
	return signed, nil
}

func checkNames(portal, issuer string) error {
	if Roles(portal) == nil {
		return fmt.Errorf("portal %q is not known; use PortalDeveloper or PortalTenant", portal)
	}
	if issuer == "" {
		// The JWT library takes an empty issuer as "don't check".
		return errors.New("the issuer (iss) is empty; give the portal's public address")
	}
	return nil
}
