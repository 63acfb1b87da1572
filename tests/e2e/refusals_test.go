package e2e

import (
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/web/auth"
	"openhouse.example/tests/stack"
)

// side is how one portal's settings are called.
type side struct {
	portal                         string
	address, otherAddress          string // of the database
	key, otherKey, publicURL, role string
	otherLogin                     string
	own, other                     func(*pgtest.DB) string
}

var sides = []side{
	{
		portal: stack.DeveloperPortal, address: "DEVELOPER_DATABASE_URL", otherAddress: "TENANT_DATABASE_URL",
		key: "DEVELOPER_JWT_KEY", otherKey: "TENANT_JWT_KEY", publicURL: "DEVELOPER_PUBLIC_URL", role: "openhouse_staff", otherLogin: "openhouse_tenant_portal",
		own: (*pgtest.DB).StaffURL, other: (*pgtest.DB).ResidentURL,
	},
	{
		portal: stack.TenantPortal, address: "TENANT_DATABASE_URL", otherAddress: "DEVELOPER_DATABASE_URL",
		key: "TENANT_JWT_KEY", otherKey: "DEVELOPER_JWT_KEY", publicURL: "TENANT_PUBLIC_URL", role: "openhouse_resident", otherLogin: "openhouse_developer_portal",
		own: (*pgtest.DB).ResidentURL, other: (*pgtest.DB).StaffURL,
	},
}

// env are settings with which the portal would start.
func (s side) env(db *pgtest.DB) map[string]string {
	return map[string]string{
		s.address: s.own(db), "OPENHOUSE_ENV": "development", "DATABASE_SSL": "false", "DB_POOL_CONN_TIMEOUT_MS": "2000",
		"DEVELOPER_PUBLIC_URL": "http://localhost:3001", "TENANT_PUBLIC_URL": "http://localhost:3002",
	}
}

func flat(env map[string]string) []string {
	var list []string
	for name, value := range env {
		list = append(list, name+"="+value)
	}
	return list
}

// refusal is a start that must fail, and what the person who tried has to read.
type refusal struct {
	name string
	with func(s side, db *pgtest.DB, env map[string]string)
	says func(s side) []string
}

func set(name, value string) func(side, *pgtest.DB, map[string]string) {
	return func(_ side, _ *pgtest.DB, env map[string]string) { env[name] = value }
}

func says(texts ...string) func(side) []string { return func(side) []string { return texts } }

func production(_ side, env map[string]string) {
	env["OPENHOUSE_ENV"] = "production"
	env["DEVELOPER_PUBLIC_URL"], env["TENANT_PUBLIC_URL"] = "https://staff.example.org", "https://homes.example.org"
	env["FILES_DIR"] = "/var/lib/openhouse/files"
}

var refusals = []refusal{
	{
		"a superuser's login",
		func(s side, db *pgtest.DB, env map[string]string) { env[s.address] = db.AdminURL() },
		says("superuser", "DATABASE_URL", "migrate"),
	},
	{
		"the other portal's login",
		func(s side, db *pgtest.DB, env map[string]string) { env[s.address] = s.other(db) },
		func(s side) []string { return []string{s.otherLogin, "it must be a member of " + s.role} },
	},
	{
		"one login for both portals",
		func(s side, db *pgtest.DB, env map[string]string) { env[s.otherAddress] = s.own(db) },
		func(s side) []string { return []string{s.address, s.otherAddress, "the same login"} },
	},
	{
		"a schema that is older than the program",
		func(_ side, db *pgtest.DB, _ map[string]string) {
			db.Exec("delete from goose_db_version where version_id = (select max(version_id) from goose_db_version)")
		},
		says("the schema is at version", "this program needs", "migrate"),
	},
	{
		"no schema at all",
		func(_ side, db *pgtest.DB, _ map[string]string) {
			db.Exec("drop schema public cascade; create schema public; grant usage on schema public to public")
		},
		says("schema version can't be read", "migrate"),
	},
	{
		"a table without row-level security",
		func(s side, db *pgtest.DB, _ map[string]string) {
			db.Exec("create table left_open (tenant_id uuid); grant select on left_open to " + s.role)
		},
		says("left_open", "ROW LEVEL SECURITY"),
	},
	{
		"production without a key",
		func(s side, _ *pgtest.DB, env map[string]string) { production(s, env); env[s.key] = "" },
		func(s side) []string { return []string{s.key, s.key + "_FILE", "required in production"} },
	},
	{
		"nothing said about the environment means production",
		func(s side, _ *pgtest.DB, env map[string]string) { delete(env, "OPENHOUSE_ENV"); env[s.key] = "" },
		func(s side) []string { return []string{s.key, s.publicURL, "production"} },
	},
	{
		"production with the key that development made",
		func(s side, _ *pgtest.DB, env map[string]string) {
			production(s, env)
			_, key, err := auth.GenerateKey()
			if err != nil {
				panic(err) // there is no randomness
			}
			env[s.key] = strings.Replace(string(key), "KEY-----\n", "KEY-----\nMade-For: development\n\n", 1)
		},
		func(s side) []string { return []string{s.key, "development made for itself"} },
	},
	{
		"production with one key for both portals",
		func(s side, _ *pgtest.DB, env map[string]string) {
			production(s, env)
			env[s.key], env[s.otherKey] = "the same", "the same"
		},
		func(s side) []string { return []string{s.key, s.otherKey, "the same key"} },
	},
	{
		"production on a database with demo companies",
		func(s side, db *pgtest.DB, env map[string]string) {
			production(s, env)
			db.Exec("insert into tenants (id, name, slug, demo) values (gen_random_uuid(), 'Harbour Homes', 'harbour-homes', true), (gen_random_uuid(), 'Mill Homes', 'mill-homes', false)")
		},
		says("demo companies", "DATABASE_URL", "OPENHOUSE_ENV=development"),
	},
	{
		"nothing said about the environment, on a database with demo companies",
		func(s side, db *pgtest.DB, env map[string]string) {
			production(s, env)
			delete(env, "OPENHOUSE_ENV")
			db.Exec("insert into tenants (id, name, slug, demo) values (gen_random_uuid(), 'Harbour Homes', 'harbour-homes', true)")
		},
		says("demo companies"),
	},
	{
		"production on plain http",
		func(s side, _ *pgtest.DB, env map[string]string) {
			production(s, env)
			env[s.publicURL] = "http://homes.example.org"
		},
		func(s side) []string { return []string{s.publicURL, "https://"} },
	},
	{
		"production on this machine only",
		func(s side, _ *pgtest.DB, env map[string]string) {
			production(s, env)
			env[s.publicURL] = "https://localhost"
		},
		func(s side) []string { return []string{s.publicURL} },
	},
	{
		"a public address with a path",
		func(s side, _ *pgtest.DB, env map[string]string) { env[s.publicURL] = "https://homes.example.org/app" },
		func(s side) []string { return []string{s.publicURL, "without path"} },
	},
	{"a key that is none", func(s side, _ *pgtest.DB, env map[string]string) { env[s.key] = "not a key" }, func(s side) []string { return []string{s.key} }},
	{
		"no database",
		func(s side, _ *pgtest.DB, env map[string]string) { delete(env, s.address) },
		says("DATABASE_URL", "required"),
	},
	{
		"a database address that is none",
		func(s side, _ *pgtest.DB, env map[string]string) {
			env[s.address] = "mysql://someone:hunter2@localhost/openhouse"
		},
		says("DATABASE_URL", "postgres://"),
	},
	{
		"a password that breaks the address",
		func(s side, _ *pgtest.DB, env map[string]string) {
			env[s.address] = "postgres://someone:hunter2%zz@localhost/openhouse"
		},
		says("DATABASE_URL", "percent-encode"),
	},
	{"a misspelt pool setting", set("DB_POOL_MAXX", "30"), says("DB_POOL_MAXX", "DB_POOL_MAX")},
	{"a pool of none", set("DB_POOL_MAX", "0"), says("DB_POOL_MAX", "1 to 1000")},
	{"a pool size in words", set("DB_POOL_MAX", "twenty"), says("DB_POOL_MAX")},
	{"a minimum above the maximum", set("DB_POOL_MIN", "21"), says("DB_POOL_MIN", "DB_POOL_MAX")},
	{"hardly any time for a connection", set("DB_POOL_CONN_TIMEOUT_MS", "10"), says("DB_POOL_CONN_TIMEOUT_MS")},
	{"TLS perhaps", set("DATABASE_SSL", "maybe"), says("DATABASE_SSL")},
	{
		"two words on TLS that disagree",
		func(s side, db *pgtest.DB, env map[string]string) {
			env[s.address] = strings.Replace(s.own(db), "sslmode=disable", "sslmode=verify-full", 1)
		},
		says("DATABASE_SSL", "sslmode"),
	},
	{"an unknown pooler", set("DB_POOLER_MODE", "statement"), says("DB_POOLER_MODE", "transaction")},
	{"a port out of range", set("PORT", "70000"), says("PORT")},
	{"everybody a trusted proxy", set("TRUSTED_PROXIES", "0.0.0.0/0"), says("TRUSTED_PROXIES")},
	{"an unknown environment", set("OPENHOUSE_ENV", "staging"), says("OPENHOUSE_ENV", "staging")},
	{
		"everything wrong at once",
		func(s side, _ *pgtest.DB, env map[string]string) {
			production(s, env)
			env[s.key], env[s.publicURL] = "", "http://homes.example.org"
			env["DB_POOL_MAX"], env["DB_POOL_IDLE_MS"], env["DB_POOLER_MODE"] = "0", "1", "statement"
			env["MAX_IN_FLIGHT"], env["DRAIN_DELAY_MS"], env["TRUSTED_PROXIES"] = "-1", "4000000", "::/0"
		},
		func(s side) []string {
			return []string{
				s.key, s.publicURL, "DB_POOL_MAX is 0", "DB_POOL_IDLE_MS", "DB_POOLER_MODE", "MAX_IN_FLIGHT", "DRAIN_DELAY_MS", "TRUSTED_PROXIES",
			}
		},
	},
	{
		"everything illegible at once",
		func(_ side, _ *pgtest.DB, env map[string]string) {
			env["DB_POOL_MAX"], env["DB_POOL_MAXX"], env["DB_POOL_MINI"], env["DB_POOL_IDLE_MS"] = "many", "30", "2", "soon"
			env["PORT"], env["DATABASE_SSL"], env["TRUSTED_PROXIES"] = "http", "yes please", "everybody"
		},
		says("DB_POOL_MAX=", "DB_POOL_MAXX", "DB_POOL_MINI", "DB_POOL_IDLE_MS", "PORT", "DATABASE_SSL", "TRUSTED_PROXIES"),
	},
}

// TestRefusesToStart tries every unsafe or senseless start on both portals: each ends with an error that names what
// to change and gives no secret away.
func TestRefusesToStart(t *testing.T) {
	t.Parallel()
	for _, s := range sides {
		for _, r := range refusals {
			t.Run(s.portal+"/"+r.name, func(t *testing.T) {
				t.Parallel()
				db := pgtest.New(t)
				env := s.env(db)
				r.with(s, db, env)
				p := stack.Prepare(t, s.portal)
				code, said := p.Run(20*time.Second, flat(env))
				if code == 0 {
					t.Errorf("it ended with 0")
				}
				for _, want := range r.says(s) {
					if !strings.Contains(said, want) {
						t.Errorf("it does not say %q", want)
					}
				}
				for what, secret := range secretsOf(t, p, s, db) {
					if strings.Contains(said, secret) {
						t.Errorf("it gives away %s", what)
					}
				}
				if strings.Contains(said, "goroutine ") {
					t.Error("it panicked")
				}
				if t.Failed() {
					t.Logf("exit code %d; it said:\n%s", code, said)
				}
			})
		}
	}
}

func secretsOf(t *testing.T, p *stack.Portal, s side, db *pgtest.DB) map[string]string {
	t.Helper()
	secrets := map[string]string{"a password that was mistyped": "hunter2"}
	for what, address := range map[string]string{
		"the superuser's password": db.AdminURL(), "the login's password": s.own(db), "the other login's password": s.other(db),
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		secrets[what], _ = u.User.Password()
	}
	secrets["the signing key"] = strings.Split(string(p.PEM), "\n")[1]
	for what, secret := range secrets {
		if len(secret) < 7 {
			t.Fatalf("%s is no secret: %q", what, secret)
		}
	}
	return secrets
}

// TestRefusesATakenPort says which setting leads to another one.
func TestRefusesATakenPort(t *testing.T) {
	t.Parallel()
	for _, s := range sides {
		t.Run(s.portal, func(t *testing.T) {
			t.Parallel()
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = listener.Close() }()
			env := s.env(pgtest.New(t))
			env["LISTEN_ADDR"] = listener.Addr().String()
			code, said := stack.Prepare(t, s.portal).Run(20*time.Second, flat(env))
			if code == 0 || !strings.Contains(said, "PORT or LISTEN_ADDR") {
				t.Errorf("exit code %d; it said:\n%s", code, said)
			}
		})
	}
}

// TestNewerSchemaIsFine: the release before a migration keeps serving while it is rolled out.
func TestNewerSchemaIsFine(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	db.Exec("insert into goose_db_version (version_id, is_applied) values (99999, true)")
	s := stack.Start(t, db, stack.Options{})
	if status, body := s.Developer.Health(); status != 200 {
		t.Errorf("health answers %d: %s", status, body)
	}
}

// TestOtherDatabaseSettingsOnlyWarn: a cluster may put names of its own into the environment.
func TestOtherDatabaseSettingsOnlyWarn(t *testing.T) {
	t.Parallel()
	s := start(t, "DB_PORT=tcp://10.0.0.1:5432", "DB_HOST_FROM_CLUSTER=10.0.0.1")
	for _, p := range []*stack.Portal{s.Developer, s.Tenant} {
		if log := p.Log(); !strings.Contains(log, "DB_HOST_FROM_CLUSTER") || strings.Contains(log, "tcp://10.0.0.1") {
			t.Errorf("%s should warn of the name and leave out the value:\n%s", p.Name, log)
		}
	}
}
