package platform

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"time"
)

// LinkLife is how long a one-time link to a home works. The door that writes the
// link of a resident who asks for one (resident_link_create) has the same figure
// in SQL; a test fails when they differ.
const LinkLife = 15 * time.Minute

// InviteLife is how long an invitation to a company's team works. The person
// doesn't wait for it, as for a link that they have asked for.
const InviteLife = 72 * time.Hour

const tokenBytes = 32 // 256 bits: nobody guesses one

// NewToken makes the secret of a one-time link, 43 characters that fit into an
// address, and the hash that is stored in its place.
func NewToken() (secret string, hash []byte) {
	raw := make([]byte, tokenBytes)
	_, _ = rand.Read(raw) // it never fails; the program would be stopped
	secret = base64.RawURLEncoding.EncodeToString(raw)
	return secret, HashToken(secret)
}

// HashToken is the SHA-256 under which a token is looked up. A plain hash will
// do, since the token is random; and looking up by hash takes no longer for a
// token that is nearly right.
func HashToken(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}
