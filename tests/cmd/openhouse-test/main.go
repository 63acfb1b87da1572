// Command openhouse-test runs what `make check`, `make test` and `make nightly`
// promise, from the top of the checkout:
//
//	openhouse-test check     format, vet, lint, generated code, go.mod files, licences
//	openhouse-test test      check, and every test of every module; with CI=true every fuzz target, too, for ten seconds
//	openhouse-test nightly   check, every test three times in random order, every fuzz target
//
// It finds or makes what it needs: tools are built from tools/go.mod, Postgres
// is the project's own throw-away server (devdb), Chromium is looked for and, as
// root on a Debian system, installed. It says what it could not do. It never
// touches a database that it did not start, except the one that
// TEST_DATABASE_URL names on purpose.
//
// A step that fails doesn't stop the others: one run shows everything. The last
// line is "N passed, N failed"; the exit code is 1 when something failed.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

const usage = "usage: openhouse-test check|test|nightly"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:]))
}

func run(ctx context.Context, args []string) int {
	if len(args) != 1 {
		fmt.Fprintln(os.Stderr, usage)
		return 2
	}
	h, err := newHouse()
	if err != nil {
		fmt.Fprintln(os.Stderr, "openhouse-test: "+err.Error())
		return 2
	}
	var steps []step
	switch args[0] {
	case "check":
		steps = checks
	case "test":
		steps = append(append(steps, checks...), testSteps...)
		if os.Getenv("CI") == "true" {
			steps = append(steps, fuzzStep(fuzzInCI))
		}
	case "nightly":
		h.long = true
		steps = append(append(append(steps, checks...), testSteps...), fuzzStep(fuzzAtNight))
	default:
		fmt.Fprintln(os.Stderr, usage)
		return 2
	}
	return h.runAll(ctx, steps)
}

// step is one thing that is checked. It reports through the house; an error
// means that it failed as a whole.
type step struct {
	name string
	run  func(ctx context.Context, h *house) error
}

// house is the checkout, and what is known about this run.
type house struct {
	top     string
	modules []string // folders of the workspace's modules, relative to top
	long    bool     // at night: everything several times

	passed, failed int
	notes          []string // what the reader should know at the end
	broken         []string // names of what failed
}

func newHouse() (*house, error) {
	top, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(top, "go.work")); err != nil {
		return nil, fmt.Errorf("run it from the top of the checkout, where go.work is: %w", err)
	}
	h := &house{top: top}
	h.modules, err = h.workspaceModules()
	return h, err
}

func (h *house) note(format string, args ...any) {
	h.notes = append(h.notes, fmt.Sprintf(format, args...))
}

func (h *house) runAll(ctx context.Context, steps []step) int {
	start := time.Now()
	for _, s := range steps {
		if ctx.Err() != nil {
			h.note("stopped by a signal: what is missing above was not run")
			h.failed++
			break
		}
		fmt.Printf("── %s\n", s.name)
		began, passed, failed := time.Now(), h.passed, h.failed
		err := s.run(ctx, h)
		switch {
		case err != nil:
			fmt.Printf("   FAILED: %v\n", err)
			if h.failed == failed { // a step that runs tests has counted them
				h.failed++
				h.broken = append(h.broken, s.name)
			}
			continue
		case h.passed == passed:
			h.passed++
		}
		fmt.Printf("   ok, %.1f s\n", time.Since(began).Seconds())
	}
	fmt.Printf("\nThat took %s.\n", time.Since(start).Round(time.Second))
	for _, name := range h.broken {
		fmt.Println("FAILED: " + name)
	}
	for _, n := range h.notes {
		fmt.Println("Note: " + n)
	}
	fmt.Printf("%d passed, %d failed\n", h.passed, h.failed)
	if h.failed > 0 {
		return 1
	}
	return 0
}
