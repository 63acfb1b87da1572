package pgdev

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCanEnterLooksAtEveryParent(t *testing.T) {
	t.Parallel()
	base := openDir(t)
	deep := filepath.Join(base, "home", "checkout")
	if err := os.MkdirAll(deep, 0o755); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(deep)
	if err != nil {
		t.Fatal(err)
	}
	uid, gid := owner(info)
	t.Cleanup(func() { _ = os.Chmod(filepath.Dir(deep), 0o755) }) // or only root could remove it
	const strangerUID, strangerGID = 54321, 54321
	for _, c := range []struct {
		mode     os.FileMode
		uid, gid int
		want     bool
	}{
		{0o755, strangerUID, strangerGID, true},
		{0o711, strangerUID, strangerGID, true},
		{0o700, strangerUID, strangerGID, false},
		{0o744, strangerUID, strangerGID, false}, // listing is not entering
		{0o710, strangerUID, gid, true},
		{0o701, strangerUID, gid, false}, // the group's bits count, not the others'
		{0o700, uid, strangerGID, true},
		{0o611, uid, strangerGID, false},
	} {
		if err := os.Chmod(filepath.Dir(deep), c.mode); err != nil {
			t.Fatal(err)
		}
		a := account{name: "someone", uid: c.uid, gid: c.gid, drop: true}
		if err := a.canEnter(deep); (err == nil) != c.want {
			t.Errorf("mode %o, user %d, group %d: %v, want entry %v", c.mode, c.uid, c.gid, err, c.want)
		}
	}
	if err := (account{drop: false}).canEnter("/no/such/place"); err != nil {
		t.Errorf("an account that is ours already is examined: %v", err)
	}
}

func TestOwnDirRefusesWhatSomebodyElseMayWrite(t *testing.T) {
	t.Parallel()
	base := openDir(t)
	fresh := filepath.Join(base, "fresh")
	for range 2 {
		if err := ownDir(fresh, 0o711); err != nil {
			t.Error(err)
		}
	}
	writable := filepath.Join(base, "writable")
	if err := os.Mkdir(writable, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(writable, 0o777); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(base, "link")
	if err := os.Symlink(fresh, link); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{writable, link} {
		if err := ownDir(dir, 0o711); err == nil {
			t.Errorf("%s was accepted", dir)
		}
	}
}

func TestChildEnv(t *testing.T) {
	t.Parallel()
	got := childEnv([]string{"PATH=/bin", "PGPORT=1", "PGDATA=/x", "LC_ALL=ga_IE", "LANG=x", "LANGUAGE=y", "TZ=Europe/Dublin", "HOME=/h"})
	if want := []string{"PATH=/bin", "HOME=/h", "TZ=UTC"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// The application's own database may be somebody's data: nothing here may even
// name its variable.
func TestApplicationsDatabaseIsNeverNamed(t *testing.T) {
	t.Parallel()
	var files []string
	for _, pattern := range []string{"*.go", "pgtest/*.go", "cmd/*/*.go"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) < 10 {
		t.Fatalf("only %d files found", len(files))
	}
	name := "DATABASE" + "_URL"
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(strings.ReplaceAll(string(text), "TEST_"+name, ""), name) {
			t.Errorf("%s names %s", file, name)
		}
	}
}
