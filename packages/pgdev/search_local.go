package pgdev

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// installDirs are where packages put a server's programs, one pattern for each
// kind of packaging.
var installDirs = []string{
	"/usr/lib/postgresql/*/bin", // Debian and its family
	"/usr/pgsql-*/bin",          // RPM packages
	"/opt/homebrew/opt/postgresql@*/bin",
	"/usr/local/opt/postgresql@*/bin",
	"/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin",
}

func (m *machine) findLocal(ctx context.Context) (Binaries, error) {
	if dir := m.getenv("PG_BIN_DIR"); dir != "" {
		found, err := m.inspect(ctx, dir)
		if err != nil {
			return Binaries{}, refusal{fmt.Errorf("PG_BIN_DIR=%s: %w: correct it or unset it", dir, err)}
		}
		m.sayUsing(found)
		return found, nil
	}
	var problems []string
	for _, dir := range m.localDirs(ctx) {
		found, err := m.inspect(ctx, dir)
		if err != nil {
			problems = append(problems, dir+": "+err.Error())
			continue
		}
		m.sayUsing(found)
		return found, nil
	}
	if len(problems) > 0 {
		return Binaries{}, errors.New(strings.Join(problems, "; "))
	}
	return Binaries{}, errors.New("none installed")
}

func (m *machine) sayUsing(b Binaries) {
	m.say(fmt.Sprintf("Postgres %s from %s", b.Version, b.Dir))
}

// localDirs lists the directories that may hold a server, best first.
func (m *machine) localDirs(ctx context.Context) []string {
	var dirs []string
	add := func(dir string) {
		if dir != "" && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	if path, err := m.look("initdb"); err == nil {
		add(filepath.Dir(path))
	}
	if path, err := m.look("pg_config"); err == nil {
		if out, err := m.run(ctx, "/", path, "--bindir"); err == nil {
			add(strings.TrimSpace(out))
		}
	}
	for _, pattern := range installDirs {
		found := m.glob(pattern)
		slices.SortFunc(found, func(a, b string) int { return compareVersions(b, a) })
		for _, dir := range found {
			add(dir)
		}
	}
	return dirs
}

var number = regexp.MustCompile(`\d+`)

// compareVersions orders paths by the numbers in them, so that 9.6 comes before
// 10 and 15 before 18.
func compareVersions(a, b string) int {
	na, nb := number.FindAllString(a, -1), number.FindAllString(b, -1)
	for i := 0; i < len(na) && i < len(nb); i++ {
		x, _ := strconv.Atoi(na[i])
		y, _ := strconv.Atoi(nb[i])
		if x != y {
			return x - y
		}
	}
	return len(na) - len(nb)
}

// inspect checks that dir holds a server that is new enough and that the
// server's account can run.
func (m *machine) inspect(ctx context.Context, dir string) (Binaries, error) {
	if len(m.glob(filepath.Join(dir, "initdb"))) == 0 || len(m.glob(filepath.Join(dir, "postgres"))) == 0 {
		return Binaries{}, errors.New("no initdb and postgres there")
	}
	if err := m.canEnter(dir); err != nil {
		return Binaries{}, err
	}
	out, err := m.run(ctx, "/", filepath.Join(dir, "postgres"), "--version")
	if err != nil {
		return Binaries{}, err
	}
	version, major, err := parseVersion(out)
	if err != nil {
		return Binaries{}, err
	}
	if major < oldestMajor {
		return Binaries{}, fmt.Errorf("version %s is older than %d", version, oldestMajor)
	}
	return Binaries{Dir: dir, Major: major, Version: version}, nil
}
