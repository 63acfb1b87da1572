package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/jackc/pgx/v5"

	"openhouse.example/apps/developer-portal/internal/selfcheck"
	"openhouse.example/migrations"
	"openhouse.example/packages/config"
	"openhouse.example/packages/db"
	"openhouse.example/packages/web"
	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/startup"
)

// selfcheckConfig is what the selfcheck command is told by the environment.
type selfcheckConfig struct {
	Developer config.Secret `envconfig:"DEVELOPER_DATABASE_URL" required:"true"`
	Tenant    config.Secret `envconfig:"TENANT_DATABASE_URL" required:"true"`
	Worker    config.Secret `envconfig:"WORKER_DATABASE_URL"`
	Owner     config.Secret `envconfig:"DATABASE_MIGRATE_URL"`
	DB        db.Config     // but for the address

	DeveloperURL web.PublicURL `envconfig:"DEVELOPER_PUBLIC_URL"`
	TenantURL    web.PublicURL `envconfig:"TENANT_PUBLIC_URL"`
}

// logins are those that it comes in with, each with the role that it must be confined to.
func (c *selfcheckConfig) logins() (list []selfcheck.Login) {
	for _, l := range []struct {
		name, role string
		url        config.Secret
	}{
		{"DEVELOPER_DATABASE_URL", migrations.RoleStaff, c.Developer},
		{"TENANT_DATABASE_URL", migrations.RoleResident, c.Tenant},
		{"WORKER_DATABASE_URL", migrations.RoleWorker, c.Worker},
	} {
		if l.url != "" {
			cfg := c.DB
			cfg.URL = l.url
			list = append(list, selfcheck.Login{Setting: l.name, Role: l.role, Config: cfg})
		}
	}
	return list
}

// The lists of routes, as the tests of both portals keep them.
//
//go:embed testdata/routes.golden
var ownRoutes string

//go:embed testdata/routes-tenant.golden
var tenantRoutes string

// portals are both, each with its address if that is known.
func (c *selfcheckConfig) portals() (list []selfcheck.Portal, err error) {
	for _, p := range []struct {
		name, setting string
		url           web.PublicURL
		routes        string
	}{
		{auth.PortalDeveloper, "DEVELOPER_PUBLIC_URL", c.DeveloperURL, ownRoutes},
		{auth.PortalTenant, "TENANT_PUBLIC_URL", c.TenantURL, tenantRoutes},
	} {
		routes, err := selfcheck.ReadRoutes(p.routes)
		if err != nil {
			return nil, err
		}
		list = append(list, selfcheck.Portal{Name: p.name, Setting: p.setting, URL: p.url, Routes: routes})
	}
	return list, nil
}

// options are what is looked at.
func (c *selfcheckConfig) options() selfcheck.Options {
	o := selfcheck.Options{Logins: c.logins()}
	if c.Worker == "" {
		o.Left = append(o.Left, "the worker's login (WORKER_DATABASE_URL)")
	}
	if c.Owner != "" {
		o.Owner = func(ctx context.Context, fn func(context.Context, pgx.Tx) error) error {
			entered := false
			err := migrations.Operate(ctx, c.Owner.Reveal(), func(ctx context.Context, tx pgx.Tx) error {
				entered = true
				return fn(ctx, tx)
			})
			if err != nil && !entered {
				return fmt.Errorf("DATABASE_MIGRATE_URL can't be used: %w", err)
			}
			return err
		}
	}
	return o
}

// selfcheckFlags are what stands behind "selfcheck".
type selfcheckFlags struct {
	json, plant       bool
	file              string
	developer, tenant string // addresses that win over the settings
}

func readSelfcheckFlags(args []string) (f selfcheckFlags, err error) {
	set := flag.NewFlagSet("selfcheck", flag.ContinueOnError)
	set.SetOutput(io.Discard) // the error says it all
	set.Usage = func() {}
	set.BoolVar(&f.json, "json", false, "")
	set.BoolVar(&f.plant, "plant", false, "")
	set.StringVar(&f.file, "report", "", "")
	set.StringVar(&f.developer, "developer-url", "", "")
	set.StringVar(&f.tenant, "tenant-url", "", "")
	if err := set.Parse(args); err != nil {
		return f, fmt.Errorf("%w; its flags: --plant, --json, --report FILE, --developer-url URL, --tenant-url URL", err)
	}
	if set.NArg() > 0 {
		return f, fmt.Errorf("%q belongs to no flag", set.Arg(0))
	}
	return f, nil
}

// override puts addresses of the command line in the place of the settings'.
func (c *selfcheckConfig) override(f selfcheckFlags) error {
	var errs []error
	for _, o := range []struct {
		flag, given string
		url         *web.PublicURL
	}{{"--developer-url", f.developer, &c.DeveloperURL}, {"--tenant-url", f.tenant, &c.TenantURL}} {
		if o.given == "" {
			continue
		}
		if err := o.url.Decode(o.given); err != nil {
			errs = append(errs, fmt.Errorf("%s %q %w", o.flag, o.given, err))
		}
	}
	return errors.Join(errs...)
}

// selfChecks is the command "selfcheck": exit code 0 if no way through was found, 1 if one was, 2 if it could not look.
func selfChecks(args []string, lookup func(string) (string, bool), environ []string, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	cannot := func(err error) int {
		fmt.Fprintf(errOut, "developer-portal selfcheck could not look:\n%v\n", err)
		return startup.ExitUsage
	}
	flags, err := readSelfcheckFlags(args)
	if err != nil {
		return cannot(err)
	}
	cfg, err := loadSelfcheck(lookup, environ)
	if err != nil {
		return cannot(err)
	}
	if err := cfg.override(flags); err != nil {
		return cannot(err)
	}
	options := cfg.options()
	options.Plant = flags.plant
	if options.Portals, err = cfg.portals(); err != nil {
		return cannot(err)
	}
	report, err := selfcheck.Run(ctx, options)
	if err != nil {
		return cannot(err)
	}
	words := report.Text(ctx)
	if flags.json {
		encoded, err := json.MarshalIndent(report, "", "  ")
		if err != nil {
			return cannot(err)
		}
		fmt.Fprintf(out, "%s\n", encoded)
	} else {
		fmt.Fprint(out, words)
	}
	if flags.file != "" {
		if err := os.WriteFile(flags.file, []byte(words), 0o600); err != nil {
			return cannot(fmt.Errorf("write the report: %w", err))
		}
	}
	if report.Crossings() > 0 {
		return startup.ExitFailed
	}
	return 0
}

func loadSelfcheck(lookup func(string) (string, bool), environ []string) (*selfcheckConfig, error) {
	var cfg selfcheckConfig
	own, hint := startup.OwnDatabase("DEVELOPER", lookup)
	if err := config.LoadFrom(&cfg, own, environ); err != nil {
		return nil, errors.Join(err, hint)
	}
	return &cfg, nil
}
