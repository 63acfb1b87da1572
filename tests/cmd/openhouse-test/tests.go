package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// deployModule is outside the workspace: what it needs to read compose and Docker
// files would raise the versions of everybody's dependencies.
const deployModule = "tools/deploycheck"

var testSteps = []step{
	{"a browser for the browser tests", findBrowser},
	{"docker-compose.yml and the Dockerfile", testDeploy},
	{"every test of every module", testAll},
}

func testDeploy(ctx context.Context, h *house) error {
	return h.goTest(ctx, deployModule, alone, nil, "-count=1", "./...") // it looks at files outside its module
}

// unraced are packages whose tests drive programs that are built without the race
// detector anyway, or would measure nothing but the detector.
var unraced = []string{"openhouse.example/tests/", "openhouse.example/apps/developer-portal/internal/homecsv", "openhouse.example/packages/knowledge/bench"}

// measuring are those of them that look at the clock. They run one at a time, so
// that none measures another.
var measuring = []string{
	"openhouse.example/tests/balancer", "openhouse.example/tests/bench", "openhouse.example/tests/fault",
	"openhouse.example/tests/load", "openhouse.example/apps/developer-portal/internal/homecsv",
}

func testAll(ctx context.Context, h *house) error {
	devdb := filepath.Join(h.top, "build", "devdb") // not `go run`: signals must reach it
	if _, err := h.output(ctx, ".", nil, "go", "build", "-o", devdb, "./packages/pgdev/cmd/devdb"); err != nil {
		return err
	}
	out, err := h.output(ctx, ".", nil, "go", "list", "work")
	if err != nil {
		return err
	}
	var raced, plain, timed []string
	for pkg := range strings.FieldsSeq(out) {
		among := func(prefixes []string) bool {
			return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(pkg, prefix) })
		}
		switch {
		case among(measuring):
			timed = append(timed, pkg)
		case among(unraced):
			plain = append(plain, pkg)
		default:
			raced = append(raced, pkg)
		}
	}
	// Some tests look at files of other modules, which the go command's cache of
	// results doesn't watch: it is not asked.
	args, env := []string{"-count=1"}, []string(nil)
	if h.long {
		args = []string{"-count=3", "-shuffle=on", "-timeout=90m"}
		env = []string{"PGDEV_TEST_NPM=1"} // fetches a package each time
	}
	race := []string{"-race"}
	if !canRace(ctx, h) {
		race = nil
		h.note("the race detector needs a C compiler, and there is none: the tests ran without it")
	}
	wrapper := []string{devdb, "with", "--"}
	return errors.Join(
		h.goTest(ctx, ".", env, wrapper, slices.Concat(args, race, raced)...),
		h.goTest(ctx, ".", env, wrapper, slices.Concat(args, plain)...),
		h.goTest(ctx, ".", env, wrapper, slices.Concat(args, []string{"-p=1"}, timed)...))
}

func canRace(ctx context.Context, h *house) bool {
	out, err := h.output(ctx, ".", nil, "go", "env", "CGO_ENABLED")
	return err == nil && strings.TrimSpace(out) == "1"
}

// browsers are the names under which the browser tests look, too.
var browsers = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"}

// findBrowser makes sure of a Chromium where it can. Without one the browser
// tests skip, and the end of the run says so; REQUIRE_BROWSER=1 makes it an error.
func findBrowser(ctx context.Context, h *house) error {
	if named := os.Getenv("CHROMIUM"); named != "" {
		_, err := exec.LookPath(named)
		return err
	}
	found := func(name string) bool { _, err := exec.LookPath(name); return err == nil }
	if slices.ContainsFunc(browsers, found) {
		return nil
	}
	if os.Geteuid() == 0 && found("apt-get") {
		fmt.Println("   installing Chromium (apt-get install chromium), once")
		if err := h.installChromium(ctx); err != nil {
			fmt.Printf("   %v\n", err)
		}
	}
	if slices.ContainsFunc(browsers, found) {
		return nil
	}
	if os.Getenv("REQUIRE_BROWSER") == "1" {
		return errors.New("no Chromium here, and REQUIRE_BROWSER=1 asks for one")
	}
	h.note("the browser tests were NOT run: there is no Chromium. Install it (Debian: apt-get install chromium) or name it in CHROMIUM, and run again")
	return nil
}

func (h *house) installChromium(ctx context.Context) error {
	quiet := []string{"DEBIAN_FRONTEND=noninteractive"}
	if _, err := h.output(ctx, ".", quiet, "apt-get", "update", "-q"); err != nil {
		return err
	}
	_, err := h.output(ctx, ".", quiet, "apt-get", "install", "-q", "-y", "--no-install-recommends", "chromium")
	return err
}
