package idtoken

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
)

// The algorithms that a provider may be given.
const (
	RS256 = "RS256"
	ES256 = "ES256"
	EdDSA = "EdDSA"
)

// Algorithms lists them. None of them has a secret that both sides know: what verifies can't sign.
func Algorithms() []string { return []string{RS256, ES256, EdDSA} }

const (
	mostKeys     = 100       // of one set that are looked at; real ones have two or three
	mostKidBytes = 256       // of a key's name
	leastRSA     = 2048      // bits
	mostRSA      = 8192      // bits; a larger one would cost a second to verify with
	mostExponent = 1<<31 - 1 // what crypto/rsa takes
)

// key is one verifying key with the one algorithm that it is for: a token's header can't use it for another.
type key struct {
	algorithm string
	public    any // *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey
}

// jwk is a key as RFC 7517 and 8037 write it; what it says beyond this is not looked at.
type jwk struct {
	Type       string   `json:"kty"`
	ID         string   `json:"kid"`
	Use        string   `json:"use"`
	Operations []string `json:"key_ops"`
	Algorithm  string   `json:"alg"`
	Curve      string   `json:"crv"`
	N          string   `json:"n"`
	E          string   `json:"e"`
	X          string   `json:"x"`
	Y          string   `json:"y"`
}

// parseSet reads a set of keys by their names. Keys without a name, of other kinds, and for other uses are passed over,
// as the standard asks; a set without any that is of use is an error.
func parseSet(text []byte) (map[string]key, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, errors.New("it is not a set of keys (JWKS)")
	}
	if len(set.Keys) > mostKeys {
		return nil, fmt.Errorf("it has %d keys, more than %d", len(set.Keys), mostKeys)
	}
	keys := make(map[string]key, len(set.Keys))
	for _, raw := range set.Keys {
		var one jwk
		if json.Unmarshal(raw, &one) != nil || one.ID == "" || len(one.ID) > mostKidBytes {
			continue
		}
		if _, known := keys[one.ID]; known { // the first counts, whatever comes later under its name
			continue
		}
		if k, err := one.parse(); err == nil {
			keys[one.ID] = k
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("it has no key that could be used: RSA of at least 2048 bits, P-256 or Ed25519, each with a kid")
	}
	return keys, nil
}

func (j jwk) parse() (key, error) {
	if j.Use != "" && j.Use != "sig" || j.Operations != nil && !slices.Contains(j.Operations, "verify") {
		return key{}, errors.New("the key is not for signatures")
	}
	var k key
	var err error
	switch {
	case j.Type == "RSA":
		k.algorithm = RS256
		k.public, err = j.rsa()
	case j.Type == "EC" && j.Curve == "P-256":
		k.algorithm = ES256
		k.public, err = j.p256()
	case j.Type == "OKP" && j.Curve == "Ed25519":
		k.algorithm = EdDSA
		k.public, err = j.ed25519()
	default:
		err = errors.New("the key is of another kind")
	}
	if err == nil && j.Algorithm != "" && j.Algorithm != k.algorithm {
		err = errors.New("the key is for another algorithm")
	}
	return k, err
}

func (j jwk) rsa() (*rsa.PublicKey, error) {
	n, err := number(j.N)
	if err != nil {
		return nil, err
	}
	e, err := number(j.E)
	if err != nil {
		return nil, err
	}
	if bits := n.BitLen(); bits < leastRSA || bits > mostRSA {
		return nil, fmt.Errorf("an RSA key of %d bits", bits)
	}
	if !e.IsInt64() || e.Int64() < 3 || e.Int64() > mostExponent || e.Bit(0) == 0 || n.Bit(0) == 0 {
		return nil, errors.New("an RSA key that is none")
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}, nil
}

func (j jwk) p256() (*ecdsa.PublicKey, error) {
	const size = 32
	x, errX := base64.RawURLEncoding.Strict().DecodeString(j.X)
	y, errY := base64.RawURLEncoding.Strict().DecodeString(j.Y)
	if err := errors.Join(errX, errY); err != nil {
		return nil, err
	}
	if len(x) != size || len(y) != size {
		return nil, errors.New("a P-256 key of another length")
	}
	// Which refuses a point that is not on the curve.
	return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, x, y))
}

func (j jwk) ed25519() (ed25519.PublicKey, error) {
	x, err := base64.RawURLEncoding.Strict().DecodeString(j.X)
	if err != nil {
		return nil, err
	}
	if len(x) != ed25519.PublicKeySize {
		return nil, errors.New("an Ed25519 key of another length")
	}
	return x, nil
}

func number(text string) (*big.Int, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, err
	}
	return new(big.Int).SetBytes(raw), nil
}
