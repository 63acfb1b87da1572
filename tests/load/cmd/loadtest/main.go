// Command loadtest puts load on the portals over HTTP and says whether they bore it. usage, below, has its commands.
//
// Without --target it starts both portals itself, as programs with the settings of production, on a Postgres of its own,
// and leaves nothing behind. Rate limits are those of production always: visitors come from many addresses, as a trusted
// proxy reports them, and a single 429 is a bar missed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Exit codes.
const (
	exitPassed = 0
	exitFailed = 1 // a bar was missed, or the run could not be made
	exitUsage  = 2
)

const usage = `loadtest onboarding [--rate 50] [--duration 10s] [--max-mean 95ms] [--json FILE] [--plot FILE]
                    so many people a second scan a printed code, each once: they open the page, the code is
                    resolved, they claim the home. Both portals are started for it, on a Postgres of their own.
loadtest onboarding --target https://homes.example.org --file company.json …
                    the same on an installation that runs, with homes that prepare has made there

loadtest prepare    --staff https://staff.example.org --target https://homes.example.org --file company.json
                    --link https://staff.example.org/password/… [--homes 500] [--mail-domain example.org]
                    make homes and printed codes of a throw-away company. The operator makes the company before
                    (developer-portal company create); the link is in the mail to its administrator. With a file
                    that is there, and without --link, more homes are made.
loadtest clean      --file company.json [--target https://homes.example.org]
                    remove that company with all it has, and the file. It needs the operator's database address in
                    DATABASE_MIGRATE_URL, and refuses a company with a development that prepare did not make.
loadtest help       this text

Exit code 0: every bar was met; 1: one was missed, or the run could not be made; 2: a wrong call. FILE may be - for
standard output; the text for people then goes to standard error.

An installation that is named must trust the address of this machine as a proxy (TRUSTED_PROXIES), else all visitors
come from one address and meet its limits.
`

type command func(ctx context.Context, args []string, out, errOut io.Writer) error

var commands = map[string]command{"onboarding": onboard, "prepare": prepare, "clean": clean}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := start(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// errMissed says that the run was made and a bar was missed; the report has said which.
var errMissed = errors.New("a bar was missed")

// usageError is a wrong call.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func wrong(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// start runs a command and returns the exit code.
func start(ctx context.Context, args []string, out, errOut io.Writer) int {
	if len(args) == 1 && (args[0] == "help" || args[0] == "-h" || args[0] == "--help") {
		fmt.Fprint(out, usage)
		return exitPassed
	}
	if len(args) == 0 || commands[args[0]] == nil {
		fmt.Fprintf(errOut, "loadtest: say onboarding, prepare or clean\n\n%s", usage)
		return exitUsage
	}
	err := commands[args[0]](ctx, args[1:], out, errOut)
	var bad usageError
	switch {
	case err == nil:
		return exitPassed
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(out, usage)
		return exitPassed
	case errors.As(err, &bad):
		fmt.Fprintf(errOut, "loadtest %s: %v\n(loadtest help says more)\n", args[0], err)
		return exitUsage
	case errors.Is(err, errMissed):
		return exitFailed
	}
	fmt.Fprintf(errOut, "loadtest %s: %v\n", args[0], err)
	return exitFailed
}

// parse reads a command's flags, and nothing but flags.
func parse(set *flag.FlagSet, args []string) error {
	set.SetOutput(io.Discard) // the error says it
	if err := set.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return usageError{err}
	}
	if set.NArg() > 0 {
		return wrong("%q belongs to no flag", set.Arg(0))
	}
	return nil
}
