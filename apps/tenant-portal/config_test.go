package main

import (
	"maps"
	"strings"
	"testing"

	"openhouse.example/packages/web/webtest"
)

const (
	ownURL   = "postgres://openhouse_tenant_portal:own-hush@localhost:5432/openhouse"
	otherURL = "postgres://openhouse_developer_portal:other-hush@localhost:5432/openhouse"
)

func production() map[string]string {
	return map[string]string{
		"TENANT_DATABASE_URL": ownURL, "TENANT_PUBLIC_URL": "https://homes.example.org", "TENANT_JWT_KEY": "anything, read later", "FILES_DIR": "/var/lib/openhouse/files",
	}
}

func TestConfigOfProduction(t *testing.T) {
	t.Parallel()
	c, err := loadConfig(webtest.Environment(production()))
	if err != nil {
		t.Fatal(err)
	}
	if !c.Server.Production() || c.Server.Listen(self.Port) != ":3002" || c.PublicURL != "https://homes.example.org" || c.DB.URL.Reveal() != ownURL {
		t.Errorf("got production %t, listen %q, public %q", c.Server.Production(), c.Server.Listen(self.Port), c.PublicURL)
	}
}

func TestConfigOfDevelopmentNeedsADatabaseOnly(t *testing.T) {
	t.Parallel()
	c, err := loadConfig(webtest.Environment(map[string]string{"OPENHOUSE_ENV": "development", "DATABASE_URL": ownURL, "PORT": "4002"}))
	if err != nil {
		t.Fatal(err)
	}
	if c.Server.Listen(self.Port) != "127.0.0.1:4002" || c.PublicURL != "http://localhost:4002" {
		t.Errorf("got listen %q, public %q", c.Server.Listen(self.Port), c.PublicURL)
	}
}

func TestTheOwnDatabaseAddressWins(t *testing.T) {
	t.Parallel()
	vars := production()
	vars["DATABASE_URL"] = "postgres://somebody:else@localhost/other"
	c, err := loadConfig(webtest.Environment(vars))
	if err != nil || c.DB.URL.Reveal() != ownURL {
		t.Errorf("the address is that of %q, error %v", strings.SplitN(c.DB.URL.Reveal(), ":", 3)[1], err)
	}
	vars["TENANT_DATABASE_URL"] = "  " // blank is unset
	if c, err = loadConfig(webtest.Environment(vars)); err != nil || c.DB.URL.Reveal() != vars["DATABASE_URL"] {
		t.Errorf("a blank own address was used, error %v", err)
	}
}

func TestConfigRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change map[string]string
		want   []string
	}{
		{"no database", map[string]string{"TENANT_DATABASE_URL": ""}, []string{"DATABASE_URL"}},
		{"the other portal's login", map[string]string{"DEVELOPER_DATABASE_URL": ownURL}, []string{"same login", "openhouse_tenant_portal"}},
		{"the same login, another password", map[string]string{"DEVELOPER_DATABASE_URL": strings.Replace(ownURL, "own-hush", "x", 1)}, []string{"same login"}},
		{"no public address", map[string]string{"TENANT_PUBLIC_URL": ""}, []string{"TENANT_PUBLIC_URL is required in production"}},
		{"plain http in production", map[string]string{"TENANT_PUBLIC_URL": "http://homes.example.org"}, []string{"TENANT_PUBLIC_URL", "https://"}},
		{"a path in the address", map[string]string{"TENANT_PUBLIC_URL": "https://example.org/homes"}, []string{"TENANT_PUBLIC_URL"}},
		{"no folder for documents", map[string]string{"FILES_DIR": ""}, []string{"FILES_DIR is required in production"}},
		{"no key", map[string]string{"TENANT_JWT_KEY": ""}, []string{"TENANT_JWT_KEY", "openssl genpkey"}},
		{"a key file that is not there", map[string]string{"TENANT_JWT_KEY": "", "TENANT_JWT_KEY_FILE": "/no/such/file"}, []string{"TENANT_JWT_KEY_FILE", "does not exist"}},
		{"an unknown environment", map[string]string{"OPENHOUSE_ENV": "staging"}, []string{"OPENHOUSE_ENV", "staging"}},
		{"port and address that differ", map[string]string{"PORT": "1", "LISTEN_ADDR": ":2"}, []string{"PORT", "LISTEN_ADDR"}},
		{"a misspelt pool setting", map[string]string{"DB_POOL_MAXX": "5"}, []string{"DB_POOL_MAXX", "DB_POOL_MAX"}},
		{"several at once", map[string]string{"TENANT_PUBLIC_URL": "", "TENANT_JWT_KEY": "", "DB_POOL_MAX": "many"}, []string{"TENANT_PUBLIC_URL", "TENANT_JWT_KEY", "DB_POOL_MAX"}},
		{"an address of another kind", map[string]string{"TENANT_DATABASE_URL": "mysql://a:b@localhost/c"}, []string{"DATABASE_URL", "TENANT_DATABASE_URL is set"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			vars := production()
			maps.Copy(vars, c.change)
			_, err := loadConfig(webtest.Environment(vars))
			if err == nil {
				t.Fatal("it was accepted")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not say %q:\n%v", want, err)
				}
			}
			if strings.Contains(err.Error(), "hush") {
				t.Errorf("the error shows a password:\n%v", err)
			}
		})
	}
}
