package files_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/uuid"

	"openhouse.example/packages/platform/files"
)

var company = uuid.MustParse("0199f1c2-0000-7000-8000-000000000001")

const most = 1 << 20

func put(t *testing.T, f *files.Folder, content string) files.Stored {
	t.Helper()
	s, err := f.Put(t.Context(), company, bytes.NewReader([]byte(content)), most)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// kept lists the files below a folder, without folders.
func kept(t *testing.T, root string) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(root, path)
			paths = append(paths, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func read(t *testing.T, f *files.Folder, h files.Hash) string {
	t.Helper()
	file, err := f.Open(t.Context(), company, h)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	content, err := io.ReadAll(io.NewSectionReader(file, 0, file.Size()))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestAFileIsKeptOnceUnderItsHash(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	f := files.NewFolder(root)
	s := put(t, f, "hello")
	if s != put(t, f, "hello") || s.Size != 5 {
		t.Errorf("stored as %+v", s)
	}
	const sum = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
	if got := kept(t, root); len(got) != 1 || got[0] != "tenant/"+company.String()+"/2c/"+sum {
		t.Errorf("kept: %v", got)
	}
	if got := read(t, f, s.Hash); got != "hello" {
		t.Errorf("read %q", got)
	}
	if there, err := f.Exists(t.Context(), company, s.Hash); err != nil || !there {
		t.Errorf("exists: %v, %v", there, err)
	}
	if _, err := f.Open(t.Context(), uuid.New(), s.Hash); !errors.Is(err, files.ErrNotFound) {
		t.Errorf("another company opens it: %v", err)
	}
}

func TestTheSameFileAtOnceIsOneFile(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	content := bytes.Repeat([]byte("same "), 50_000)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := files.NewFolder(root).Put(context.Background(), company, bytes.NewReader(content), most); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := kept(t, root); len(got) != 1 {
		t.Errorf("kept: %v", got)
	}
}

func TestWhatCantBeStoredLeavesNothing(t *testing.T) {
	t.Parallel()
	broken := errors.New("the line broke")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx     context.Context
		content io.Reader
		want    error
	}{
		"too large":         {t.Context(), io.LimitReader(zeros{}, most+1), files.ErrTooLarge},
		"empty":             {t.Context(), bytes.NewReader(nil), files.ErrEmpty},
		"a line that broke": {t.Context(), io.MultiReader(bytes.NewReader([]byte("half")), iotest.ErrReader(broken)), broken},
		"nobody waits":      {ended, bytes.NewReader([]byte("x")), context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			if _, err := files.NewFolder(root).Put(c.ctx, company, c.content, most); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			if got := kept(t, root); len(got) != 0 {
				t.Errorf("kept: %v", got)
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestAFolderThatTakesNothing(t *testing.T) {
	t.Parallel()
	blocked := filepath.Join(t.TempDir(), "a-file") // below a file nobody can make a folder, not even the superuser
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f := files.NewFolder(blocked)
	if _, err := f.Put(t.Context(), company, bytes.NewReader([]byte("x")), most); !errors.Is(err, files.ErrUnwritable) {
		t.Errorf("Put: %v", err)
	}
	if err := f.Check(); !errors.Is(err, files.ErrUnwritable) {
		t.Errorf("Check: %v", err)
	}
	good := t.TempDir()
	if err := files.NewFolder(good).Check(); err != nil || len(kept(t, good)) != 0 {
		t.Errorf("Check of a good folder: %v, left %v", err, kept(t, good))
	}
}

// age makes the file as old as it would be in two days.
func age(t *testing.T, path string) {
	t.Helper()
	old := time.Now().Add(-48 * time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
}

func TestTheSweepTakesWhatNobodyNames(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	f := files.NewFolder(root)
	named, orphan, young := put(t, f, "named"), put(t, f, "orphan"), put(t, f, "young")
	path := func(h files.Hash) string {
		return filepath.Join(root, "tenant", company.String(), h.String()[:2], h.String())
	}
	half := filepath.Join(root, "incoming", "put-1")
	if err := os.WriteFile(half, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path(named.Hash), path(orphan.Hash), half} {
		age(t, p)
	}
	gone, err := files.Sweep(t.Context(), f, time.Now().Add(-24*time.Hour), func(_ context.Context, id uuid.UUID, list []files.Hash) (map[files.Hash]bool, error) {
		if id != company || len(list) != 2 {
			t.Errorf("asked about %d files of %s", len(list), id)
		}
		return map[files.Hash]bool{named.Hash: true}, nil
	})
	if err != nil || gone != 1 {
		t.Errorf("swept %d, %v", gone, err)
	}
	if got := kept(t, root); len(got) != 2 || read(t, f, named.Hash) != "named" || read(t, f, young.Hash) != "young" {
		t.Errorf("kept: %v", got)
	}
}

// Somebody uploads an orphan's content between the sweep's look and its deed.
func TestWhatIsPutAgainIsNotSwept(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	f := files.NewFolder(root)
	s := put(t, f, "again")
	age(t, filepath.Join(root, "tenant", company.String(), s.Hash.String()[:2], s.Hash.String()))
	_, err := files.Sweep(t.Context(), f, time.Now().Add(-24*time.Hour), func(context.Context, uuid.UUID, []files.Hash) (map[files.Hash]bool, error) {
		put(t, f, "again")
		return nil, nil
	})
	if err != nil || read(t, f, s.Hash) != "again" {
		t.Error(err)
	}
}

// A sweep that died between its two steps has decided nothing.
func TestAnUnfinishedDeletionIsUndone(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	f := files.NewFolder(root)
	s := put(t, f, "kept")
	path := filepath.Join(root, "tenant", company.String(), s.Hash.String()[:2], s.Hash.String())
	age(t, path)
	if err := os.Rename(path, path+".going"); err != nil {
		t.Fatal(err)
	}
	if _, err := files.Sweep(t.Context(), f, time.Now().Add(-24*time.Hour), nil); err != nil || read(t, f, s.Hash) != "kept" {
		t.Error(err)
	}
}
