package pgdev

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// wantedProgram is a program that stands before servers in tests, and whose
// package has the same name everywhere.
type wantedProgram struct {
	title      string         // as people write it
	name       string         // of the program and of its package
	variable   string         // names one to use, before any other
	size       string         // of the package with its libraries, for people
	askVersion string         // the argument that makes it print its version
	version    *regexp.Regexp // finds the whole version, and in it the two numbers of its release
	oldest     release
}

// release is the beginning of a version.
type release struct{ major, minor int }

func (r release) String() string { return fmt.Sprintf("%d.%d", r.major, r.minor) }

func (r release) before(o release) bool {
	return r.major < o.major || r.major == o.major && r.minor < o.minor
}

// foundProgram is one that can be run.
type foundProgram struct {
	path      string
	libraries string // directories of libraries that the system doesn't have, or ""
	version   string
}

// environ is what the program needs in its environment.
func (p foundProgram) environ() []string {
	if p.libraries == "" {
		return nil
	}
	return []string{"LD_LIBRARY_PATH=" + p.libraries}
}

// findProgram looks for a program: the one that its variable names, an installed
// one, then the distribution's package, which is unpacked into the cache. It is
// not installed: that would start a service on the program's usual port, and an
// ordinary user could not do it. The error, when nothing is found, says how to
// get one.
func (m *machine) findProgram(ctx context.Context, w wantedProgram) (foundProgram, error) {
	if path := m.getenv(w.variable); path != "" {
		found, err := m.inspectProgram(ctx, w, path, "")
		if err != nil {
			return foundProgram{}, fmt.Errorf("%s=%s: %w: correct it or unset it", w.variable, path, err)
		}
		return found, nil
	}
	var tried []string
	for _, path := range m.installed(w) {
		found, err := m.inspectProgram(ctx, w, path, "")
		if err == nil {
			return found, nil
		}
		tried = append(tried, path+": "+err.Error())
	}
	found, err := m.unpacked(ctx, w)
	if err == nil || ctx.Err() != nil {
		return found, err
	}
	tried = append(tried, "the distribution's package: "+err.Error())
	return foundProgram{}, fmt.Errorf("no %s found, and no way to get one by itself.\n  tried %s\n"+
		"Any one of these is enough:\n"+
		"  - install it: apt install %[3]s, dnf install %[3]s, or brew install %[3]s\n"+
		"  - have it elsewhere: %[4]s=/path/to/%[3]s, version %[5]s or later", w.title, strings.Join(tried, "\n  tried "), w.name, w.variable, w.oldest)
}

// installed are the programs of packages; an ordinary user's PATH often lacks the
// directories of servers.
func (m *machine) installed(w wantedProgram) []string {
	var paths []string
	if path, err := m.look(w.name); err == nil {
		paths = append(paths, path)
	}
	for _, dir := range []string{"/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin", "/home/linuxbrew/.linuxbrew/bin"} {
		paths = append(paths, m.glob(dir+"/"+w.name)...)
	}
	return paths
}

// inspectProgram checks that a program runs, under the account that it will run as, and
// is new enough.
func (m *machine) inspectProgram(ctx context.Context, w wantedProgram, path, libraries string) (foundProgram, error) {
	if err := m.canEnter(filepath.Dir(path)); err != nil {
		return foundProgram{}, err
	}
	p := foundProgram{path: path, libraries: libraries}
	out, err := m.run(ctx, "/", "env", append(p.environ(), path, w.askVersion)...)
	if err != nil {
		return foundProgram{}, err
	}
	match := w.version.FindStringSubmatch(out)
	if match == nil {
		return foundProgram{}, fmt.Errorf("no version in %q", out)
	}
	p.version = match[1]
	major, majorErr := strconv.Atoi(match[2])
	minor, minorErr := strconv.Atoi(match[3])
	if majorErr != nil || minorErr != nil || (release{major, minor}).before(w.oldest) {
		return foundProgram{}, fmt.Errorf("version %s is older than %s", p.version, w.oldest)
	}
	return p, nil
}

// unpacked is the distribution's package in the cache, fetched now if need be.
func (m *machine) unpacked(ctx context.Context, w wantedProgram) (foundProgram, error) {
	apt, err := m.look("apt-get")
	if err != nil {
		return foundProgram{}, errors.New("no apt-get here")
	}
	cache, err := m.cache()
	if err != nil {
		return foundProgram{}, err
	}
	home := filepath.Join(cache, w.name+"-"+m.goarch)
	if _, err := os.Stat(home); err != nil {
		m.say("fetching the package " + w.name + " with apt-get (" + w.size + ", once; nothing is installed) into " + cache)
		if err := m.fetchPackage(ctx, w, apt, cache, home); err != nil {
			return foundProgram{}, err
		}
	}
	found, err := m.inspectProgram(ctx, w, filepath.Join(home, "usr", "sbin", w.name), libraryDirs(home))
	if err != nil {
		return foundProgram{}, fmt.Errorf("%w: remove %s to fetch it again", err, home)
	}
	return found, nil
}

// fetchPackage downloads the package and those of its libraries that are not
// installed, and unpacks them into home.
func (m *machine) fetchPackage(ctx context.Context, w wantedProgram, apt, cache, home string) error {
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
	if download(options, w.name) != nil {
		// The system's lists of packages are missing or old. A list of our own
		// needs no right to change the system's.
		if options, err = m.ownLists(ctx, apt, work); err != nil {
			return err
		}
		if err := download(options, w.name); err != nil {
			return err
		}
	}
	for { // libraries need libraries
		missing, err := m.missingLibraries(ctx, work)
		if err != nil {
			return err
		}
		if len(missing) == 0 {
			break
		}
		if err := download(options, missing...); err != nil {
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

// missingLibraries are the packages of libraries that the packages in work ask
// for, and that are neither there nor installed.
func (m *machine) missingLibraries(ctx context.Context, work string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(work, "*.deb"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("apt-get download brought no package (%w)", err)
	}
	var missing []string
	for _, file := range files {
		depends, err := m.run(ctx, work, "dpkg-deb", "-f", file, "Depends")
		if err != nil {
			return nil, err
		}
		for _, wanted := range strings.Split(depends, ",") {
			fields := strings.Fields(wanted) // "libevent-2.1-7 (>= 2.1.8-stable)"
			if len(fields) == 0 || !strings.HasPrefix(fields[0], "lib") || fields[0] == "libc6" {
				continue // the C library of another release would not fit this system's loader
			}
			name := fields[0]
			there, err := filepath.Glob(filepath.Join(work, name+"_*.deb"))
			if err != nil || len(there) > 0 || slices.Contains(missing, name) {
				continue
			}
			status, err := m.run(ctx, work, "dpkg-query", "-W", "-f", "${db:Status-Status}", name)
			if err != nil || status != "installed" {
				missing = append(missing, name)
			}
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
