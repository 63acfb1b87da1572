package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"openhouse.example/apps/developer-portal/internal/company"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/migrations"
	"openhouse.example/packages/config"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web/startup"
)

// personConfig is what the person command is told by the environment.
type personConfig struct {
	URL config.Secret `envconfig:"DATABASE_MIGRATE_URL" required:"true"`
}

// personFlags are what stands behind "person export" and "person erase".
type personFlags struct {
	company, email string
	keepBuyer      bool
}

// persons is the command "person export" and "person erase": for people who are no residents, such as buyers who never
// came in, and where no administrator of the company can do it. The address is typed, and that confirms it.
func persons(args []string, lookup func(string) (string, bool), environ []string, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if len(args) == 0 || args[0] != "export" && args[0] != "erase" {
		fmt.Fprintf(errOut, "developer-portal person: say export or erase\n\n%s", usage)
		return startup.ExitUsage
	}
	name := args[0]
	f, err := readPersonFlags(name, args[1:])
	if err != nil {
		fmt.Fprintf(errOut, "developer-portal person %s: nothing was changed:\n%v\n", name, err)
		return startup.ExitUsage
	}
	var cfg personConfig
	if err := config.LoadFrom(&cfg, lookup, environ); err != nil {
		fmt.Fprintf(errOut, "developer-portal person %s can't start:\n%v\n", name, err)
		return startup.ExitUsage
	}
	var said strings.Builder // said after the commit, when it is true
	err = migrations.Operate(ctx, cfg.URL.Reveal(), func(ctx context.Context, tx pgx.Tx) error {
		said.Reset()
		if name == "export" {
			return f.export(ctx, tx, &said)
		}
		return f.erase(ctx, tx, &said)
	})
	switch {
	case errors.Is(err, company.ErrNoCompany):
		err = fmt.Errorf("there is no company %s; company list shows them", f.company)
	case errors.Is(err, company.ErrNoPerson):
		err = fmt.Errorf("%s has stored nothing about %s", f.company, f.email)
	}
	if err != nil {
		fmt.Fprintf(errOut, "developer-portal person %s: nothing was changed: %v\n", name, err)
		return startup.ExitFailed
	}
	fmt.Fprint(out, said.String())
	return 0
}

func readPersonFlags(command string, args []string) (f personFlags, err error) {
	set := flag.NewFlagSet("person "+command, flag.ContinueOnError)
	set.SetOutput(io.Discard) // the error says it all
	set.Usage = func() {}
	set.StringVar(&f.company, "company", "", "")
	set.StringVar(&f.email, "email", "", "")
	takes := "--company, --email"
	if command == "erase" {
		set.BoolVar(&f.keepBuyer, "keep-buyer", false, "")
		takes += ", --keep-buyer"
	}
	if err := set.Parse(args); err != nil {
		return f, fmt.Errorf("%w; its flags: %s", err, takes)
	}
	if set.NArg() > 0 {
		return f, fmt.Errorf("%q belongs to no flag", set.Arg(0))
	}
	var errs []error
	switch {
	case f.company == "":
		errs = append(errs, errors.New("--company is missing: give the company's short name; company list has it"))
	case store.Slug(f.company, "") != f.company:
		errs = append(errs, fmt.Errorf("--company %q is no short name: company list shows them", f.company))
	}
	if f.email, err = plainEmail("email", f.email); err != nil {
		errs = append(errs, err)
	}
	return f, errors.Join(errs...)
}

func (f personFlags) export(ctx context.Context, tx pgx.Tx, out io.Writer) error {
	rows, err := company.ExportPerson(ctx, tx, f.company, f.email)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(struct {
		Readme     string           `json:"readme"`
		ExportedAt time.Time        `json:"exportedAt"`
		Tables     store.PersonRows `json:"tables"`
	}{text.T(ctx, "person.export-readme"), time.Now().UTC().Truncate(time.Second), rows})
}

func (f personFlags) erase(ctx context.Context, tx pgx.Tx, out io.Writer) error {
	rows, err := company.ErasePerson(ctx, tx, f.company, f.email, f.keepBuyer)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		fmt.Fprintf(out, "%s has stored nothing about %s: nothing was left to erase\n", f.company, f.email)
		return nil
	}
	fmt.Fprintf(out, "%s is erased from %s, for good; rows that went, or lost what they said:\n", f.email, f.company)
	for _, table := range slices.Sorted(maps.Keys(rows)) {
		fmt.Fprintf(out, "%8d  %s\n", rows[table], table)
	}
	return nil
}
