package auth

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
)

const pemType = "PRIVATE KEY"

// Key is one signing key of one portal.
type Key struct {
	// ID is the token header's kid: the first 16 hexadecimal digits of the
	// SHA-256 of the public key, so that it follows from the key alone.
	ID      string
	Private ed25519.PrivateKey
}

// Public returns the half that verifies.
func (k Key) Public() ed25519.PublicKey {
	return k.Private.Public().(ed25519.PublicKey)
}

// String names the key without showing it.
func (k Key) String() string { return "ed25519 key " + k.ID }

// GoString names the key without showing it.
func (k Key) GoString() string { return k.String() }

// LogValue names the key without showing it.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// GenerateKey makes a new key and its PEM form, as ParseKeys reads it.
func GenerateKey() (Key, []byte, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return Key{}, nil, fmt.Errorf("make a signing key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return Key{}, nil, fmt.Errorf("encode a signing key: %w", err)
	}
	return newKey(private), pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der}), nil
}

// ParseKeys reads one or several Ed25519 private keys (PKCS #8 in PEM). The
// first signs, all of them verify: to change a key put the new one behind the
// old, roll it out, put it in front, roll it out, and drop the old one a day
// later.
//
// No error ever contains a part of the input.
func ParseKeys(text []byte) ([]Key, error) {
	const cure = "; make one with: openssl genpkey -algorithm ed25519"
	var keys []Key
	seen := map[string]bool{}
	rest := bytes.TrimSpace(text)
	for len(rest) > 0 {
		if !bytes.HasPrefix(rest, []byte("-----BEGIN ")) {
			return nil, fmt.Errorf("signing key %d is not a PEM block%s", len(keys)+1, cure)
		}
		block, after := pem.Decode(rest)
		if block == nil {
			return nil, fmt.Errorf("signing key %d is a damaged PEM block%s", len(keys)+1, cure)
		}
		if block.Type != pemType {
			return nil, fmt.Errorf("signing key %d is a %q block, not a %q%s", len(keys)+1, block.Type, pemType, cure)
		}
		parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("signing key %d can't be read as PKCS #8%s", len(keys)+1, cure)
		}
		private, ok := parsed.(ed25519.PrivateKey)
		if !ok {
			return nil, fmt.Errorf("signing key %d is a %T, not Ed25519%s", len(keys)+1, parsed, cure)
		}
		key := newKey(private)
		if seen[key.ID] {
			return nil, fmt.Errorf("signing key %d (%s) is there twice; remove one", len(keys)+1, key.ID)
		}
		seen[key.ID] = true
		keys = append(keys, key)
		rest = bytes.TrimSpace(after)
	}
	if len(keys) == 0 {
		return nil, errors.New("no signing key given" + cure)
	}
	return keys, nil
}

// PublicKeys returns the verifying halves, in order.
func PublicKeys(keys []Key) []ed25519.PublicKey {
	public := make([]ed25519.PublicKey, len(keys))
	for i, k := range keys {
		public[i] = k.Public()
	}
	return public
}

func newKey(private ed25519.PrivateKey) Key {
	return Key{ID: keyID(private.Public().(ed25519.PublicKey)), Private: private}
}

func keyID(public ed25519.PublicKey) string {
	sum := sha256.Sum256(public)
	return hex.EncodeToString(sum[:8])
}
