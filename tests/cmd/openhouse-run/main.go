// Command openhouse-run is the program behind `make run` and `make demo-reset`.
//
//	openhouse-run          build both portals, start a Postgres of the project's own, migrate, load the demo data, serve,
//	                       with the worker beside them
//	openhouse-run -lan     the same, and let other devices on this network in (LAN=1 in the environment means it too)
//	openhouse-run reset    remove that Postgres' data and everything that belongs to it
//
// From the environment it takes DEVELOPER_PORT (3001), TENANT_PORT (3002), and the pool's settings (DB_POOL_…,
// DB_USE_SINGLE_CLIENT), which it hands to the portals. It never looks at DATABASE_URL and the like: those may lead to
// somebody's data. The only server it touches is the one that package pgdev started for this checkout.
//
// It ends with SIGINT or SIGTERM: the portals finish what they are doing, then Postgres stops. A second signal ends
// everything at once. The data stays.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() { os.Exit(start(os.Args[1:])) }

// start returns the exit code: 0 after an orderly end, 1 for what went wrong, 2 for a wrong call.
func start(args []string) int {
	do := run
	switch {
	case len(args) == 0:
	case len(args) == 1 && args[0] == "-lan":
		do = runOnNetwork
	case len(args) == 1 && args[0] == "reset":
		do = reset
	default:
		fmt.Fprintln(os.Stderr, "usage: openhouse-run [-lan | reset]")
		return 2
	}
	out, children := &screen{w: os.Stdout}, &family{}
	ctx, stop := signals(out, children)
	defer stop()
	err := do(ctx, out, children)
	if err != nil && !errors.Is(err, context.Canceled) {
		out.problem(err)
		return 1
	}
	return 0
}

// sameSignal is how close together two signals are still one.
const sameSignal = 300 * time.Millisecond

// signals returns a context that ends with the first SIGINT or SIGTERM. The second one kills what was started and
// ends the program.
func signals(out *screen, children *family) (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	arrived := make(chan os.Signal, 2)
	signal.Notify(arrived, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-arrived
		first := time.Now()
		cancel()
		for range arrived {
			// Wrappers hand one Ctrl-C on although the terminal has sent it to everybody.
			if time.Since(first) > sameSignal {
				break
			}
		}
		out.say("leaving at once")
		children.kill()
		os.Exit(130)
	}()
	return ctx, func() { signal.Stop(arrived); cancel() }
}
