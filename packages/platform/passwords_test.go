package platform_test

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"openhouse.example/packages/platform"
)

const password = "correct horse battery staple"

func TestPasswordRoundTrip(t *testing.T) {
	t.Parallel()
	p := platform.NewPasswords(2)
	stored, err := p.Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(stored, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("stored as %s", stored)
	}
	again, err := p.Hash(t.Context(), password)
	if err != nil || again == stored {
		t.Errorf("the same password twice gives the same text: %v", err)
	}
	for given, want := range map[string]bool{
		password: true, password + " ": false, strings.ToUpper(password): false, "": false,
		strings.Repeat("a", platform.MaxPasswordBytes+1): false,
	} {
		if got, err := p.Verify(t.Context(), stored, given); err != nil || got != want {
			t.Errorf("Verify(%.30q) = %v, %v; want %v", given, got, err, want)
		}
	}
}

// TestPasswordFromAnotherKeyboard: an umlaut is one character or two.
func TestPasswordFromAnotherKeyboard(t *testing.T) {
	t.Parallel()
	p := platform.NewPasswords(0)
	composed, decomposed := "Müllers Haus am See", "Mu\u0308llers Haus am See"
	stored, err := p.Hash(t.Context(), composed)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := p.Verify(t.Context(), stored, decomposed); err != nil || !got {
		t.Errorf("the same word from another keyboard: %v, %v", got, err)
	}
}

func TestPasswordLength(t *testing.T) {
	t.Parallel()
	p := platform.NewPasswords(1)
	for given, good := range map[string]bool{
		"": false, "elevenchars": false, "twelve chars": true, "zwölf Zeiche": true,
		strings.Repeat("a", platform.MaxPasswordBytes): true, strings.Repeat("a", platform.MaxPasswordBytes+1): false,
	} {
		if _, err := p.Hash(t.Context(), given); (err == nil) != good || err != nil && !errors.Is(err, platform.ErrPasswordLength) {
			t.Errorf("Hash of %d bytes: %v", len(given), err)
		}
	}
}

func TestStoredHashIsNotTrusted(t *testing.T) {
	t.Parallel()
	p := platform.NewPasswords(1)
	b64 := base64.RawStdEncoding.EncodeToString
	salt, key := b64(make([]byte, 16)), b64(make([]byte, 32))
	if got, err := p.Verify(t.Context(), "$argon2id$v=19$m=8,t=1,p=1$"+salt+"$"+key, password); err != nil || got {
		t.Errorf("the frame of the table: %v, %v; want a plain no", got, err)
	}
	for name, stored := range map[string]string{
		"empty":             "",
		"plain text":        password,
		"bcrypt":            "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
		"argon2i":           "$argon2i$v=19$m=8,t=1,p=1$" + salt + "$" + key,
		"another version":   "$argon2id$v=16$m=8,t=1,p=1$" + salt + "$" + key,
		"no memory":         "$argon2id$v=19$m=0,t=1,p=1$" + salt + "$" + key,
		"all the memory":    "$argon2id$v=19$m=4294967295,t=1,p=1$" + salt + "$" + key,
		"for ever":          "$argon2id$v=19$m=8,t=4294967295,p=1$" + salt + "$" + key,
		"no time":           "$argon2id$v=19$m=8,t=0,p=1$" + salt + "$" + key,
		"no thread":         "$argon2id$v=19$m=8,t=1,p=0$" + salt + "$" + key,
		"300 threads":       "$argon2id$v=19$m=8,t=1,p=300$" + salt + "$" + key,
		"negative":          "$argon2id$v=19$m=-8,t=1,p=1$" + salt + "$" + key,
		"rubbish in cost":   "$argon2id$v=19$m=8,t=1,p=1x$" + salt + "$" + key,
		"leading zeros":     "$argon2id$v=19$m=08,t=1,p=1$" + salt + "$" + key,
		"short salt":        "$argon2id$v=19$m=8,t=1,p=1$" + b64(make([]byte, 7)) + "$" + key,
		"empty key":         "$argon2id$v=19$m=8,t=1,p=1$" + salt + "$",
		"short key":         "$argon2id$v=19$m=8,t=1,p=1$" + salt + "$" + b64(make([]byte, 15)),
		"huge key":          "$argon2id$v=19$m=8,t=1,p=1$" + salt + "$" + b64(make([]byte, 65)),
		"not base64":        "$argon2id$v=19$m=8,t=1,p=1$" + salt + "$!!!",
		"one part too many": "$argon2id$v=19$m=8,t=1,p=1$" + salt + "$" + key + "$x",
	} {
		got, err := p.Verify(t.Context(), stored, password)
		if err == nil || got {
			t.Errorf("%s: %v, %v; want an error", name, got, err)
		}
		if err != nil && stored != "" && strings.Contains(err.Error(), stored) {
			t.Errorf("%s: the error shows the hash: %v", name, err)
		}
	}
}

func TestPasswordsWaitTheirTurn(t *testing.T) {
	t.Parallel()
	p := platform.NewPasswords(1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Hash(ctx, password); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
	// Far more than one turn's work, with time for a few turns only: whoever gets
	// none must be told, and nobody may hang.
	short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	const crowd = 100
	results := make(chan error, crowd)
	for range crowd {
		go func() {
			_, err := p.Hash(short, password)
			results <- err
		}()
	}
	late := 0
	for range crowd {
		switch err := <-results; {
		case errors.Is(err, context.DeadlineExceeded):
			late++
		case err != nil:
			t.Error(err)
		}
	}
	if late == 0 {
		t.Error("100 hashes within 200 ms: they did not wait for each other")
	}
	if _, err := p.Hash(t.Context(), password); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
