package platform_test

import (
	"encoding/base64"
	"encoding/hex"
	"testing"

	"github.com/google/go-cmp/cmp"

	"openhouse.example/packages/platform"
)

func TestToken(t *testing.T) {
	t.Parallel()
	secret, hash := platform.NewToken()
	raw, err := base64.RawURLEncoding.DecodeString(secret)
	if err != nil || len(raw) != 32 {
		t.Errorf("secret %q is not 256 bits in base64url: %v", secret, err)
	}
	if diff := cmp.Diff(hash, platform.HashToken(secret)); diff != "" {
		t.Errorf("the hash differs from that of the secret: %s", diff)
	}
	if other, _ := platform.NewToken(); other == secret {
		t.Error("two tokens are the same")
	}
	const want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // FIPS 180-4's example
	if got := hex.EncodeToString(platform.HashToken("abc")); got != want {
		t.Errorf("HashToken is not SHA-256: %s", got)
	}
}
