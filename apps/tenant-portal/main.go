// Command tenant-portal serves residents: a one-time link by e-mail, then the page of their home. usage, below, has
// its commands.
//
// In words on screen a tenant is the company that sells homes; the people who live in them are residents.
package main

import (
	"context"
	"embed"
	"log/slog"
	"os"

	"openhouse.example/apps/tenant-portal/internal/portal"
	"openhouse.example/apps/tenant-portal/internal/store"
	"openhouse.example/migrations"
	"openhouse.example/packages/db"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/ui"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/startup"
)

//go:embed words/*.json
var words embed.FS

func init() { text.MustRegister(words, "words") }

var self = startup.Portal{Name: auth.PortalTenant, Prefix: "TENANT", Other: "DEVELOPER", Port: 3002}

const usage = `tenant-portal          serve until SIGTERM or SIGINT
tenant-portal -check   is the portal with the same settings alive? exit 0 if so
tenant-portal help     this text

Settings come from the environment: see docs/configuration.md.
`

func main() { os.Exit(program().Execute(os.Args[1:], os.Stdout, os.Stderr)) }

func program() startup.Program[*Config] {
	return startup.Program[*Config]{Portal: self, Usage: usage, Load: loadConfig, Run: run}
}

// run serves until ctx ends and returns nil after an orderly stop.
func run(ctx context.Context, cfg *Config, log *slog.Logger) error {
	base, err := self.Open(ctx, cfg.Settings(), log, ui.ErrorPages{Portal: ui.TenantPortal},
		db.WithRole(store.Role), db.WithSchemaVersion(migrations.Latest()), db.WithLedger(platform.Ledger{}))
	if err != nil {
		return err
	}
	base.InProduction(platform.DemoData)
	p := portal.New(base.App, store.New(base.Pool), base.Issuer, cfg.Files.Folder())
	return base.Serve(ctx, routes(base.App, p), p.Close)
}
