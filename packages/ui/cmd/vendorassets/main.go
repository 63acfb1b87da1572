// Command vendorassets renews the files that this room takes from npm packages:
// the icon sprite and the accessibility checker of the browser tests, each with
// its licence. vendor.lock names the packages with the hash that their archive
// must have, and is rewritten with the hash of every file made from them.
// People who only build or run the portals never need it.
package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
)

// wanted lists the files taken as they are: package, path inside, path here.
var wanted = []struct{ pkg, from, to string }{
	{"lucide-static", "package/LICENSE", "static/vendor/lucide/LICENSE.txt"},
	{"axe-core", "package/LICENSE", "uitest/testdata/axe/LICENSE.txt"},
	{"axe-core", "package/LICENSE-3RD-PARTY.txt", "uitest/testdata/axe/LICENSE-3RD-PARTY.txt"},
	{"axe-core", "package/axe.min.js", "uitest/testdata/axe/axe.min.js"},
}

func main() {
	dir := flag.String("dir", ".", "folder of packages/ui")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *dir); err != nil {
		fmt.Fprintln(os.Stderr, "vendorassets:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir string) error {
	pins, err := readPins(filepath.Join(dir, "vendor.lock"))
	if err != nil {
		return err
	}
	archives := map[string]map[string][]byte{}
	for _, p := range pins {
		if archives[p.name], err = fetch(ctx, p); err != nil {
			return err
		}
	}
	made := []string{"static/icons.svg"}
	sprite, err := buildSprite(dir, archives["lucide-static"])
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, made[0]), sprite, 0o644); err != nil {
		return err
	}
	for _, w := range wanted {
		content, ok := archives[w.pkg][w.from]
		if !ok {
			return fmt.Errorf("%s has no %s; correct the list in this command", w.pkg, w.from)
		}
		if err := os.WriteFile(filepath.Join(dir, w.to), content, 0o644); err != nil {
			return err
		}
		made = append(made, w.to)
	}
	return writeLock(dir, pins, made)
}

// pin is one package of the lock file.
type pin struct{ name, version, integrity string }

// readPins takes the "package" lines of the lock file.
func readPins(file string) ([]pin, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var pins []pin
	lines := bufio.NewScanner(bytes.NewReader(raw))
	for lines.Scan() {
		if f := strings.Fields(lines.Text()); len(f) == 4 && f[0] == "package" {
			pins = append(pins, pin{f[1], f[2], f[3]})
		}
	}
	return pins, lines.Err()
}

// fetch downloads a package with npm, which runs none of its scripts, and
// returns the files of the archive by path.
func fetch(ctx context.Context, p pin) (map[string][]byte, error) {
	tmp, err := os.MkdirTemp("", "vendorassets")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	cmd := exec.CommandContext(ctx, "npm", "pack", "--loglevel=error", p.name+"@"+p.version, "--pack-destination", tmp)
	cmd.Dir, cmd.Stderr = tmp, os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("npm pack %s@%s: %w; is npm installed and its registry reachable?", p.name, p.version, err)
	}
	raw, err := os.ReadFile(filepath.Join(tmp, p.name+"-"+p.version+".tgz"))
	if err != nil {
		return nil, err
	}
	sum := sha512.Sum512(raw)
	if got := "sha512-" + base64.StdEncoding.EncodeToString(sum[:]); got != p.integrity {
		return nil, fmt.Errorf("%s@%s has hash %s, vendor.lock wants %s: don't use it", p.name, p.version, got, p.integrity)
	}
	return unpack(raw)
}

func unpack(raw []byte) (map[string][]byte, error) {
	zr, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for tr := tar.NewReader(zr); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		if files[h.Name], err = io.ReadAll(tr); err != nil {
			return nil, err
		}
	}
}

// writeLock writes the pins again and below them the hash of every file made.
func writeLock(dir string, pins []pin, made []string) error {
	var out strings.Builder
	out.WriteString("# Files taken from npm packages. Renew with: go run ./cmd/vendorassets\n")
	for _, p := range pins {
		fmt.Fprintf(&out, "package %s %s %s\n", p.name, p.version, p.integrity)
	}
	for _, file := range made {
		raw, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			return err
		}
		fmt.Fprintf(&out, "file %s %x\n", file, sha512.Sum512(raw))
	}
	return os.WriteFile(filepath.Join(dir, "vendor.lock"), []byte(out.String()), 0o644)
}
