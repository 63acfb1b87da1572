// Command tenant-portal serves residents: a one-time link by e-mail, then the page of their home.
//
//	tenant-portal          serve until SIGTERM or SIGINT
//	tenant-portal -check   ask the portal that runs with the same settings whether it is alive; exit 0 if so
//	tenant-portal help     this text
//
// Settings come from the environment; docs/configuration.md lists them. In words on screen a tenant is the company
// that sells homes; the people who live in them are residents.
package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"openhouse.example/apps/tenant-portal/internal/portal"
	"openhouse.example/apps/tenant-portal/internal/store"
	"openhouse.example/migrations"
	"openhouse.example/packages/config"
	"openhouse.example/packages/db"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/ui"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/startup"
)

//go:embed words/*.json
var words embed.FS

func init() { text.MustRegister(words, "words") }

// closeLimit is what background work and the pool each get to end.
const closeLimit = 5 * time.Second

// Exit codes besides 0.
const (
	exitFailed = 1
	exitUsage  = 2 // the command or the settings are wrong: to start again without a change is of no use
)

func main() { os.Exit(execute(os.Args[1:], os.Stdout, os.Stderr)) }

// execute is the command line.
func execute(args []string, out, errOut io.Writer) int {
	command := "serve"
	if len(args) > 0 {
		command = args[0]
	}
	lookup, environ := config.Process()
	switch command {
	case "serve":
		cfg, err := loadConfig(lookup, environ)
		if err != nil {
			fmt.Fprintf(errOut, "tenant-portal can't start:\n%v\n", err)
			return exitUsage
		}
		log := startup.Logger(errOut, cfg.Server.Production(), auth.PortalTenant)
		ctx, stop := web.Signals(context.Background(), log)
		defer stop()
		if err := run(ctx, cfg, log); err != nil {
			log.Error("tenant-portal ended", "error", err)
			return exitFailed
		}
		return 0
	case "-check", "--check":
		var server web.ServerConfig
		if err := config.LoadFrom(&server, lookup, environ); err != nil {
			fmt.Fprintf(errOut, "check: %v\n", err)
			return exitUsage
		}
		return web.Check(server.Listen(standardPort))
	case "help", "-h", "-help", "--help":
		fmt.Fprint(out, usage)
		return 0
	}
	fmt.Fprintf(errOut, "tenant-portal: there is no command %q\n\n%s", command, usage)
	return exitUsage
}

const usage = `tenant-portal          serve until SIGTERM or SIGINT
tenant-portal -check   is the portal with the same settings alive? exit 0 if so
tenant-portal help     this text

Settings come from the environment: see docs/configuration.md.
`

// run serves until ctx ends and returns nil after an orderly stop.
func run(ctx context.Context, cfg Config, log *slog.Logger) error {
	for _, warning := range cfg.warnings {
		log.Warn(warning)
	}
	keys, err := startup.SigningKeys(auth.PortalTenant, "TENANT_JWT_KEY", cfg.Key)
	if err != nil {
		return err
	}
	issuer, err := auth.NewIssuer(auth.PortalTenant, cfg.PublicURL.Origin(), keys[0])
	if err != nil {
		return err
	}
	verifier, err := auth.NewVerifier(auth.PortalTenant, cfg.PublicURL.Origin(), auth.PublicKeys(keys))
	if err != nil {
		return err
	}
	pool, err := db.Open(ctx, cfg.DB,
		db.WithLogger(log), db.WithRole(store.Role), db.WithSchemaVersion(migrations.Latest()), db.WithLedger(platform.Ledger{}))
	if err != nil {
		return err
	}
	app := &web.App{
		Portal: auth.PortalTenant, Log: log, Pool: pool, Verifier: verifier,
		Pages: ui.ErrorPages{Portal: ui.TenantPortal}, PublicURL: cfg.PublicURL, SignInPath: "/sign-in",
		TrustedProxies: cfg.Server.TrustedProxies, MaxInFlight: cfg.Server.MaxInFlight,
	}
	p := portal.New(app, store.New(pool), issuer)

	served := web.Serve(ctx, cfg.Server, cfg.Listen(), routes(app, p), app.Drain, log)

	return errors.Join(served, startup.Within(closeLimit, p.Close), startup.Within(closeLimit, pool.ClosePool))
}
