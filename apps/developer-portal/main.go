// Command developer-portal serves the staff of companies that build and sell homes: developments, homes, imports.
// usage, below, has its commands.
//
// In words on screen a tenant is the company that sells homes; the people who live in them are residents.
package main

import (
	"context"
	"embed"
	"errors"
	"log/slog"
	"os"

	"openhouse.example/apps/developer-portal/internal/importing"
	"openhouse.example/apps/developer-portal/internal/portal"
	"openhouse.example/apps/developer-portal/internal/printing"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/migrations"
	"openhouse.example/packages/db"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/ui"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/idtoken"
	"openhouse.example/packages/web/startup"
)

//go:embed words/*.json
var words embed.FS

func init() { text.MustRegister(words, "words") }

var self = startup.Portal{Name: auth.PortalDeveloper, Prefix: "DEVELOPER", Other: "TENANT", Port: 3001}

const usage = `developer-portal                  serve until SIGTERM or SIGINT
developer-portal -check           is the portal with the same settings alive? exit 0 if so
developer-portal migrate up       bring the database to this program's schema, and make the portals' logins
developer-portal migrate down N   take the newest N migrations back
developer-portal migrate status   list what was applied
developer-portal company create   --name NAME --admin-email ADDRESS [--admin-name NAME] [--slug SHORT-NAME]
                                  make a company; its administrator is mailed a link to choose a password
developer-portal company resend   --slug SHORT-NAME --admin-email ADDRESS: mail that link again
developer-portal company list     list the companies
developer-portal company identity-provider set   --slug SHORT-NAME --issuer URL --audience ID --keys URL [--algorithms RS256,ES256,EdDSA]
                                  take tokens of the company's own sign-in service for sessions of its staff
developer-portal company identity-provider off   --slug SHORT-NAME --issuer URL: take them no more
developer-portal company identity-provider list  --slug SHORT-NAME: list them
developer-portal person export    --company SHORT-NAME --email ADDRESS
                                  print all that a company has stored about a person, as JSON
developer-portal person erase     --company SHORT-NAME --email ADDRESS [--keep-buyer]
                                  take all of it away, for good; --keep-buyer leaves the sales records of homes
developer-portal worker           do what waits: send mail, work off jobs; until SIGTERM or SIGINT
developer-portal worker -check    is the worker with the same settings alive? exit 0 if so
developer-portal mail dead        list the mail that was given up
developer-portal mail retry ID    put one of those back into the queue
developer-portal selfcheck        [--plant] [--json] [--report FILE] [--developer-url URL] [--tenant-url URL]
                                  try to get from one company to another, and say what was tried; it changes nothing,
                                  but --plant makes two companies for the time of the check and tries as their people.
                                  Exit 0 if there is no way through, 1 if there is one, 2 if it could not look
developer-portal help             this text

Settings come from the environment: see docs/configuration.md.
`

func main() { os.Exit(program().Execute(os.Args[1:], os.Stdout, os.Stderr)) }

func program() startup.Program[*Config] {
	return startup.Program[*Config]{
		Portal: self, Usage: usage, Commands: map[string]startup.Command{"migrate": migrate, "company": companies, "person": persons, "worker": worker, "mail": mail, "selfcheck": selfChecks},
		Load: loadConfig, Run: run,
	}
}

// run serves until ctx ends and returns nil after an orderly stop.
func run(ctx context.Context, cfg *Config, log *slog.Logger) error {
	base, err := self.Open(ctx, cfg.Settings(), log, ui.ErrorPages{Portal: ui.DeveloperPortal},
		db.WithRole(store.Role), db.WithSchemaVersion(migrations.Latest()), db.WithLedger(platform.Ledger{}))
	if err != nil {
		return err
	}
	base.InProduction(platform.DemoData)
	data := store.New(base.Pool)
	imports, prints := importing.New(data, log), printing.New(data, log)
	identities := idtoken.New(idtoken.Options{Log: log, Plain: !cfg.Server.Production()})
	p, err := portal.New(base.App, data, imports, prints, base.Issuer, portal.Options{
		Key: base.Key, Passwords: platform.NewPasswords(0), Residents: cfg.ResidentsURL, Identities: identities, Files: cfg.Files.Folder(), Outbox: cfg.Outbox(),
	})
	if err != nil {
		return errors.Join(err, base.Close(imports.Close, prints.Close, identities.Close))
	}
	return base.Serve(ctx, routes(base.App, p, cfg.Outbox()), imports.Close, prints.Close, p.Close, identities.Close)
}
