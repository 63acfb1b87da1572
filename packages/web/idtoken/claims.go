package idtoken

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	mostAudiences = 10
	mostTextBytes = 2000 // of an issuer, an audience, a subject
	mostEmail     = 254
)

// header is what of a token's header is used: the rest (jku, x5u, jwk, x5c) is the sender's word.
type header struct{ algorithm, kid string }

// peek takes a token apart without checking its signature.
func peek(token string) (h header, c claims, err error) {
	if len(token) > MaxTokenBytes {
		return h, c, invalid(fmt.Errorf("%d bytes are more than %d", len(token), MaxTokenBytes))
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 || parts[2] == "" {
		return h, c, invalid(errors.New("it has not three parts"))
	}
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) { // which the decoder would skip
		return h, c, invalid(errors.New("a character does not belong in a token"))
	}
	for i, read := range []func([]byte) error{h.read, c.UnmarshalJSON} {
		text, err := base64.RawURLEncoding.Strict().DecodeString(parts[i])
		if err != nil {
			return h, c, invalid(errors.New("it is not base64"))
		}
		if err := read(text); err != nil {
			return h, c, invalid(err)
		}
	}
	return h, c, nil
}

func (h *header) read(text []byte) error {
	fields, err := distinct(text)
	if err != nil {
		return fmt.Errorf("the header %w", err)
	}
	if _, asked := fields["crit"]; asked {
		return errors.New("the header asks for more than we can do")
	}
	var kind string
	if raw, there := fields["typ"]; there {
		if err := json.Unmarshal(raw, &kind); err != nil || !strings.EqualFold(kind, "JWT") {
			return errors.New("the header is not that of an identity token")
		}
	}
	if json.Unmarshal(fields["alg"], &h.algorithm) != nil || !slices.Contains(Algorithms(), h.algorithm) {
		return errors.New("the header names no algorithm of ours")
	}
	if json.Unmarshal(fields["kid"], &h.kid) != nil || h.kid == "" || len(h.kid) > mostKidBytes {
		return errors.New("the header names no key")
	}
	return nil
}

// claims are those of a token that are used.
type claims struct {
	issuer, subject, party string
	audiences              []string
	email                  string
	expires, issued, begin int64 // Unix seconds; 0 = absent
}

// UnmarshalJSON reads the claims; each name may be there once. Other names are the provider's own and are left alone.
func (c *claims) UnmarshalJSON(text []byte) error {
	fields, err := distinct(text)
	if err != nil {
		return fmt.Errorf("the claims %w", err)
	}
	var verified bool
	for _, read := range []struct {
		name string
		into func(json.RawMessage) error
	}{
		{"iss", line(&c.issuer)},
		{"sub", line(&c.subject)},
		{"azp", line(&c.party)},
		{"aud", c.setAudiences},
		{"email", line(&c.email)},
		{"email_verified", yes(&verified)},
		{"exp", seconds(&c.expires)},
		{"iat", seconds(&c.issued)},
		{"nbf", seconds(&c.begin)},
	} {
		raw, there := fields[read.name]
		if !there {
			continue
		}
		if err := read.into(raw); err != nil {
			return fmt.Errorf("%s %w", read.name, err)
		}
	}
	c.email = strings.ToLower(c.email)
	switch {
	case c.issuer == "" || c.subject == "" || len(c.audiences) == 0:
		return errors.New("iss, sub or aud is missing")
	case c.issued == 0 || c.expires <= c.issued || time.Duration(c.expires-c.issued)*time.Second > MaxLife:
		return fmt.Errorf("exp is not within %s after iat", MaxLife)
	case !verified:
		return errors.New("email_verified is not true: the provider doesn't vouch for the address")
	case len(c.email) > mostEmail || strings.Count(c.email, "@") != 1 || strings.ContainsAny(c.email, " \t\r\n"):
		return errors.New("email is not an address")
	}
	return nil
}

func (c *claims) setAudiences(raw json.RawMessage) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		c.audiences = []string{one}
	} else if json.Unmarshal(raw, &c.audiences) != nil {
		return errors.New("is neither a text nor a list of texts")
	}
	if len(c.audiences) > mostAudiences {
		return fmt.Errorf("lists more than %d", mostAudiences)
	}
	for _, a := range c.audiences {
		if a == "" || len(a) > mostTextBytes {
			return errors.New("is empty or too long")
		}
	}
	return nil
}

func line(into *string) func(json.RawMessage) error {
	return func(raw json.RawMessage) error {
		if raw[0] != '"' || json.Unmarshal(raw, into) != nil || len(*into) > mostTextBytes {
			return errors.New("is not a short text")
		}
		return nil
	}
}

// yes reads true, and "true", which some providers write.
func yes(into *bool) func(json.RawMessage) error {
	return func(raw json.RawMessage) error {
		*into = string(raw) == "true" || string(raw) == `"true"`
		return nil
	}
}

func seconds(into *int64) func(json.RawMessage) error {
	return func(raw json.RawMessage) error {
		const tooFar = 1 << 40 // some 34,000 years on; keeps sums far from overflow
		var n float64          // some write a fraction
		if raw[0] == '"' || json.Unmarshal(raw, &n) != nil || n < 1 || n > tooFar {
			return errors.New("is not a date in seconds")
		}
		*into = int64(n)
		return nil
	}
}

// distinct reads a JSON object whose names are all different: of two, encoding/json would take the last, another program
// the first.
func distinct(text []byte) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	if first, err := d.Token(); err != nil || first != json.Delim('{') {
		return nil, errors.New("are not an object")
	}
	fields := map[string]json.RawMessage{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, errors.New("are cut short")
		}
		key, _ := name.(string)
		if _, twice := fields[key]; twice {
			return nil, errors.New("name something twice")
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, errors.New("are cut short")
		}
		fields[key] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, errors.New("are cut short")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("are followed by something")
	}
	return fields, nil
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
func (c *claims) GetNotBefore() (*jwt.NumericDate, error)      { return date(c.begin), nil }
func (c *claims) GetIssuer() (string, error)                   { return c.issuer, nil }
func (c *claims) GetSubject() (string, error)                  { return c.subject, nil }
func (c *claims) GetAudience() (jwt.ClaimStrings, error)       { return c.audiences, nil }
