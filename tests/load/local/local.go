// Package local runs both portals on this machine, as programs, with the settings and limits of production, on a Postgres
// of their own: what a load test is run against when nobody names another installation. It stops everything and leaves
// nothing behind.
//
// It knows the portals' environment and the operator's commands, and nothing of their pages.
package local

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"openhouse.example/packages/pgdev"
	"openhouse.example/packages/web/auth"
)

// Where people would reach these portals: production refuses an address that leads to this machine only. Nobody calls
// them; links and codes are followed at the portals' real addresses.
const (
	publicDeveloper = "https://staff.example.org"
	publicTenant    = "https://homes.example.org"
)

// Installation is both portals, running.
type Installation struct {
	Developer, Tenant string // where they are called, such as http://127.0.0.1:40123
	Postgres          string // its version

	dir     string // programs and logs
	say     func(string)
	server  *pgdev.Server
	base    database
	portals []*portal
	stops   []func() error // in the order of starting
}

// database holds the addresses of the database: the administrator's, and each portal's own.
type database struct{ admin, developer, tenant string }

// Start builds and starts everything and waits until both portals are ready. say hears what is being done. The caller
// must call Stop.
func Start(ctx context.Context, say func(string)) (_ *Installation, err error) {
	i := &Installation{say: say}
	defer func() {
		if err != nil {
			err = errors.Join(err, i.Stop())
		}
	}()
	root, err := pgdev.Checkout()
	if err != nil {
		return nil, err
	}
	if i.dir, err = os.MkdirTemp("", "openhouse-loadtest-"); err != nil {
		return nil, err
	}
	i.stops = append(i.stops, func() error { return os.RemoveAll(i.dir) })
	say("building the portals")
	if err := i.build(ctx, root); err != nil {
		return nil, err
	}
	if err := i.startPostgres(ctx); err != nil {
		return nil, err
	}
	say("migrating the database")
	if _, err := i.operate(ctx, "migrate", "up"); err != nil {
		return nil, err
	}
	say("starting both portals with the limits of production")
	if i.Developer, err = i.startPortal(ctx, "developer-portal", "DEVELOPER", i.base.developer); err != nil {
		return nil, err
	}
	i.Tenant, err = i.startPortal(ctx, "tenant-portal", "TENANT", i.base.tenant)
	return i, err
}

// Stop ends the portals and Postgres, newest first, and removes what there was.
func (i *Installation) Stop() error {
	var errs []error
	for n := len(i.stops) - 1; n >= 0; n-- {
		errs = append(errs, i.stops[n]())
	}
	i.stops = nil
	return errors.Join(errs...)
}

func (i *Installation) build(ctx context.Context, root string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", i.dir+string(filepath.Separator), "./apps/developer-portal", "./apps/tenant-portal")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOWORK="+filepath.Join(root, "go.work"))
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("the portals can't be built: %w\n%s", err, said)
	}
	return nil
}

// startPostgres starts a server that is as careful with commits as one in production, as far as its disk is one.
func (i *Installation) startPostgres(ctx context.Context) (err error) {
	i.server, err = pgdev.StartThrowaway(ctx, pgdev.WithProgress(i.say),
		pgdev.WithSetting("fsync", "on"), pgdev.WithSetting("full_page_writes", "on"), pgdev.WithSetting("autovacuum", "on"))
	if err != nil {
		return err
	}
	i.stops = append(i.stops, i.server.Stop)
	i.Postgres = i.server.Version()
	if err := i.createDatabase(ctx); err != nil {
		return fmt.Errorf("create the database: %w", err)
	}
	i.base.admin = i.server.URL(databaseName)
	for name, address := range map[string]*string{"openhouse_developer_portal": &i.base.developer, "openhouse_tenant_portal": &i.base.tenant} {
		u, err := url.Parse(i.base.admin)
		if err != nil {
			return errors.New("the server's address can't be read") // the cause would repeat the password
		}
		u.User = url.UserPassword(name, rand.Text())
		*address = u.String()
	}
	return nil
}

// operate runs an operator's command of the developer portal and returns what it said.
func (i *Installation) operate(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(i.dir, "developer-portal"), args...)
	cmd.Dir = i.dir
	cmd.Env = []string{
		"OPENHOUSE_ENV=production", "DATABASE_MIGRATE_URL=" + i.base.admin, "DEVELOPER_DATABASE_URL=" + i.base.developer,
		"TENANT_DATABASE_URL=" + i.base.tenant, "DEVELOPER_PUBLIC_URL=" + publicDeveloper,
	}
	said, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("developer-portal %s: %w\n%s", strings.Join(args, " "), err, said)
	}
	return string(said), nil
}

// startPortal starts a portal and waits until it is ready. prefix begins its variables, of which it is given no more than
// production demands, so that pool and limits are those that a new installation has.
func (i *Installation) startPortal(ctx context.Context, name, prefix, database string) (origin string, err error) {
	address, err := freeAddress()
	if err != nil {
		return "", err
	}
	_, key, err := auth.GenerateKey()
	if err != nil {
		return "", err
	}
	p, err := start(filepath.Join(i.dir, name), filepath.Join(i.dir, name+".log"), []string{
		"OPENHOUSE_ENV=production", "LISTEN_ADDR=" + address, "TRUSTED_PROXIES=127.0.0.1/32", "DRAIN_DELAY_MS=0", "DATABASE_SSL=false",
		"DEVELOPER_PUBLIC_URL=" + publicDeveloper, "TENANT_PUBLIC_URL=" + publicTenant, "FILES_DIR=" + filepath.Join(i.dir, "files"),
		prefix + "_DATABASE_URL=" + database, prefix + "_JWT_KEY=" + string(key),
	})
	if err != nil {
		return "", err
	}
	i.portals = append(i.portals, p)
	i.stops = append(i.stops, p.stop)
	origin = "http://" + address
	return origin, p.ready(ctx, origin)
}

// freeAddress is one that nobody listens on at this moment.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// Owner is the address of the database for an operator's commands.
func (i *Installation) Owner() string { return i.base.admin }
