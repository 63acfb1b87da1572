package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"

	"github.com/jackc/pgx/v5"

	"openhouse.example/apps/developer-portal/internal/company"
	"openhouse.example/migrations"
	"openhouse.example/packages/config"
	"openhouse.example/packages/web"
	"openhouse.example/packages/web/idtoken"
	"openhouse.example/packages/web/startup"
)

// providerConfig is what the command is told by the environment.
type providerConfig struct {
	Server web.ServerConfig
	URL    config.Secret `envconfig:"DATABASE_MIGRATE_URL" required:"true"`
}

// providerFlags are what stands behind "company identity-provider" and set, off or list.
type providerFlags struct{ slug, issuer, audience, keys, algorithms string }

var providerCommands = map[string][]string{
	"set":  {"slug", "issuer", "audience", "keys", "algorithms"},
	"off":  {"slug", "issuer"},
	"list": {"slug"},
}

// identityProvider is the command "company identity-provider set", "… off" and "… list".
func identityProvider(args []string, lookup func(string) (string, bool), environ []string, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if len(args) == 0 || providerCommands[args[0]] == nil {
		fmt.Fprintf(errOut, "developer-portal company identity-provider: say set, off or list\n\n%s", usage)
		return startup.ExitUsage
	}
	name := args[0]
	var cfg providerConfig
	if err := config.LoadFrom(&cfg, lookup, environ); err != nil {
		fmt.Fprintf(errOut, "developer-portal company identity-provider %s can't start:\n%v\n", name, err)
		return startup.ExitUsage
	}
	plain := !cfg.Server.Production()
	f, err := readProviderFlags(name, args[1:], plain)
	if err != nil {
		fmt.Fprintf(errOut, "developer-portal company identity-provider %s: nothing was changed:\n%v\n", name, err)
		return startup.ExitUsage
	}
	var said strings.Builder
	err = migrations.Operate(ctx, cfg.URL.Reveal(), func(ctx context.Context, tx pgx.Tx) error {
		switch name {
		case "set":
			return f.set(ctx, tx, &said)
		case "off":
			return f.off(ctx, tx, &said)
		}
		return f.list(ctx, tx, &said)
	})
	switch {
	case errors.Is(err, company.ErrNoCompany):
		err = fmt.Errorf("there is no company %s; company list shows them", f.slug)
	case errors.Is(err, company.ErrNoProvider):
		err = fmt.Errorf("%s takes no tokens of %s; company identity-provider list --slug %s shows whose it takes", f.slug, f.issuer, f.slug)
	}
	if err != nil {
		fmt.Fprintf(errOut, "developer-portal company identity-provider %s: nothing was changed: %v\n", name, err)
		return startup.ExitFailed
	}
	fmt.Fprint(out, said.String())
	if name == "set" {
		tryKeys(ctx, f.keys, plain, out)
	}
	return 0
}

// readProviderFlags reads the flags of a subcommand and checks them, all mistakes at once.
func readProviderFlags(command string, args []string, plain bool) (f providerFlags, err error) {
	take := providerCommands[command]
	set := flag.NewFlagSet("company identity-provider "+command, flag.ContinueOnError)
	set.SetOutput(io.Discard) // the error says it all
	set.Usage = func() {}
	into := map[string]*string{"slug": &f.slug, "issuer": &f.issuer, "audience": &f.audience, "keys": &f.keys, "algorithms": &f.algorithms}
	for _, name := range take {
		set.StringVar(into[name], name, "", "")
	}
	if err := set.Parse(args); err != nil {
		return f, fmt.Errorf("%w; its flags: --%s", err, strings.Join(take, ", --"))
	}
	if set.NArg() > 0 {
		return f, fmt.Errorf("%q belongs to no flag", set.Arg(0))
	}
	var errs []error
	for _, name := range take {
		if *into[name] = strings.TrimSpace(*into[name]); *into[name] == "" && name != "algorithms" {
			errs = append(errs, fmt.Errorf("--%s is missing: %s", name, providerHelp[name]))
		}
	}
	if command == "set" {
		for name, address := range map[string]string{"issuer": f.issuer, "keys": f.keys} {
			if err := idtoken.CheckAddress(address, plain); address != "" && err != nil {
				errs = append(errs, fmt.Errorf("--%s %w", name, err))
			}
		}
		for _, a := range f.algorithmList() {
			if !slices.Contains(idtoken.Algorithms(), a) {
				errs = append(errs, fmt.Errorf("--algorithms has %q: give some of %s", a, strings.Join(idtoken.Algorithms(), ",")))
			}
		}
	}
	return f, errors.Join(errs...)
}

var providerHelp = map[string]string{
	"slug":     "give the company's short name; company list has it",
	"issuer":   "give the iss of the provider's tokens, to the letter",
	"audience": "give the aud of its tokens for us, which is the client id that the provider gave OpenHouse",
	"keys":     "give the address of its keys: jwks_uri in its /.well-known/openid-configuration",
}

// algorithmList is what tokens may be signed with: what most providers use, unless others are named.
func (f providerFlags) algorithmList() []string {
	if f.algorithms == "" {
		return []string{idtoken.RS256}
	}
	return strings.Split(strings.ReplaceAll(f.algorithms, " ", ""), ",")
}

func (f providerFlags) set(ctx context.Context, tx pgx.Tx, out io.Writer) error {
	p := company.Provider{Issuer: f.issuer, Audience: f.audience, KeysURL: f.keys, Algorithms: f.algorithmList()}
	if err := company.SetProvider(ctx, tx, f.slug, p); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s takes tokens of %s for %s, signed with %s\n", f.slug, p.Issuer, p.Audience, strings.Join(p.Algorithms, " or "))
	return nil
}

func (f providerFlags) off(ctx context.Context, tx pgx.Tx, out io.Writer) error {
	if err := company.StopProvider(ctx, tx, f.slug, f.issuer); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s takes no more tokens of %s; sessions that one has opened go on to their end\n", f.slug, f.issuer)
	return nil
}

func (f providerFlags) list(ctx context.Context, tx pgx.Tx, out io.Writer) error {
	list, err := company.Providers(ctx, tx, f.slug)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		fmt.Fprintf(out, "%s has no identity provider\n", f.slug)
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ISSUER\tAUDIENCE\tKEYS\tALGORITHMS\tSTATE")
	for _, p := range list {
		state := "on"
		if !p.Enabled {
			state = "off"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", shown(p.Issuer), shown(p.Audience), shown(p.KeysURL), strings.Join(p.Algorithms, ","), state)
	}
	return table.Flush()
}

// tryKeys says at once what would otherwise be found out when the first person can't get in.
func tryKeys(ctx context.Context, address string, plain bool, out io.Writer) {
	n, err := idtoken.CountKeys(ctx, address, plain)
	if err != nil {
		fmt.Fprintf(out, "careful: its keys can't be fetched from here now: %v\n", err)
		return
	}
	fmt.Fprintf(out, "it has %d keys that can be used\n", n)
}
