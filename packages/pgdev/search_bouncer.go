package pgdev

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// bouncerVar names a PgBouncer to use, before any other.
const bouncerVar = "PGBOUNCER_BIN"

// oldestBouncer is the minor version of PgBouncer 1 that the project starts
// from: Debian 12's.
const oldestBouncer = 18

// bouncerProgram is a PgBouncer that can be run.
type bouncerProgram struct {
	path      string
	libraries string // directories of libraries that the system doesn't have, or ""
	version   string
}

// environ is what the program needs in its environment.
func (p bouncerProgram) environ() []string {
	if p.libraries == "" {
		return nil
	}
	return []string{"LD_LIBRARY_PATH=" + p.libraries}
}

// findBouncer looks for a PgBouncer: the one that PGBOUNCER_BIN names, an
// installed one, then the distribution's package, which is unpacked into the
// cache. It is not installed: that would start a service on PgBouncer's usual
// port, and an ordinary user could not do it. The error, when nothing is found,
// says how to get one.
func (m *machine) findBouncer(ctx context.Context) (bouncerProgram, error) {
	if path := m.getenv(bouncerVar); path != "" {
		found, err := m.inspectBouncer(ctx, path, "")
		if err != nil {
			return bouncerProgram{}, fmt.Errorf("%s=%s: %w: correct it or unset it", bouncerVar, path, err)
		}
		return found, nil
	}
	var tried []string
	for _, path := range m.installedBouncers() {
		found, err := m.inspectBouncer(ctx, path, "")
		if err == nil {
			return found, nil
		}
		tried = append(tried, path+": "+err.Error())
	}
	found, err := m.unpackedBouncer(ctx)
	if err == nil || ctx.Err() != nil {
		return found, err
	}
	tried = append(tried, "the distribution's package: "+err.Error())
	return bouncerProgram{}, fmt.Errorf("no PgBouncer found, and no way to get one by itself.\n  tried %s\n"+
		"Any one of these is enough:\n"+
		"  - install it: apt install pgbouncer, dnf install pgbouncer, or brew install pgbouncer\n"+
		"  - have it elsewhere: %s=/path/to/pgbouncer, version 1.%d or later", strings.Join(tried, "\n  tried "), bouncerVar, oldestBouncer)
}

// installedBouncers are the programs of packages; an ordinary user's PATH often
// lacks the directories of servers.
func (m *machine) installedBouncers() []string {
	var paths []string
	if path, err := m.look("pgbouncer"); err == nil {
		paths = append(paths, path)
	}
	for _, pattern := range []string{
		"/usr/sbin/pgbouncer", "/usr/local/sbin/pgbouncer", "/usr/local/bin/pgbouncer",
		"/opt/homebrew/bin/pgbouncer", "/home/linuxbrew/.linuxbrew/bin/pgbouncer",
	} {
		paths = append(paths, m.glob(pattern)...)
	}
	return paths
}

var bouncerVersion = regexp.MustCompile(`PgBouncer (?:version )?(1\.(\d+)[^\s]*)`)

// inspectBouncer checks that a program runs, under the account that it will run
// as, and is new enough.
func (m *machine) inspectBouncer(ctx context.Context, path, libraries string) (bouncerProgram, error) {
	if err := m.canEnter(filepath.Dir(path)); err != nil {
		return bouncerProgram{}, err
	}
	p := bouncerProgram{path: path, libraries: libraries}
	out, err := m.run(ctx, "/", "env", append(p.environ(), path, "--version")...)
	if err != nil {
		return bouncerProgram{}, err
	}
	match := bouncerVersion.FindStringSubmatch(out)
	if match == nil {
		return bouncerProgram{}, fmt.Errorf("no version in %q", out)
	}
	p.version = match[1]
	if minor, err := strconv.Atoi(match[2]); err != nil || minor < oldestBouncer {
		return bouncerProgram{}, fmt.Errorf("version %s is older than 1.%d", p.version, oldestBouncer)
	}
	return p, nil
}

// unpackedBouncer is the distribution's package in the cache, fetched now if
// need be.
func (m *machine) unpackedBouncer(ctx context.Context) (bouncerProgram, error) {
	apt, err := m.look("apt-get")
	if err != nil {
		return bouncerProgram{}, errors.New("no apt-get here")
	}
	cache, err := m.cache()
	if err != nil {
		return bouncerProgram{}, err
	}
	home := filepath.Join(cache, "pgbouncer-"+m.goarch)
	if _, err := os.Stat(home); err != nil {
		m.say("fetching the package pgbouncer with apt-get (0.5 MB, once; nothing is installed) into " + cache)
		if err := m.fetchBouncer(ctx, apt, cache, home); err != nil {
			return bouncerProgram{}, err
		}
	}
	found, err := m.inspectBouncer(ctx, filepath.Join(home, "usr", "sbin", "pgbouncer"), libraryDirs(home))
	if err != nil {
		return bouncerProgram{}, fmt.Errorf("%w: remove %s to fetch it again", err, home)
	}
	return found, nil
}

// fetchBouncer downloads the package and those of its libraries that are not
// installed, and unpacks them into home.
func (m *machine) fetchBouncer(ctx context.Context, apt, cache, home string) error {
	work, err := os.MkdirTemp(cache, "fetch-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	download := func(options []string, names ...string) error {
		_, err := m.run(ctx, work, apt, append(append([]string{"-q", "-o", "APT::Sandbox::User=root"}, options...), append([]string{"download"}, names...)...)...)
		return err
	}
	var options []string
	if download(options, "pgbouncer") != nil {
		// The system's lists of packages are missing or old. A list of our own
		// needs no right to change the system's.
		if options, err = m.ownLists(ctx, apt, work); err != nil {
			return err
		}
		if err := download(options, "pgbouncer"); err != nil {
			return err
		}
	}
	libraries, err := m.missingLibraries(ctx, work)
	if err != nil {
		return err
	}
	if len(libraries) > 0 {
		if err := download(options, libraries...); err != nil {
			return err
		}
	}
	unpacked := filepath.Join(work, "unpacked")
	packages, err := filepath.Glob(filepath.Join(work, "*.deb"))
	if err != nil {
		return err
	}
	for _, file := range packages {
		if _, err := m.run(ctx, work, "dpkg-deb", "-x", file, unpacked); err != nil {
			return err
		}
	}
	if err := os.Chmod(unpacked, 0o755); err != nil {
		return err
	}
	// The rename is what makes it count: a half-written directory never does.
	if err := os.Rename(unpacked, home); err != nil {
		if _, there := os.Stat(home); there == nil {
			return nil // another process was faster
		}
		return err
	}
	return nil
}

// ownLists fetches the lists of packages into work and answers the options that
// make apt-get use them.
func (m *machine) ownLists(ctx context.Context, apt, work string) ([]string, error) {
	lists, archives := filepath.Join(work, "lists"), filepath.Join(work, "archives")
	for _, dir := range []string{lists, archives} {
		if err := os.MkdirAll(filepath.Join(dir, "partial"), 0o755); err != nil {
			return nil, err
		}
	}
	options := []string{"-o", "Dir::State::Lists=" + lists, "-o", "Dir::Cache=" + work, "-o", "Dir::Cache::Archives=" + archives}
	_, err := m.run(ctx, work, apt, append(append([]string{"-q", "-o", "APT::Sandbox::User=root"}, options...), "update")...)
	return options, err
}

// missingLibraries are the packages of libraries that PgBouncer's package asks
// for and the system does not have.
func (m *machine) missingLibraries(ctx context.Context, work string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(work, "pgbouncer_*.deb"))
	if err != nil || len(files) != 1 {
		return nil, fmt.Errorf("apt-get download brought %d packages, want one (%w)", len(files), err)
	}
	depends, err := m.run(ctx, work, "dpkg-deb", "-f", files[0], "Depends")
	if err != nil {
		return nil, err
	}
	var missing []string
	for _, wanted := range strings.Split(depends, ",") {
		fields := strings.Fields(wanted) // "libevent-2.1-7 (>= 2.1.8-stable)"
		if len(fields) == 0 || !strings.HasPrefix(fields[0], "lib") || fields[0] == "libc6" {
			continue // the C library of another release would not fit this system's loader
		}
		status, err := m.run(ctx, work, "dpkg-query", "-W", "-f", "${db:Status-Status}", fields[0])
		if err != nil || status != "installed" {
			missing = append(missing, fields[0])
		}
	}
	return missing, nil
}

// libraryDirs are the directories below home that hold unpacked libraries.
func libraryDirs(home string) string {
	var dirs []string
	for _, pattern := range []string{"usr/lib/*", "lib/*"} {
		found, _ := filepath.Glob(filepath.Join(home, pattern))
		for _, dir := range found {
			if libraries, _ := filepath.Glob(filepath.Join(dir, "*.so.*")); len(libraries) > 0 {
				dirs = append(dirs, dir)
			}
		}
	}
	return strings.Join(dirs, ":")
}
