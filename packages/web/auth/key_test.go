package auth_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"openhouse.example/packages/web/auth"
)

func TestParseKeysFirstSignsAllVerify(t *testing.T) {
	t.Parallel()
	first, firstPEM, err := auth.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	second, secondPEM, err := auth.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := auth.ParseKeys(slices.Concat([]byte("\n"), firstPEM, []byte("\r\n\n"), secondPEM, []byte("  \n")))
	if err != nil {
		t.Fatal(err)
	}
	if len(keys) != 2 || !keys[0].Private.Equal(first.Private) || !keys[1].Private.Equal(second.Private) {
		t.Fatalf("ParseKeys = %v, want the two keys in order", keys)
	}
	sum := sha256.Sum256(first.Public())
	if want := hex.EncodeToString(sum[:])[:16]; keys[0].ID != want {
		t.Errorf("kid = %q, want %q", keys[0].ID, want)
	}
}

func TestParseKeysRefuses(t *testing.T) {
	t.Parallel()
	key, good, err := auth.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, err := x509.MarshalPKCS8PrivateKey(curve)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	for name, c := range map[string]struct {
		text []byte
		says string
	}{
		"nothing":         {nil, "no signing key"},
		"blanks":          {[]byte(" \n\t"), "no signing key"},
		"a passphrase":    {[]byte("correct horse"), "not a PEM block"},
		"a public key":    {block("PUBLIC KEY", public), `"PUBLIC KEY"`},
		"another curve":   {block("PRIVATE KEY", other), "not Ed25519"},
		"garbled DER":     {block("PRIVATE KEY", []byte("zzz")), "PKCS #8"},
		"cut short":       {good[:len(good)/2], "damaged"},
		"twice the same":  {slices.Concat(good, good), "twice"},
		"text behind it":  {slices.Concat(good, []byte("and so on")), "signing key 2"},
		"text in between": {slices.Concat(good, []byte("and so on\n"), good), "signing key 2"},
	} {
		keys, err := auth.ParseKeys(c.text)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: ParseKeys = %v, %v; want an error with %q", name, keys, err, c.says)
			continue
		}
		if lines := strings.Split(string(good), "\n"); strings.Contains(err.Error(), lines[1]) {
			t.Errorf("%s: the error shows the key: %v", name, err)
		}
	}
}

func TestKeyIsNeverPrinted(t *testing.T) {
	t.Parallel()
	key, _, err := auth.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, nil))
	log.Info("key", "key", key)
	fmt.Fprintf(&out, "%v %+v %#v %s %x %v", key, key, key, key, key, []auth.Key{key})
	seed := key.Private.Seed()
	for _, secret := range []string{hex.EncodeToString(seed), fmt.Sprint(seed)[1:20], hex.EncodeToString(seed[:8])} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("the private key was printed: %s", out.String())
		}
	}
}
