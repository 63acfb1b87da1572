package main

import (
	"maps"
	"strings"
	"testing"

	"openhouse.example/packages/web/webtest"
)

const ownURL = "postgres://openhouse_developer_portal:own-hush@localhost:5432/openhouse"

func production() map[string]string {
	return map[string]string{
		"DEVELOPER_DATABASE_URL": ownURL, "DEVELOPER_PUBLIC_URL": "https://staff.example.org",
		"TENANT_PUBLIC_URL": "https://homes.example.org", "DEVELOPER_JWT_KEY": "anything, read later", "FILES_DIR": "/var/lib/openhouse/files",
	}
}

func TestConfigOfProduction(t *testing.T) {
	t.Parallel()
	c, err := loadConfig(webtest.Environment(production()))
	if err != nil {
		t.Fatal(err)
	}
	if !c.Server.Production() || c.Server.Listen(self.Port) != ":3001" || c.PublicURL != "https://staff.example.org" || c.ResidentsURL != "https://homes.example.org" || c.DB.URL.Reveal() != ownURL {
		t.Errorf("production %t, listen %q, public %q, residents %q", c.Server.Production(), c.Server.Listen(self.Port), c.PublicURL, c.ResidentsURL)
	}
}

func TestConfigOfDevelopmentNeedsADatabaseOnly(t *testing.T) {
	t.Parallel()
	c, err := loadConfig(webtest.Environment(map[string]string{"OPENHOUSE_ENV": "development", "DATABASE_URL": ownURL, "PORT": "4001"}))
	if err != nil {
		t.Fatal(err)
	}
	if c.Server.Listen(self.Port) != "127.0.0.1:4001" || c.PublicURL != "http://localhost:4001" || c.ResidentsURL != "http://localhost:3002" {
		t.Errorf("listen %q, public %q, residents %q", c.Server.Listen(self.Port), c.PublicURL, c.ResidentsURL)
	}
}

func TestTheOwnDatabaseAddressWins(t *testing.T) {
	t.Parallel()
	vars := production()
	vars["DATABASE_URL"] = "postgres://somebody:else@localhost/other"
	c, err := loadConfig(webtest.Environment(vars))
	if err != nil || c.DB.URL.Reveal() != ownURL {
		t.Errorf("another address was taken, error %v", err)
	}
	vars["DEVELOPER_DATABASE_URL"] = " " // blank is unset
	if c, err = loadConfig(webtest.Environment(vars)); err != nil || c.DB.URL.Reveal() != vars["DATABASE_URL"] {
		t.Errorf("a blank own address was used, error %v", err)
	}
}

func TestConfigRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change map[string]string
		want   []string
	}{
		"no database":                 {map[string]string{"DEVELOPER_DATABASE_URL": ""}, []string{"DATABASE_URL"}},
		"the other portal's login":    {map[string]string{"TENANT_DATABASE_URL": strings.Replace(ownURL, "own-hush", "x", 1)}, []string{"same login", "openhouse_developer_portal"}},
		"no folder for documents":     {map[string]string{"FILES_DIR": ""}, []string{"FILES_DIR is required in production"}},
		"a folder somewhere":          {map[string]string{"FILES_DIR": "files"}, []string{"FILES_DIR must begin with /"}},
		"no public address":           {map[string]string{"DEVELOPER_PUBLIC_URL": ""}, []string{"DEVELOPER_PUBLIC_URL is required in production"}},
		"no address of residents":     {map[string]string{"TENANT_PUBLIC_URL": ""}, []string{"TENANT_PUBLIC_URL is required in production"}},
		"plain http in production":    {map[string]string{"TENANT_PUBLIC_URL": "http://homes.example.org"}, []string{"TENANT_PUBLIC_URL", "https://"}},
		"no key":                      {map[string]string{"DEVELOPER_JWT_KEY": ""}, []string{"DEVELOPER_JWT_KEY", "openssl genpkey"}},
		"an unknown environment":      {map[string]string{"OPENHOUSE_ENV": "staging"}, []string{"OPENHOUSE_ENV", "staging"}},
		"a misspelt pool setting":     {map[string]string{"DB_POOL_MAXX": "5"}, []string{"DB_POOL_MAXX", "DB_POOL_MAX"}},
		"a minimum above the maximum": {map[string]string{"DB_POOL_MIN": "30"}, []string{"DB_POOL_MIN"}},
		"an address of another kind":  {map[string]string{"DEVELOPER_DATABASE_URL": "mysql://a:own-hush@localhost/c"}, []string{"DATABASE_URL", "DEVELOPER_DATABASE_URL is set"}},
		"several at once":             {map[string]string{"DEVELOPER_PUBLIC_URL": "", "DEVELOPER_JWT_KEY": "", "DB_POOL_MAX": "many"}, []string{"DEVELOPER_PUBLIC_URL", "DEVELOPER_JWT_KEY", "DB_POOL_MAX"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			vars := production()
			maps.Copy(vars, tc.change)
			_, err := loadConfig(webtest.Environment(vars))
			if err == nil {
				t.Fatal("it was accepted")
			}
			for _, want := range tc.want {
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
