package demo

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// passwords are the accounts' passwords of this installation, by e-mail address.
type passwords map[string]string

// readPasswords reads the file at path; one that is not there is empty.
func readPasswords(path string) (passwords, error) {
	p := passwords{}
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(bytes.NewReader(content))
	for lines.Scan() {
		email, password, ok := strings.Cut(lines.Text(), "\t")
		if ok && !strings.HasPrefix(email, "#") {
			p[email] = password
		}
	}
	return p, lines.Err()
}

// missing makes a password for each account without one and returns whose it made.
func (p passwords) missing() map[string]bool {
	made := map[string]bool{}
	for _, c := range companies {
		for _, a := range c.staff {
			if p[a.email] == "" {
				text := strings.ToLower(rand.Text())
				p[a.email] = text[:5] + "-" + text[5:10] + "-" + text[10:15] // 75 bits, and can be typed
				made[a.email] = true
			}
		}
	}
	return made
}

// write replaces the file, which from its first moment only this user may read.
func (p passwords) write(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	half, err := os.CreateTemp(filepath.Dir(path), ".demo-passwords-*")
	if err != nil {
		return err
	}
	defer os.Remove(half.Name())
	var text strings.Builder
	text.WriteString("# Sign-ins of the demo companies on this machine. Remove the file and start again to get new ones.\n")
	for _, email := range slices.Sorted(maps.Keys(p)) {
		fmt.Fprintf(&text, "%s\t%s\n", email, p[email])
	}
	_, err = half.WriteString(text.String())
	if err := errors.Join(err, half.Close()); err != nil {
		return err
	}
	return os.Rename(half.Name(), path)
}
