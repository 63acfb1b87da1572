package startup_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"openhouse.example/packages/config"
	"openhouse.example/packages/db"
	"openhouse.example/packages/web"
	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/startup"
)

// self is a portal that nobody builds, with the variables OWN_… and THEIR_….
var self = startup.Portal{Name: auth.PortalTenant, Prefix: "OWN", Other: "THEIR", Port: 3999}

// settings is its Config.
type settings struct {
	Server    web.ServerConfig
	Own       config.Secret `envconfig:"OWN_DATABASE_URL"`
	Other     config.Secret `envconfig:"THEIR_DATABASE_URL"`
	DB        db.Config
	PublicURL web.PublicURL `envconfig:"OWN_PUBLIC_URL"`
	Key       config.Secret `envconfig:"OWN_JWT_KEY" file:"true"`
}

func (s *settings) Settings() startup.Settings {
	return startup.Settings{Server: &s.Server, DB: &s.DB, OtherDatabase: s.Other, PublicURL: &s.PublicURL, Key: s.Key}
}

func (s *settings) Validate() error { return self.Check(s.Settings()) }

const (
	ownURL   = "postgres://own:own-hush@localhost:5432/openhouse"
	theirURL = "postgres://their:their-hush@localhost:5432/openhouse"
)

func load(vars map[string]string) (*settings, error) {
	var s settings
	lookup := func(name string) (string, bool) { v, ok := vars[name]; return v, ok }
	return &s, self.Load(&s, lookup, nil)
}

func TestAStandInReplacesTheDatabaseURL(t *testing.T) {
	t.Parallel()
	for own, want := range map[string]string{" " + ownURL + " ": ownURL, "  ": theirURL, "": theirURL} {
		s, err := load(map[string]string{"OPENHOUSE_ENV": "development", "DATABASE_URL": theirURL, "OWN_DATABASE_URL": own})
		if err != nil {
			t.Fatal(err)
		}
		if got := s.DB.URL.Reveal(); got != want {
			t.Errorf("OWN_DATABASE_URL=%q: the address is %q, want %q", own, got, want)
		}
	}
}

// An error about DATABASE_URL says so when the value stands in another variable.
func TestAnErrorNamesTheStandIn(t *testing.T) {
	t.Parallel()
	const wrong = "mysql://own:own-hush@localhost/openhouse"
	for variable, want := range map[string]bool{"OWN_DATABASE_URL": true, "DATABASE_URL": false} {
		_, err := load(map[string]string{"OPENHOUSE_ENV": "development", variable: wrong})
		if err == nil || strings.Contains(err.Error(), "OWN_DATABASE_URL is set") != want || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", variable, err)
		}
	}
}

func TestWithoutAPublicAddressThePortalIsOnThisMachine(t *testing.T) {
	t.Parallel()
	for port, want := range map[string]web.PublicURL{"": "http://localhost:3999", "4444": "http://localhost:4444"} {
		s, err := load(map[string]string{"OPENHOUSE_ENV": "development", "DATABASE_URL": ownURL, "PORT": port})
		if err != nil || s.PublicURL != want || s.DB.AppName != self.Name {
			t.Errorf("PORT=%q: public address %q, name %q, error %v", port, s.PublicURL, s.DB.AppName, err)
		}
	}
}

func TestASharedLoginIsRefused(t *testing.T) {
	t.Parallel()
	const nameless = "postgres://localhost/openhouse"
	for name, test := range map[string]struct {
		other config.Secret
		want  bool
	}{
		"the same":                 {ownURL, true},
		"another password, server": {"postgres://own:else@db.example.org/other", true},
		"another login":            {theirURL, false},
		"not known":                {"", false},
		"no login":                 {nameless, false},
		"not an address":           {"postgres://%zz", false},
	} {
		s := settings{Server: web.ServerConfig{Env: web.Development}, DB: db.Config{URL: ownURL}, Other: test.other}
		err := s.Validate()
		if test.want != (err != nil) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && !strings.Contains(err.Error(), `OWN_DATABASE_URL and THEIR_DATABASE_URL have the same login "own"`) {
			t.Errorf("%s: the error does not say which: %v", name, err)
		}
	}
	s := settings{Server: web.ServerConfig{Env: web.Development}, DB: db.Config{URL: nameless}, Other: nameless}
	if err := s.Validate(); err != nil {
		t.Errorf("two addresses without a login: %v", err)
	}
}

// Production is asked for more than a developer's machine.
func TestProductionNeedsAKeyAndAnAddress(t *testing.T) {
	t.Parallel()
	vars := map[string]string{"OWN_DATABASE_URL": ownURL}
	_, err := load(vars)
	for _, want := range []string{"OWN_PUBLIC_URL is required", "OWN_JWT_KEY or OWN_JWT_KEY_FILE is required"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q: %v", want, err)
		}
	}
	vars["OWN_PUBLIC_URL"], vars["OWN_JWT_KEY"] = "https://homes.example.org", "anything, read later"
	if _, err := load(vars); err != nil {
		t.Error(err)
	}
}

func TestTheOtherPortalsKeyIsRefused(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(file, []byte("anything, read later"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		vars map[string]string
		want bool
	}{
		"the same":      {map[string]string{"OWN_JWT_KEY": "one hush", "THEIR_JWT_KEY": " one hush\n"}, true},
		"two":           {map[string]string{"OWN_JWT_KEY": "one hush", "THEIR_JWT_KEY": "another hush"}, false},
		"only ours":     {map[string]string{"OWN_JWT_KEY": "one hush"}, false},
		"only theirs":   {map[string]string{"THEIR_JWT_KEY": "one hush"}, false},
		"the same file": {map[string]string{"OWN_JWT_KEY_FILE": file, "THEIR_JWT_KEY_FILE": file}, true},
	} {
		c.vars["OWN_DATABASE_URL"], c.vars["OPENHOUSE_ENV"] = ownURL, "development"
		_, err := load(c.vars)
		if c.want != (err != nil) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && (!strings.Contains(err.Error(), "THEIR_JWT_KEY") || strings.Contains(err.Error(), "hush")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
