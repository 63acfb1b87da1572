package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"openhouse.example/migrations"
	"openhouse.example/packages/config"
	"openhouse.example/packages/web/startup"
)

// migrateConfig is what the migrate command is told by the environment. It is never a portal's.
type migrateConfig struct {
	URL config.Secret `envconfig:"DATABASE_MIGRATE_URL" required:"true" example:"postgres://postgres:secret@localhost:5432/openhouse" desc:"Address for the migrate command: a superuser's or a member of openhouse_owner's, straight to Postgres and not through a pooler. Never given to a portal"`

	Developer config.Secret `envconfig:"DEVELOPER_DATABASE_URL" desc:"migrate up makes or mends the login in this address for the developer portal"`
	Tenant    config.Secret `envconfig:"TENANT_DATABASE_URL" desc:"migrate up makes or mends the login in this address for the tenant portal"`
	Worker    config.Secret `envconfig:"WORKER_DATABASE_URL" desc:"migrate up makes or mends the login in this address for the worker"`
}

// logins are those to be made, each with the one role of its process.
func (c migrateConfig) logins() ([]migrations.Login, error) {
	var logins []migrations.Login
	var errs []error
	owner := map[string]string{}
	for _, wanted := range []struct {
		name, role string
		url        config.Secret
	}{
		{"DEVELOPER_DATABASE_URL", migrations.RoleStaff, c.Developer},
		{"TENANT_DATABASE_URL", migrations.RoleResident, c.Tenant},
		{"WORKER_DATABASE_URL", migrations.RoleWorker, c.Worker},
	} {
		if wanted.url == "" {
			continue
		}
		login, err := loginOf(wanted.name, wanted.url, wanted.role)
		if other, taken := owner[login.Name]; err == nil && taken {
			err = fmt.Errorf("%s and %s have the same login %q: give each process its own", other, wanted.name, login.Name)
		}
		owner[login.Name] = wanted.name
		logins, errs = append(logins, login), append(errs, err)
	}
	return logins, errors.Join(errs...)
}

func loginOf(name string, address config.Secret, role string) (migrations.Login, error) {
	u, err := url.Parse(address.Reveal())
	if err != nil {
		return migrations.Login{}, fmt.Errorf("%s can't be read as a URL: write postgres://login:password@host:5432/database and percent-encode special characters in the password", name)
	}
	password, ok := u.User.Password()
	if u.User.Username() == "" || !ok {
		return migrations.Login{}, fmt.Errorf("%s needs a login and a password: write postgres://login:password@host:5432/database", name)
	}
	return migrations.Login{Name: u.User.Username(), Password: password, Role: role}, nil
}

// migrate is the command "migrate up", "migrate down N" and "migrate status".
func migrate(args []string, lookup func(string) (string, bool), environ []string, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	steps, known := 0, len(args) == 1 && (args[0] == "up" || args[0] == "status")
	if len(args) == 2 && args[0] == "down" {
		n, err := strconv.Atoi(args[1])
		steps, known = n, err == nil && n > 0
	}
	if !known {
		fmt.Fprintf(errOut, "developer-portal migrate: say up, down and a number of migrations, or status\n\n%s", usage)
		return startup.ExitUsage
	}
	var cfg migrateConfig
	err := config.LoadFrom(&cfg, lookup, environ)
	logins, loginErr := cfg.logins()
	if err := errors.Join(err, loginErr); err != nil {
		fmt.Fprintf(errOut, "developer-portal can't migrate:\n%v\n", err)
		return startup.ExitUsage
	}
	say := func(line string) { fmt.Fprintln(out, line) }
	switch args[0] {
	case "up":
		err = migrateUp(ctx, cfg.URL.Reveal(), logins, say)
	case "down":
		err = migrateDown(ctx, cfg.URL.Reveal(), steps, say)
	case "status":
		err = migrateStatus(ctx, cfg.URL.Reveal(), say)
	}
	if err != nil {
		fmt.Fprintf(errOut, "developer-portal migrate %s: %v\n", args[0], err)
		return startup.ExitFailed
	}
	return 0
}

func migrateUp(ctx context.Context, address string, logins []migrations.Login, say func(string)) error {
	if err := migrations.Up(ctx, address, say); err != nil {
		return err
	}
	if err := migrations.EnsureLogins(ctx, address, logins, say); err != nil {
		return err
	}
	say(fmt.Sprintf("the schema is at version %d", migrations.Latest()))
	return nil
}

// migrateDown takes the newest applied migrations back, as many as steps says.
func migrateDown(ctx context.Context, address string, steps int, say func(string)) error {
	list, err := migrations.Status(ctx, address)
	if err != nil {
		return err
	}
	applied := []int64{0}
	for _, m := range list {
		if m.Applied {
			applied = append(applied, m.Version)
		}
	}
	to := applied[max(0, len(applied)-1-steps)]
	if err := migrations.Down(ctx, address, to, say); err != nil {
		return err
	}
	say(fmt.Sprintf("the schema is at version %d", to))
	return nil
}

func migrateStatus(ctx context.Context, address string, say func(string)) error {
	list, err := migrations.Status(ctx, address)
	if err != nil {
		return err
	}
	for _, m := range list {
		state, name := "pending", m.Name
		if m.Applied {
			state = m.AppliedAt.UTC().Format(time.RFC3339)
		}
		if name == "" {
			name = "not known to this program: the database is newer"
		}
		say(fmt.Sprintf("%05d  %-20s  %s", m.Version, state, name))
	}
	return nil
}
