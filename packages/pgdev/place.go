package pgdev

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// place is where a checkout keeps its development server.
type place struct {
	// checkout is the root of the checkout, links resolved.
	checkout string
	// local is <checkout>/.local/pg: the port file and the lock of starts.
	local string
	// base holds one home for each major version, named by its number. It is
	// local, or a directory below /var/tmp when the server's account cannot reach
	// the checkout.
	base string
}

// findPlace works out the directories of a checkout without making any.
func findPlace(acct account, checkout string) (place, error) {
	root, err := checkoutRoot(checkout)
	if err != nil {
		return place{}, err
	}
	p := place{checkout: root, local: filepath.Join(root, ".local", "pg")}
	p.base = p.local
	if !p.reachable(acct) {
		sum := sha256.Sum256([]byte(root))
		p.base = filepath.Join(sharedTemp, "openhouse-"+hex.EncodeToString(sum[:6]))
	}
	return p, nil
}

// reachable tells whether the account can walk into local, or could once it is
// made.
func (p place) reachable(acct account) bool {
	dir := p.local
	for {
		err := acct.canEnter(dir)
		if !errors.Is(err, os.ErrNotExist) || dir == p.checkout {
			return err == nil
		}
		dir = filepath.Dir(dir)
	}
}

// Checkout is the root of the checkout that the current directory lies in.
func Checkout() (string, error) { return checkoutRoot("") }

// checkoutRoot is the given directory, or the nearest one above the current
// directory that holds the workspace's go.work.
func checkoutRoot(given string) (string, error) {
	if given != "" {
		abs, err := filepath.Abs(given)
		if err != nil {
			return "", err
		}
		return filepath.EvalSymlinks(abs)
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return "", err
	}
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Stat(filepath.Join(d, "go.work")); err == nil {
			return d, nil
		}
		if d == filepath.Dir(d) {
			return "", fmt.Errorf("no go.work above %s: run this inside the checkout", dir)
		}
	}
}

// make makes local, open to the server's account whatever the umask.
func (p place) make() error {
	for _, dir := range []string{filepath.Dir(p.local), p.local} {
		if err := os.Mkdir(dir, 0o755); err == nil {
			err = os.Chmod(dir, 0o755)
			if err != nil {
				return err
			}
		} else if !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return nil
}

// makeBase makes the directory of the homes, if it is not local.
func (p place) makeBase(acct account) error {
	if p.base == p.local {
		return nil
	}
	if acct.drop {
		return ownDir(p.base, 0o711)
	}
	return ownDir(p.base, 0o700)
}

func (p place) home(major int) string { return filepath.Join(p.base, fmt.Sprint(major)) }

func (p place) engineHome() string { return filepath.Join(p.local, sourceEngine) }

// homes lists the directories that hold a development server of this checkout,
// by the marker in them.
func (p place) homes() []string {
	found, _ := filepath.Glob(filepath.Join(p.base, "*", markerFile))
	if p.base != p.local {
		engine, _ := filepath.Glob(filepath.Join(p.engineHome(), markerFile))
		found = append(found, engine...)
	}
	var homes []string
	for _, path := range found {
		if m, err := readMarker(filepath.Dir(path)); err == nil && m.Kind == kindDev {
			homes = append(homes, filepath.Dir(path))
		}
	}
	return homes
}

// lockStarts makes sure that one process at a time starts, stops or resets the
// checkout's server.
func (p place) lockStarts(ctx context.Context) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(p.local, "start.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		got, err := tryLock(f, alone)
		if err == nil && got {
			return f, nil
		}
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("another process is starting the server: %w", ctx.Err()), f.Close())
		case <-time.After(20 * time.Millisecond):
		}
	}
}
