package startup_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"openhouse.example/packages/config"
	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/startup"
)

const portal, variable = "some-portal", "SOME_JWT_KEY"

func TestADevelopmentKeyIsMadeOnceAndKept(t *testing.T) {
	t.Chdir(t.TempDir())
	path := startup.KeyFile(portal)
	first, err := startup.SigningKeys(portal, variable, "")
	if err != nil {
		t.Fatal(err)
	}
	again, err := startup.SigningKeys(portal, variable, "")
	if err != nil || first[0].ID != again[0].ID {
		t.Errorf("the second start has another key: everybody would be signed out (%v)", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, error %v", info.Mode(), err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".key-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, error %v", left, err)
	}
	if err := os.WriteFile(path, []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := startup.SigningKeys(portal, variable, ""); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a damaged file gives %v", err)
	}
}

func TestAGivenKeyIsUsed(t *testing.T) {
	t.Parallel()
	key, text, err := auth.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	if keys, err := startup.SigningKeys(portal, variable, config.Secret(text)); err != nil || keys[0].ID != key.ID {
		t.Errorf("got %v, error %v", keys, err)
	}
	_, err = startup.SigningKeys(portal, variable, "not a key")
	if err == nil || !strings.Contains(err.Error(), variable) || strings.Contains(err.Error(), "not a key") {
		t.Errorf("a broken key gives %v", err)
	}
}
