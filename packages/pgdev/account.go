package pgdev

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrUnsupported is the answer of every start on a system other than Linux and
// macOS.
var ErrUnsupported = errors.New("this system cannot run the project's own Postgres: " +
	"use Linux, macOS or WSL, or set TEST_DATABASE_URL to a superuser's address on a server that tests may use")

// account is the user that a server runs as.
type account struct {
	name string
	uid  int
	gid  int
	// drop is set when the launcher is root and has to become the account:
	// initdb and postgres refuse to run as root.
	drop bool
}

// canEnter reports whether the account can walk into dir: it needs the x bit on
// dir and on each of its parents. Without this check a checkout under a 0700
// home fails later, with an error that names neither the home nor the account.
func (a account) canEnter(dir string) error {
	if !a.drop {
		return nil
	}
	for d := filepath.Clean(dir); ; d = filepath.Dir(d) {
		info, err := os.Stat(d)
		if err != nil {
			return err
		}
		if !a.mayTraverse(info) {
			return fmt.Errorf("the account %s cannot enter %s (%s)", a.name, d, info.Mode())
		}
		if filepath.Dir(d) == d {
			return nil
		}
	}
}

func (a account) mayTraverse(info fs.FileInfo) bool {
	uid, gid := owner(info)
	mode := info.Mode().Perm()
	switch {
	case uid == a.uid:
		return mode&0o100 != 0
	case gid == a.gid:
		return mode&0o010 != 0
	default:
		return mode&0o001 != 0
	}
}

// give hands path over to the account, when it is not ours already.
func (a account) give(path string) error {
	if !a.drop {
		return nil
	}
	return os.Lchown(path, a.uid, a.gid)
}
