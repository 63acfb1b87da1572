package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	netmail "net/mail"
	"os/signal"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"openhouse.example/apps/developer-portal/internal/company"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/migrations"
	"openhouse.example/packages/config"
	"openhouse.example/packages/web"
	"openhouse.example/packages/web/startup"
)

// companyConfig is what the company command is told by the environment.
type companyConfig struct {
	Server    web.ServerConfig
	URL       config.Secret `envconfig:"DATABASE_MIGRATE_URL" required:"true"`
	PublicURL web.PublicURL `envconfig:"DEVELOPER_PUBLIC_URL"`
	SMTPHost  string        `envconfig:"SMTP_HOST"`
}

// Validate refuses an address for links that people can't use, and makes up the one of development.
func (c *companyConfig) Validate() error {
	err := c.PublicURL.Check("DEVELOPER_PUBLIC_URL", c.Server.Production())
	if c.PublicURL == "" {
		listen := c.Server.Listen(self.Port)
		c.PublicURL = web.PublicURL("http://localhost" + listen[strings.LastIndexByte(listen, ':'):])
	}
	return err
}

// link is the address of a one-time link.
func (c *companyConfig) link(secret string) string { return c.PublicURL.Join("/password/" + secret) }

// companyFlags are the flags of all the company's subcommands; each takes those that it names.
type companyFlags struct{ name, slug, email, person string }

// companyCommand is one subcommand: which flags it takes, and what it does with them.
type companyCommand struct {
	flags []string
	do    func(ctx context.Context, tx pgx.Tx, c *companyConfig, f companyFlags, out io.Writer) error
}

var companyCommands = map[string]companyCommand{
	"create": {[]string{"name", "admin-email", "admin-name", "slug"}, createCompany},
	"resend": {[]string{"slug", "admin-email"}, resendLink},
	"list":   {nil, listCompanies},
}

// companies is the command "company create", "company resend", "company list" and "company identity-provider".
func companies(args []string, lookup func(string) (string, bool), environ []string, out, errOut io.Writer) int {
	if len(args) > 0 && args[0] == "identity-provider" {
		return identityProvider(args[1:], lookup, environ, out, errOut)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if len(args) == 0 || companyCommands[args[0]].do == nil {
		fmt.Fprintf(errOut, "developer-portal company: say create, resend, list or identity-provider\n\n%s", usage)
		return startup.ExitUsage
	}
	name, command := args[0], companyCommands[args[0]]
	flags, err := readCompanyFlags(name, command.flags, args[1:])
	if err != nil {
		fmt.Fprintf(errOut, "developer-portal company %s: nothing was changed:\n%v\n", name, err)
		return startup.ExitUsage
	}
	var cfg companyConfig
	if err := config.LoadFrom(&cfg, lookup, environ); err != nil {
		fmt.Fprintf(errOut, "developer-portal company %s can't start:\n%v\n", name, err)
		return startup.ExitUsage
	}
	// What it says is said after the commit: a link that was rolled back would open nothing.
	var said strings.Builder
	err = migrations.Operate(ctx, cfg.URL.Reveal(), func(ctx context.Context, tx pgx.Tx) error {
		return command.do(ctx, tx, &cfg, flags, &said)
	})
	if err != nil {
		fmt.Fprintf(errOut, "developer-portal company %s: nothing was changed: %v\n", name, err)
		return startup.ExitFailed
	}
	fmt.Fprint(out, said.String())
	return 0
}

// readCompanyFlags reads the flags that take says and checks them, all mistakes at once.
func readCompanyFlags(command string, take, args []string) (f companyFlags, err error) {
	set := flag.NewFlagSet("company "+command, flag.ContinueOnError)
	set.SetOutput(io.Discard) // the error says it all
	set.Usage = func() {}
	for _, name := range take {
		switch name {
		case "name":
			set.StringVar(&f.name, name, "", "")
		case "slug":
			set.StringVar(&f.slug, name, "", "")
		case "admin-email":
			set.StringVar(&f.email, name, "", "")
		case "admin-name":
			set.StringVar(&f.person, name, "", "")
		}
	}
	if err := set.Parse(args); err != nil {
		return f, fmt.Errorf("%w; its flags: --%s", err, strings.Join(take, ", --"))
	}
	if set.NArg() > 0 {
		return f, fmt.Errorf("%q belongs to no flag: put texts with blanks in quotation marks", set.Arg(0))
	}
	var errs []error
	refuse := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	f.name, f.person = strings.Join(strings.Fields(f.name), " "), strings.Join(strings.Fields(f.person), " ")
	if command == "create" {
		switch {
		case f.name == "":
			refuse("--name is missing: give the company's name, such as --name \"Harbour Homes\"")
		case !plainName(f.name):
			refuse("--name is longer than %d characters or has characters that can't be shown", mostName)
		case f.slug == "":
			if f.slug = store.Slug(f.name, ""); f.slug == "" {
				refuse("--slug is missing: %q has no letter from a to z to make a short name of; give one, such as --slug harbour-homes", f.name)
			}
		}
		if !plainName(f.person) {
			refuse("--admin-name is longer than %d characters or has characters that can't be shown", mostName)
		}
	}
	if command == "resend" && f.slug == "" {
		refuse("--slug is missing: give the company's short name; company list has it")
	}
	if f.slug != "" && store.Slug(f.slug, "") != f.slug {
		refuse("--slug %q is no short name: write at most 60 small letters and digits with hyphens between, such as harbour-homes", f.slug)
	}
	if command != "list" {
		if f.email, err = plainEmail("admin-email", f.email); err != nil {
			errs = append(errs, err)
		}
	}
	return f, errors.Join(errs...)
}

const mostName = 120

func plainName(s string) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= mostName &&
		!strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// plainEmail is the address behind a flag, in the form in which it is stored.
func plainEmail(name, typed string) (string, error) {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return "", fmt.Errorf("--%[1]s is missing: give the person's address, such as --%[1]s ada@example.org", name)
	}
	a, err := netmail.ParseAddress(typed)
	if err != nil || a.Address != typed || strings.ContainsAny(typed, " \t") || strings.Count(typed, "@") != 1 || len(typed) > 254 {
		return "", fmt.Errorf("--%s %q is not one e-mail address: write it like ada@example.org", name, typed)
	}
	return strings.ToLower(typed), nil
}

func createCompany(ctx context.Context, tx pgx.Tx, c *companyConfig, f companyFlags, out io.Writer) error {
	link, err := company.Create(ctx, tx, company.New{
		Name: f.name, Slug: f.slug, Demo: !c.Server.Production(), AdminEmail: f.email, AdminName: f.person,
	}, c.link)
	if errors.Is(err, company.ErrTaken) {
		return fmt.Errorf("there is a company %s already; company resend --slug %s --admin-email %s sends its administrator the link again, "+
			"and another company needs another --slug", f.slug, f.slug, f.email)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "made the company %s, short name %s\n", link.Company, f.slug)
	c.tell(out, link)
	return nil
}

func resendLink(ctx context.Context, tx pgx.Tx, c *companyConfig, f companyFlags, out io.Writer) error {
	link, err := company.Resend(ctx, tx, f.slug, f.email, c.link)
	switch {
	case errors.Is(err, company.ErrNoCompany):
		return fmt.Errorf("there is no company %s; company list shows them", f.slug)
	case errors.Is(err, company.ErrNoAdmin):
		return fmt.Errorf("%s has no administrator %s who may come in; an administrator of the company can invite, enable or promote people", f.slug, f.email)
	case errors.Is(err, company.ErrHasPassword):
		return fmt.Errorf("%s has chosen a password; a new one can be had at %s", f.email, c.PublicURL.Join("/forgot-password"))
	case err != nil:
		return err
	}
	c.tell(out, link)
	return nil
}

// tell says where the link went, and on a developer's machine without a mail server the link itself.
func (c *companyConfig) tell(out io.Writer, l company.Link) {
	fmt.Fprintf(out, "a link to choose a password goes to %s by mail; it works once, for %d hours\n", l.Email, int(l.Life.Hours()))
	if !c.Server.Production() && c.SMTPHost == "" {
		fmt.Fprintf(out, "no mail is sent here; the link is\n%s\n", l.Address)
	}
}

func listCompanies(ctx context.Context, tx pgx.Tx, _ *companyConfig, _ companyFlags, out io.Writer) error {
	list, err := company.List(ctx, tx)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		fmt.Fprintln(out, "no companies")
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SHORT NAME\tNAME\tMADE\tSTAFF\tADMINISTRATORS\tSTATE")
	for _, l := range list {
		state := "active"
		switch {
		case l.Suspended:
			state = "suspended"
		case l.Admins == 0:
			state = "no administrator has come yet"
		}
		if l.Demo {
			state += ", development"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\t%s\n", l.Slug, shown(l.Name), l.CreatedAt.UTC().Format(time.DateOnly), l.Staff, l.Admins, state)
	}
	return table.Flush()
}
