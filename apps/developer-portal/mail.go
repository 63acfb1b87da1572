package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"openhouse.example/migrations"
	"openhouse.example/packages/config"
	"openhouse.example/packages/db"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/web/startup"
)

// deadLimit is how many dead letters are listed.
const deadLimit = 200

// mail is the command "mail dead" and "mail retry ID".
func mail(args []string, lookup func(string) (string, bool), environ []string, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	var do func(context.Context, *db.Pool, io.Writer) error
	switch {
	case len(args) == 1 && args[0] == "dead":
		do = listDead
	case len(args) == 2 && args[0] == "retry":
		id, err := uuid.Parse(args[1])
		if err != nil {
			fmt.Fprintf(errOut, "developer-portal mail retry: %q is no id; mail dead lists them\n", args[1])
			return startup.ExitUsage
		}
		do = func(ctx context.Context, p *db.Pool, out io.Writer) error { return retryDead(ctx, p, id, out) }
	default:
		fmt.Fprintf(errOut, "developer-portal mail: say dead, or retry and an id\n\n%s", usage)
		return startup.ExitUsage
	}
	var cfg workerDatabase
	own, hint := startup.OwnDatabase("WORKER", lookup)
	if err := config.LoadFrom(&cfg, own, environ); err != nil {
		fmt.Fprintf(errOut, "developer-portal mail can't start:\n%v\n", errors.Join(err, hint))
		return startup.ExitUsage
	}
	if err := withWorkerPool(ctx, cfg.DB, errOut, func(p *db.Pool) error { return do(ctx, p, out) }); err != nil {
		fmt.Fprintf(errOut, "developer-portal mail %s: %v\n", args[0], err)
		return startup.ExitFailed
	}
	return 0
}

func withWorkerPool(ctx context.Context, cfg db.Config, errOut io.Writer, fn func(*db.Pool) error) error {
	cfg.Max, cfg.Min, cfg.AppName = 1, 0, "mail"
	pool, err := db.Open(ctx, cfg, db.WithLogger(startup.Logger(errOut, false)), db.WithRole(platform.RoleWorker), db.WithSchemaVersion(migrations.Latest()))
	if err != nil {
		return err
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), startup.CloseLimit)
	defer cancel()
	return errors.Join(fn(pool), pool.ClosePool(closing))
}

// listDead shows the mail that was given up. The address of a reader is shown in part: enough to recognise, not to
// collect.
func listDead(ctx context.Context, p *db.Pool, out io.Writer) error {
	letters, err := platform.DeadLetters(ctx, p, deadLimit)
	if err != nil {
		return err
	}
	if len(letters) == 0 {
		fmt.Fprintln(out, "no dead letters")
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tWRITTEN\tCOMPANY\tKIND\tTO\tATTEMPTS\tWHY")
	for _, m := range letters {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%d\t%s\n", m.ID, m.CreatedAt.UTC().Format(time.RFC3339), shown(m.Company), m.Kind, masked(m.To), m.Attempts, shown(m.Why))
	}
	return table.Flush()
}

func retryDead(ctx context.Context, p *db.Pool, id uuid.UUID, out io.Writer) error {
	found, err := platform.RetryMail(ctx, p, id)
	if err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("there is no dead letter %s; mail dead lists them", id)
	}
	fmt.Fprintf(out, "%s is in the queue again\n", id)
	return nil
}

// masked is an address with its first letter and its domain.
func masked(address string) string {
	name, domain, found := strings.Cut(shown(address), "@")
	first, _ := utf8.DecodeRuneInString(name)
	if !found || name == "" {
		return "…"
	}
	return string(first) + "…@" + domain
}

// shown keeps text from other people from moving a terminal's cursor.
func shown(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '·'
		}
		return r
	}, text)
}
