// Command devdb runs the project's own Postgres.
//
//	devdb with -- CMD…   run CMD with a throw-away server in TEST_DATABASE_URL
//	devdb start          start the development server and leave it running
//	devdb stop           stop it; its data stays
//	devdb url [DATABASE] print the superuser's address of one of its databases
//	devdb reset          stop it and remove its data
//
// `with` exits with CMD's exit code, or 128 + the signal's number if a signal
// ended CMD. Otherwise 2 means wrong usage and 1 a failure.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"

	"openhouse.example/packages/pgdev"
)

const usage = `usage:
  devdb with -- CMD…     run CMD with a throw-away server in TEST_DATABASE_URL
  devdb start            start the development server and leave it running
  devdb stop             stop it; its data stays
  devdb url [DATABASE]   print the superuser's address of one of its databases
  devdb reset            stop it and remove its data
`

// errUsage is a mistake in the command line.
var errUsage = errors.New("wrong usage")

func main() {
	code, err := run(context.Background(), os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "devdb: "+err.Error())
	}
	if errors.Is(err, errUsage) {
		fmt.Fprint(os.Stderr, usage)
		code = 2
	}
	os.Exit(code)
}

func run(ctx context.Context, args []string) (code int, err error) {
	if len(args) == 0 {
		return 2, errUsage
	}
	name, args := args[0], args[1:]
	if name == "with" {
		if len(args) < 2 || args[0] != "--" {
			return 2, fmt.Errorf("%w: with needs a command to run", errUsage)
		}
		return with(ctx, args[1:])
	}
	ctx, stop := signal.NotifyContext(ctx, forwarded...)
	defer stop()
	if err := manage(ctx, name, args); err != nil {
		return 1, err
	}
	return 0, nil
}

// manage does what concerns the checkout's development server.
func manage(ctx context.Context, name string, args []string) error {
	if len(args) > 1 || (len(args) == 1 && name != "url") {
		return fmt.Errorf("%w: %s takes no %q", errUsage, name, args[len(args)-1])
	}
	o := pgdev.Options{Detach: true, Progress: say}
	switch name {
	case "start":
		_, err := pgdev.Start(ctx, o)
		return err
	case "stop":
		stopped, err := pgdev.StopRunning(ctx, o)
		if err == nil && !stopped {
			say("it was not running")
		}
		return err
	case "url":
		database := "postgres"
		if len(args) == 1 {
			database = args[0]
		}
		server, err := pgdev.Running(ctx, o)
		if err != nil {
			return err
		}
		fmt.Println(server.URL(database))
		return nil
	case "reset":
		return pgdev.Reset(ctx, o)
	default:
		return fmt.Errorf("%w: there is no command %q", errUsage, name)
	}
}

func say(line string) { fmt.Fprintln(os.Stderr, "devdb: "+line) }
