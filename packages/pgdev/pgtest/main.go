package pgtest

import (
	"fmt"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
)

// Runner is what runs a package's tests; *testing.M is one.
type Runner interface{ Run() int }

// wrapped tells whether the package's TestMain will stop what New starts.
var wrapped atomic.Bool

// Main runs the package's tests, removes the server that they started, and exits
// with the tests' code. It is all that a TestMain needs.
func Main(m Runner) { os.Exit(Wrap(m).Run()) }

// Wrap answers a Runner that runs m and then removes the server that its tests
// started, for a TestMain that has more to do than Main.
func Wrap(m Runner) Runner {
	wrapped.Store(true)
	return runner{m}
}

type runner struct{ inner Runner }

func (r runner) Run() int {
	stop := stopOnSignal()
	code := r.inner.Run()
	stop()
	if err := shared.stop(); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest: "+err.Error())
		if code == 0 {
			code = 1
		}
	}
	return code
}

// stopOnSignal removes the server when the tests are interrupted, too.
func stopOnSignal() (stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	finished, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		select {
		case sig := <-signals:
			_ = shared.stop() // the next start removes what this could not
			fmt.Fprintf(os.Stderr, "pgtest: stopped by %s\n", sig)
			os.Exit(1)
		case <-finished:
		}
	}()
	return func() {
		signal.Stop(signals)
		close(finished)
		<-gone
	}
}
