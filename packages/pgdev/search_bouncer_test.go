package pgdev

import (
	"context"
	"errors"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// bouncerMachine is a computer with these PgBouncers, by path, whose programs
// answer what apt-get and dpkg would.
type bouncerMachine struct {
	versions  map[string]string // path → what --version prints
	env       map[string]string
	apt       bool
	noLists   bool   // apt-get knows no packages until its lists are fetched
	noNetwork bool   // apt-get gets nothing at all
	brings    string // what the fetched program prints; "" = one that runs
	libraries []string
	ran       []string
}

func (f *bouncerMachine) machine(t *testing.T, cache string) *machine {
	m := (&fakeMachine{env: f.env, programs: map[string]string{}, cacheDir: cache}).machine(t)
	if f.apt {
		m.look = func(program string) (string, error) {
			if program == "apt-get" {
				return "/usr/bin/apt-get", nil
			}
			return "", errors.New("not found")
		}
	}
	m.glob = func(pattern string) []string {
		if _, ok := f.versions[pattern]; ok {
			return []string{pattern}
		}
		return nil
	}
	m.run = f.run
	return m
}

func (f *bouncerMachine) run(_ context.Context, dir, program string, args ...string) (string, error) {
	line := path.Base(program) + " " + strings.Join(args, " ")
	f.ran = append(f.ran, line)
	switch {
	case path.Base(program) == "env":
		said, ok := f.versions[args[len(args)-2]]
		if !ok {
			said = f.brings
		}
		if said == "broken" {
			return "", errors.New("libcares.so.2: cannot open shared object file")
		}
		return said, nil
	case strings.HasSuffix(line, " update"):
		f.noLists = false
	case strings.Contains(line, " download "):
		if f.noNetwork || f.noLists {
			return "", errors.New("Unable to locate package")
		}
		for _, name := range args[slices.Index(args, "download")+1:] {
			if err := os.WriteFile(filepath.Join(dir, name+"_1_amd64.deb"), nil, 0o600); err != nil {
				return "", err
			}
			f.libraries = append(f.libraries, name)
		}
	case strings.HasPrefix(line, "dpkg-deb -f ") && strings.Contains(line, "libc-ares2_"):
		return "libc6 (>= 2.34), libdeeper1 (>= 1.6.0)", nil
	case strings.HasPrefix(line, "dpkg-deb -f ") && strings.Contains(line, "libdeeper1_"):
		return "libc6 (>= 2.34)", nil
	case strings.HasPrefix(line, "dpkg-deb -f "):
		return "lsb-base (>= 3.1), libc-ares2 (>= 1.12), libc6 (>= 2.36), libssl3 (>= 3.0.0), postgresql-common", nil
	case strings.HasPrefix(line, "dpkg-query ") && args[len(args)-1] == "libssl3":
		return "installed", nil
	case strings.HasPrefix(line, "dpkg-query "):
		return "", errors.New("no packages found")
	case strings.HasPrefix(line, "dpkg-deb -x "):
		lib := filepath.Join(args[2], "usr", "lib", "x86_64-linux-gnu")
		return "", errors.Join(os.MkdirAll(lib, 0o755), os.WriteFile(filepath.Join(lib, "libcares.so.2"), nil, 0o600))
	}
	return "", nil
}

const recent = "PgBouncer 1.21.0\nlibevent 2.1.12-stable\n"

func TestBouncerSearchOrder(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		machine bouncerMachine
		want    string // "path version", or words of the error
	}{
		"PGBOUNCER_BIN before all": {
			bouncerMachine{env: map[string]string{"PGBOUNCER_BIN": "/opt/p"}, versions: map[string]string{"/opt/p": "PgBouncer 1.24.1\n", "/usr/sbin/pgbouncer": recent}},
			"/opt/p 1.24.1",
		},
		"a wrong PGBOUNCER_BIN is refused": {
			bouncerMachine{env: map[string]string{"PGBOUNCER_BIN": "/bin/cat"}, versions: map[string]string{"/bin/cat": "cat (GNU coreutils)", "/usr/sbin/pgbouncer": recent}},
			"PGBOUNCER_BIN=/bin/cat: no version in",
		},
		"an installed one that is not on PATH": {
			bouncerMachine{versions: map[string]string{"/usr/sbin/pgbouncer": recent}, apt: true}, "/usr/sbin/pgbouncer 1.21.0",
		},
		"an old one does not count": {
			bouncerMachine{versions: map[string]string{"/usr/sbin/pgbouncer": "PgBouncer 1.17.0"}}, "version 1.17.0 is older than 1.18",
		},
		"a broken one, then the package": {
			bouncerMachine{versions: map[string]string{"/usr/sbin/pgbouncer": "broken"}, apt: true, brings: recent}, "CACHE/pgbouncer-amd64/usr/sbin/pgbouncer 1.21.0",
		},
		"the package, with lists of its own": {
			bouncerMachine{apt: true, noLists: true, brings: recent}, "CACHE/pgbouncer-amd64/usr/sbin/pgbouncer 1.21.0",
		},
		"a package that does not run": {
			bouncerMachine{apt: true, brings: "broken"}, "CACHE/pgbouncer-amd64 to fetch it again",
		},
		"no network": {
			bouncerMachine{apt: true, noNetwork: true}, "the distribution's package: Unable to locate package",
		},
		"nothing at all": {
			bouncerMachine{}, "apt install pgbouncer, dnf install pgbouncer, or brew install pgbouncer",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cache := t.TempDir()
			f := c.machine
			found, err := f.machine(t, cache).findProgram(t.Context(), pgBouncer)
			got := found.path + " " + found.version
			if err != nil {
				got = err.Error()
			}
			if want := strings.ReplaceAll(c.want, "CACHE", cache); err == nil && got != want || err != nil && !strings.Contains(got, want) {
				t.Errorf("got  %s\nwant %s\nran %q", got, want, f.ran)
			}
			if left, _ := filepath.Glob(filepath.Join(cache, "fetch-*")); len(left) > 0 {
				t.Errorf("left in the cache: %v", left)
			}
		})
	}
}

func TestBouncerPackageBringsItsLibraries(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	f := bouncerMachine{apt: true, brings: recent}
	for range 2 { // the second finds it in the cache
		found, err := f.machine(t, cache).findProgram(t.Context(), pgBouncer)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"LD_LIBRARY_PATH=" + filepath.Join(cache, "pgbouncer-amd64", "usr", "lib", "x86_64-linux-gnu")}
		if !slices.Equal(found.environ(), want) {
			t.Errorf("environment %q, want %q", found.environ(), want)
		}
	}
	if want := []string{"pgbouncer", "libc-ares2", "libdeeper1"}; !slices.Equal(f.libraries, want) {
		t.Errorf("downloaded %q, want %q: also what libraries need, not what is installed, never the C library, nothing twice", f.libraries, want)
	}
	info, err := os.Stat(filepath.Join(cache, "pgbouncer-amd64"))
	if err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("the unpacked package: %v %v, want it open to the account that PgBouncer runs as", info, err)
	}
}
