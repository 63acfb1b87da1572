package platform

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

var errPHC = errors.New("not a hash that this program makes; set a new password")

// argon2idCost are the cost parameters of one hash; memory is in KiB.
type argon2idCost struct {
	memory, time uint32
	threads      uint8
}

// encodePHC writes a hash as $argon2id$v=19$m=…,t=…,p=…$salt$hash.
func encodePHC(c argon2idCost, salt, key []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.memory, c.time, c.threads,
		b64.EncodeToString(salt), b64.EncodeToString(key))
}

// decodePHC reads what encodePHC wrote, within bounds: a stored text must not be
// able to take the machine's memory. No error repeats a part of the text.
func decodePHC(text string) (c argon2idCost, salt, key []byte, err error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, nil, errPHC
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.memory, &c.time, &c.threads); err != nil {
		return c, nil, nil, errPHC
	}
	b64 := base64.RawStdEncoding.Strict()
	salt, saltErr := b64.DecodeString(parts[4])
	key, keyErr := b64.DecodeString(parts[5])
	switch {
	case saltErr != nil, keyErr != nil, len(salt) < 8, len(salt) > 64, len(key) < 16, len(key) > 64,
		encodePHC(c, salt, key) != text, // one hash, one spelling
		c.memory < 8, c.memory > 256<<10, c.time < 1, c.time > 16, c.threads < 1, c.threads > 8:
		return c, nil, nil, errPHC
	}
	return c, salt, key, nil
}
