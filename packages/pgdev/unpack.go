package pgdev

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

// unpackedLimit bounds what an archive may grow to, in bytes; the real one takes
// 59 MB.
const unpackedLimit = 1 << 30

// unpack writes the `package/native` part of an npm archive below dir, which it
// makes, and adds the links that the package lists. Everything goes through an
// os.Root: no name in the archive can reach outside dir.
func unpack(archive, dir string) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	zipped, err := gzip.NewReader(f)
	if err != nil {
		return fmt.Errorf("%s: %w", archive, err)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()

	entries := tar.NewReader(io.LimitReader(zipped, unpackedLimit))
	for {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("%s: %w", archive, err)
		}
		name, wanted := strings.CutPrefix(path.Clean(entry.Name), "package/")
		if !wanted || !strings.HasPrefix(name, "native/") || entry.Typeflag != tar.TypeReg {
			continue
		}
		if err := writeEntry(root, name, entry, entries); err != nil {
			return fmt.Errorf("unpack %s: %w", name, err)
		}
	}
	if err := makeLinks(root); err != nil {
		return err
	}
	return openDirs(root)
}

func writeEntry(root *os.Root, name string, entry *tar.Header, content io.Reader) error {
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	perm := os.FileMode(0o644)
	if entry.Mode&0o111 != 0 {
		perm = 0o755
	}
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, perm)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Chmod(perm), f.Close())
}

// makeLinks makes the links that the package's own install script would make:
// its libraries refer to each other by names that an archive without links
// cannot hold.
func makeLinks(root *os.Root) error {
	list, err := root.ReadFile("native/pg-symlinks.json")
	if err != nil {
		return fmt.Errorf("the package has no list of links: %w", err)
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(list, &links); err != nil {
		return fmt.Errorf("the package's list of links: %w", err)
	}
	for _, link := range links {
		source, target := path.Clean(link.Source), path.Clean(link.Target)
		if path.Dir(source) != path.Dir(target) {
			return fmt.Errorf("the package's list of links: %s and %s are in different directories", source, target)
		}
		if _, err := root.Stat(source); err != nil {
			return fmt.Errorf("the package's list of links: %w", err)
		}
		if err := root.MkdirAll(path.Dir(target), 0o755); err != nil {
			return err
		}
		if err := root.Symlink(path.Base(source), target); err != nil {
			return err
		}
	}
	return nil
}

// openDirs lets the server's account through, whatever the umask was.
func openDirs(root *os.Root) error {
	return fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		return root.Chmod(name, 0o755)
	})
}
