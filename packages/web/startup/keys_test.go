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

// TestADevelopmentKeyIsNotForProduction: the file that a portal made for itself is copied along with a folder.
func TestADevelopmentKeyIsNotForProduction(t *testing.T) {
	t.Chdir(t.TempDir())
	if _, err := startup.SigningKeys(portal, variable, ""); err != nil {
		t.Fatal(err)
	}
	made, err := os.ReadFile(startup.KeyFile(portal))
	if err != nil {
		t.Fatal(err)
	}
	_, given, err := auth.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		env, key string
		refused  bool
	}{
		"production":               {"production", string(made), true},
		"production, behind a new": {"production", string(given) + string(made), true},
		"production, another":      {"production", string(given), false},
		"development":              {"development", string(made), false},
	} {
		_, err := load(map[string]string{
			"OPENHOUSE_ENV": c.env, "OWN_DATABASE_URL": ownURL, "OWN_PUBLIC_URL": "https://homes.example.org", "OWN_JWT_KEY": c.key,
		})
		if c.refused != (err != nil) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && (!strings.Contains(err.Error(), "OWN_JWT_KEY") || strings.Contains(err.Error(), strings.Split(string(made), "\n")[3])) {
			t.Errorf("%s: %v", name, err)
		}
		if keys, err := startup.SigningKeys(portal, variable, config.Secret(c.key)); err != nil || len(keys) == 0 {
			t.Errorf("%s: the key can't be read: %v", name, err)
		}
	}
}
