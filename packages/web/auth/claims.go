package auth

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

// MaxLife is the longest life of a token. A session may live longer; its token
// is then signed anew.
const MaxLife = 24 * time.Hour

// claims is the payload. Its own decoder stands in for encoding/json's, which
// would take duplicate names (the last wins), names in another case, numbers in
// quotes and dates like 1e308.
type claims struct {
	issuer, audience                                string
	subject, tenantID, sessionID, development, unit uuid.UUID
	role                                            Role
	issued, expires, notBefore                      int64 // Unix seconds; 0 = absent
}

func newClaims(issuer string, p Principal, now time.Time) claims {
	return claims{
		issuer: issuer, audience: p.Portal, subject: p.Subject, tenantID: p.TenantID, sessionID: p.SessionID,
		development: p.DevelopmentID, unit: p.UnitID, role: p.Role, issued: now.Unix(), expires: p.Expires.Unix(),
	}
}

func (c *claims) principal() Principal {
	return Principal{
		Portal: c.audience, Subject: c.subject, TenantID: c.tenantID, SessionID: c.sessionID, Role: c.role,
		DevelopmentID: c.development, UnitID: c.unit, Expires: time.Unix(c.expires, 0).UTC(),
	}
}

// Validate is called by the parser after the registered claims were checked.
func (c *claims) Validate() error {
	// A missing iat is 1970, and no exp that still counts is near that.
	if life := time.Duration(c.expires-c.issued) * time.Second; c.expires <= c.issued || life > MaxLife {
		return fmt.Errorf("exp is not within %s after iat", MaxLife)
	}
	return c.principal().validate()
}

// MarshalJSON writes exactly the claims of the contract, in its order.
func (c *claims) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Issuer      string    `json:"iss"`
		Audience    string    `json:"aud"`
		Subject     uuid.UUID `json:"sub"`
		TenantID    uuid.UUID `json:"tenant_id"`
		Development uuid.UUID `json:"development_id,omitzero"`
		Unit        uuid.UUID `json:"unit_id,omitzero"`
		Role        Role      `json:"role"`
		SessionID   uuid.UUID `json:"sid"`
		Expires     int64     `json:"exp"`
		Issued      int64     `json:"iat"`
	}{
		c.issuer, c.audience, c.subject, c.tenantID, c.development, c.unit,
		c.role, c.sessionID, c.expires, c.issued,
	})
}

// UnmarshalJSON reads one flat object of known names, each at most once.
func (c *claims) UnmarshalJSON(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if first, err := dec.Token(); err != nil || first != json.Delim('{') {
		return errors.New("claims are not an object")
	}
	seen := make(map[string]bool, 12)
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return errors.New("claims are cut short")
		}
		key, _ := name.(string)
		if seen[key] {
			return errors.New("a claim is there twice")
		}
		seen[key] = true
		value, err := dec.Token()
		if err != nil {
			return errors.New("claims are cut short")
		}
		if err := c.set(key, value); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil {
		return errors.New("claims are cut short")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the claims")
	}
	return nil
}

// set stores one claim. An unknown name is refused: a new claim is first taught
// to every verifier, then issued.
func (c *claims) set(name string, value json.Token) error {
	var err error
	switch name {
	case "iss":
		c.issuer, err = text(value)
	case "aud":
		c.audience, err = text(value)
	case "role":
		var role string
		role, err = text(value)
		c.role = Role(role)
	case "sub":
		c.subject, err = id(value)
	case "tenant_id":
		c.tenantID, err = id(value)
	case "sid":
		c.sessionID, err = id(value)
	case "development_id":
		c.development, err = id(value)
	case "unit_id":
		c.unit, err = id(value)
	case "iat":
		c.issued, err = seconds(value)
	case "exp":
		c.expires, err = seconds(value)
	case "nbf":
		c.notBefore, err = seconds(value)
	default:
		return errors.New("a claim is not known")
	}
	if err != nil {
		return fmt.Errorf("%s %w", name, err)
	}
	return nil
}

func text(value json.Token) (string, error) {
	s, ok := value.(string)
	if !ok {
		return "", errors.New("is not a text")
	}
	return s, nil
}

// id reads the canonical 36 characters only; the library also takes braces,
// urn:uuid: and no hyphens.
func id(value json.Token) (uuid.UUID, error) {
	s, _ := value.(string)
	u, err := uuid.Parse(s)
	if err != nil || u.String() != s {
		return uuid.Nil, errors.New("is not an id")
	}
	return u, nil
}

func seconds(value json.Token) (int64, error) {
	const tooFar = 1 << 40 // some 34,000 years on; keeps sums far from overflow
	n, ok := value.(json.Number)
	if !ok {
		return 0, errors.New("is not a number")
	}
	s, err := strconv.ParseInt(n.String(), 10, 64)
	if err != nil || s <= 0 || s > tooFar {
		return 0, errors.New("is not a date in whole seconds")
	}
	return s, nil
}

func date(s int64) *jwt.NumericDate {
	if s == 0 {
		return nil
	}
	return jwt.NewNumericDate(time.Unix(s, 0))
}

// The parser reads the registered claims through these.

func (c *claims) GetExpirationTime() (*jwt.NumericDate, error) { return date(c.expires), nil }
func (c *claims) GetIssuedAt() (*jwt.NumericDate, error)       { return date(c.issued), nil }
func (c *claims) GetNotBefore() (*jwt.NumericDate, error)      { return date(c.notBefore), nil }
func (c *claims) GetIssuer() (string, error)                   { return c.issuer, nil }
func (c *claims) GetSubject() (string, error)                  { return c.subject.String(), nil }
func (c *claims) GetAudience() (jwt.ClaimStrings, error)       { return jwt.ClaimStrings{c.audience}, nil }
