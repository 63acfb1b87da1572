package pgdev

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fakeMachine is a computer made of two lists: what its file system holds and
// what its programs answer.
type fakeMachine struct {
	root     bool
	env      map[string]string
	programs map[string]string // name on PATH → resolved path
	servers  map[string]string // directory → version
	fails    map[string]string // program and first argument → error
	cacheDir string
	ran      []string
	said     []string
}

func (f *fakeMachine) machine(t *testing.T) *machine {
	return &machine{
		goos: "linux", goarch: "amd64",
		account:  account{name: "someone", uid: os.Geteuid(), gid: os.Getegid(), drop: f.root},
		canEnter: func(string) error { return nil },
		getenv:   func(name string) string { return f.env[name] },
		look: func(program string) (string, error) {
			if p, ok := f.programs[program]; ok {
				return p, nil
			}
			return "", errors.New("not found")
		},
		glob: func(pattern string) []string {
			var found []string
			for dir := range f.servers {
				for _, candidate := range []string{dir, dir + "/initdb", dir + "/postgres"} {
					if ok, _ := path.Match(pattern, candidate); ok {
						found = append(found, candidate)
					}
				}
			}
			return found
		},
		run:        f.run,
		aptSetting: filepath.Join(t.TempDir(), "createcluster.conf"),
		packages:   npmPackages,
		cache:      func() (string, error) { return f.cacheDir, nil },
		say:        func(line string) { f.said = append(f.said, line) },
	}
}

func (f *fakeMachine) run(_ context.Context, _, program string, args ...string) (string, error) {
	line := strings.Join(append([]string{path.Base(program)}, args...), " ")
	f.ran = append(f.ran, line)
	for prefix, problem := range f.fails {
		if strings.HasPrefix(line, prefix) {
			return "", errors.New(problem)
		}
	}
	switch {
	case strings.HasSuffix(line, " postgresql"): // the last step of apt-get
		f.servers["/usr/lib/postgresql/15/bin"] = "15.18"
	case path.Base(program) == "pg_config":
		return f.env["bindir"] + "\n", nil
	case len(args) == 1 && args[0] == "--version":
		return fmt.Sprintf("postgres (PostgreSQL) %s (Debian)\n", f.servers[path.Dir(program)]), nil
	}
	return "", nil
}

func TestSearchOrder(t *testing.T) {
	t.Parallel()
	debian := map[string]string{
		"/usr/lib/postgresql/9.6/bin": "9.6.1", "/usr/lib/postgresql/15/bin": "15.3", "/usr/lib/postgresql/16/bin": "16rc1",
	}
	on := func(programs ...string) map[string]string {
		m := map[string]string{}
		for _, p := range programs {
			m[path.Base(p)] = p
		}
		return m
	}
	for name, c := range map[string]struct {
		machine fakeMachine
		engine  bool
		want    string // "source version", or words of the error
	}{
		"PG_BIN_DIR before all": {
			machine: fakeMachine{
				env: map[string]string{"PG_BIN_DIR": "/opt/pg/bin"}, programs: on("/usr/lib/postgresql/15/bin/initdb"),
				servers: map[string]string{"/opt/pg/bin": "17.2", "/usr/lib/postgresql/15/bin": "15.3"},
			},
			want: "local 17.2",
		},
		"a wrong PG_BIN_DIR is refused": {
			machine: fakeMachine{env: map[string]string{"PG_BIN_DIR": "/opt/pg/bin"}, servers: debian},
			want:    "PG_BIN_DIR=/opt/pg/bin: no initdb and postgres there: correct it or unset it",
		},
		"initdb on PATH before the rest": {
			machine: fakeMachine{programs: on("/usr/lib/postgresql/15/bin/initdb"), servers: debian},
			want:    "local 15.3",
		},
		"pg_config where initdb is not on PATH": {
			machine: fakeMachine{programs: on("/usr/bin/pg_config"), env: map[string]string{"bindir": "/usr/lib/postgresql/15/bin"}, servers: debian},
			want:    "local 15.3",
		},
		"pg_config of the client library alone": {
			machine: fakeMachine{programs: on("/usr/bin/pg_config"), env: map[string]string{"bindir": "/usr/bin"}, servers: debian},
			want:    "local 16rc1",
		},
		"highest number, not highest text": {
			machine: fakeMachine{servers: debian}, want: "local 16rc1",
		},
		"Homebrew": {
			machine: fakeMachine{servers: map[string]string{"/opt/homebrew/opt/postgresql@16/bin": "16.4", "/opt/homebrew/opt/postgresql@17/bin": "17.1"}},
			want:    "local 17.1",
		},
		"RPM": {
			machine: fakeMachine{servers: map[string]string{"/usr/pgsql-16/bin": "16.4"}}, want: "local 16.4",
		},
		"Postgres.app": {
			machine: fakeMachine{servers: map[string]string{"/Applications/Postgres.app/Contents/Versions/17/bin": "17.0"}}, want: "local 17.0",
		},
		"an old one does not count": {
			machine: fakeMachine{servers: map[string]string{"/usr/lib/postgresql/14/bin": "14.9"}},
			want:    "version 14.9 is older than 15",
		},
		"an engine after what is installed": {
			machine: fakeMachine{programs: on("/usr/bin/docker"), servers: debian}, engine: true, want: "local 16rc1",
		},
		"an engine that answers": {
			machine: fakeMachine{programs: on("/usr/bin/docker", "/usr/bin/apt-get"), root: true}, engine: true, want: "engine ",
		},
		"an engine only for the development server": {
			machine: fakeMachine{programs: on("/usr/bin/docker")}, want: "engine: for make run only, since tests stop and kill their servers",
		},
		"an engine is passed over for tests": {
			machine: fakeMachine{programs: on("/usr/bin/docker", "/usr/bin/npm")}, want: "npm 18.4",
		},
		"docker without a daemon": {
			machine: fakeMachine{programs: on("/usr/bin/docker"), fails: map[string]string{"docker info": "cannot connect"}},
			engine:  true, want: "engine: docker does not answer",
		},
		"docker without compose, then apt": {
			machine: fakeMachine{
				programs: on("/usr/bin/docker", "/usr/bin/apt-get"), root: true,
				fails: map[string]string{"docker compose": "unknown command"},
			},
			engine: true, want: "apt 15.18",
		},
		"apt-get is root's": {
			machine: fakeMachine{programs: on("/usr/bin/apt-get")}, want: "apt: not root",
		},
		"apt-get fails, then npm": {
			machine: fakeMachine{programs: on("/usr/bin/apt-get", "/usr/bin/npm"), root: true, fails: map[string]string{"apt-get": "no network"}},
			want:    "npm 18.4",
		},
		"npm for everybody else": {
			machine: fakeMachine{programs: on("/usr/bin/npm")}, want: "npm 18.4",
		},
		"one source alone": {
			machine: fakeMachine{programs: on("/usr/bin/npm"), env: map[string]string{"PGDEV_SOURCE": "npm"}, servers: debian},
			want:    "npm 18.4",
		},
		"a source that does not exist": {
			machine: fakeMachine{env: map[string]string{"PGDEV_SOURCE": "conda"}, servers: debian},
			want:    "PGDEV_SOURCE=conda is not a source: use one of local, engine, apt, npm",
		},
		"one source alone that has nothing": {
			machine: fakeMachine{env: map[string]string{"PGDEV_SOURCE": "apt"}, servers: debian},
			want:    "PGDEV_SOURCE=apt allows this one source alone",
		},
		"nothing at all": {
			machine: fakeMachine{}, want: "Any one of these is enough:",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := c.machine
			if f.servers == nil {
				f.servers = map[string]string{}
			} else {
				f.servers = cloneMap(f.servers)
			}
			f.cacheDir = t.TempDir()
			if strings.HasPrefix(c.want, "npm") {
				// As if fetched before; unpack_test.go looks at the fetching.
				home := filepath.Join(f.cacheDir, "postgres-"+npmVersion+"-linux-x64")
				bin := filepath.Join(home, "native", "bin")
				if err := os.MkdirAll(bin, 0o755); err != nil {
					t.Fatal(err)
				}
				f.servers[bin] = "18.4"
			}
			m := f.machine(t)
			got, err := m.find(t.Context(), c.engine)
			if err != nil {
				if !strings.Contains(err.Error(), c.want) {
					t.Fatalf("error = %v\nwant %q", err, c.want)
				}
				return
			}
			if text := got.Source + " " + got.Version; text != c.want {
				t.Errorf("found %q, want %q; ran %q", text, c.want, f.ran)
			}
			if got.Source != sourceEngine && len(f.said) == 0 {
				t.Error("the search said nothing about what it does")
			}
		})
	}
}

func cloneMap(m map[string]string) map[string]string {
	c := map[string]string{}
	for k, v := range m {
		c[k] = v
	}
	return c
}

func TestAptKeepsTheUsualPortFree(t *testing.T) {
	t.Parallel()
	f := &fakeMachine{root: true, programs: map[string]string{"apt-get": "/usr/bin/apt-get"}, servers: map[string]string{}}
	m := f.machine(t)
	if err := os.WriteFile(m.aptSetting, []byte("#create_main_cluster = true\nssl = on"), 0o644); err != nil {
		t.Fatal(err)
	}
	var settingWhenServerCame string
	m.run = func(ctx context.Context, dir, program string, args ...string) (string, error) {
		if args[len(args)-1] == "postgresql" {
			b, _ := os.ReadFile(m.aptSetting)
			settingWhenServerCame = string(b)
		}
		return f.run(ctx, dir, program, args...)
	}
	for range 2 {
		if _, err := m.findApt(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	want := "#create_main_cluster = true\nssl = on\ncreate_main_cluster = false\n"
	if settingWhenServerCame != want {
		t.Errorf("the setting was %q when the server's package came, want %q", settingWhenServerCame, want)
	}
	var order []string
	for _, line := range f.ran[:3] {
		order = append(order, line[strings.LastIndex(line, " ")+1:])
	}
	if want := []string{"update", "postgresql-common", "postgresql"}; !slices.Equal(order, want) {
		t.Errorf("apt-get ran %v, want %v", order, want)
	}
}

func TestScreenIsShort(t *testing.T) {
	t.Parallel()
	f := &fakeMachine{servers: map[string]string{}}
	_, err := f.machine(t).find(t.Context(), false)
	if err == nil {
		t.Fatal("an empty machine has a server")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) > 20 {
		t.Errorf("%d lines do not fit one screen", len(lines))
	}
	for _, way := range []string{"apt install", "PG_BIN_DIR", "npm", "Docker", "TEST_DATABASE_URL"} {
		if !strings.Contains(err.Error(), way) {
			t.Errorf("the screen does not mention %s:\n%v", way, err)
		}
	}
}

func TestParseVersion(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n": "15.18 15",
		"postgres (PostgreSQL) 18.4\n":                           "18.4 18",
		"postgres (PostgreSQL) 19beta1\n":                        "19beta1 19",
		"postgres (EnterpriseDB) whatever":                       "error",
		"":                                                       "error",
	} {
		version, major, err := parseVersion(line)
		got := fmt.Sprint(version, " ", major)
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%q: %s, want %s", line, got, want)
		}
	}
}
