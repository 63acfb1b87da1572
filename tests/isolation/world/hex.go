package world

import "encoding/hex"

// unhex reads bytes as Postgres writes them in JSON; what isn't hexadecimal stays as it is.
func unhex(text string) string {
	b, err := hex.DecodeString(text[2:])
	if err != nil {
		return text
	}
	return string(b)
}
