package pgdev

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// throwawayPrefix begins the name of every throw-away server's home.
const throwawayPrefix = "openhouse-pg-"

// sharedTemp is the directory that every account can enter, when the user's own
// temporary directory is closed to the server's.
const sharedTemp = "/var/tmp"

// memoryNeeded is how much room the memory file system must have, in bytes; a
// container's often has 64 MB.
const memoryNeeded = 1 << 30

// ThrowawayOption changes one thing about a throw-away server.
type ThrowawayOption func(*throwaway)

type throwaway struct {
	say      func(string)
	settings []setting
	bases    []string // where it may live, best first; none: throwawayBases
	on       *machine // where a Postgres is looked for; nil: this machine
}

// WithProgress sends the start's lines to say; without it they go to standard
// error.
func WithProgress(say func(line string)) ThrowawayOption {
	return func(t *throwaway) { t.say = say }
}

// WithSetting sets one of the server's settings, such as max_connections.
func WithSetting(name, value string) ThrowawayOption {
	return func(t *throwaway) { t.settings = append(t.settings, setting{name, value}) }
}

// StartThrowaway starts a server of the caller's own that needs nothing and
// keeps nothing: data in memory where there is room, no durability. ctx limits
// the start, not the life. The caller must call Stop; if the caller is killed
// instead, the server ends with it (on Linux) and the next StartThrowaway
// removes what is left. A container engine is never used here: a container
// could not be halted, resumed and cleaned up the same way.
func StartThrowaway(ctx context.Context, opts ...ThrowawayOption) (*Server, error) {
	t := throwaway{say: toStderr}
	for _, opt := range opts {
		opt(&t)
	}
	return t.start(ctx)
}

func toStderr(line string) { fmt.Fprintln(os.Stderr, "pgdev: "+line) }

func (t throwaway) start(ctx context.Context) (*Server, error) {
	acct, err := serverAccount()
	if err != nil {
		return nil, err
	}
	if t.on == nil {
		t.on = thisMachine(acct, t.say)
	}
	bin, err := t.on.find(ctx, false)
	if err != nil {
		return nil, err
	}
	t.sweep()
	if len(t.bases) == 0 {
		t.bases = throwawayBases() // after the sweep, which makes room
	}
	home, lock, err := throwawayHome(acct, t.bases)
	if err != nil {
		return nil, err
	}
	s := &Server{
		bin: bin, account: acct, home: home, kind: kindThrowaway, id: rand.Text(), password: rand.Text(),
		settings: append(append([]setting{}, throwawaySettings...), t.settings...), say: t.say, lock: lock,
	}
	err = marker{ID: s.id, Kind: s.kind, Created: time.Now().UTC()}.write(home)
	if err == nil {
		err = writeWhole(filepath.Join(home, passwordFile), s.password+"\n", 0o600)
	}
	if err == nil {
		err = initdb(ctx, bin, acct, home, s.password)
	}
	if err == nil {
		err = s.launchAnywhere(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// sweep looks for leftovers wherever a throw-away server may ever have been.
func (t throwaway) sweep() {
	dirs := t.bases
	if len(dirs) == 0 {
		dirs = []string{memoryDir, os.TempDir(), sharedTemp}
	}
	for _, dir := range dirs {
		if dir != "" {
			sweep(dir, t.say)
		}
	}
}

// throwawayBases are the directories that throw-away servers may live in, best
// first.
func throwawayBases() []string {
	var bases []string
	if memoryDir != "" && freeBytes(memoryDir) > memoryNeeded {
		bases = append(bases, memoryDir)
	}
	return append(bases, os.TempDir(), sharedTemp)
}

// throwawayHome makes a home in the first base that works, locked.
func throwawayHome(acct account, bases []string) (string, *os.File, error) {
	var problems []error
	for _, base := range bases {
		home, lock, err := makeHome(acct, base)
		if err == nil {
			return home, lock, nil
		}
		problems = append(problems, err)
	}
	return "", nil, fmt.Errorf("no place for a throw-away server: %w", errors.Join(problems...))
}

func makeHome(acct account, base string) (string, *os.File, error) {
	if err := acct.canEnter(base); err != nil {
		return "", nil, err
	}
	home, err := os.MkdirTemp(base, throwawayPrefix+"*")
	if err != nil {
		return "", nil, err
	}
	lock, err := holdLock(home, alone)
	if err == nil && lock == nil {
		err = fmt.Errorf("%s was taken at once by another process", home)
	}
	if err == nil && acct.drop {
		err = os.Chmod(home, 0o711) // the account walks through; it cannot list or write
	}
	if err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(home))
	}
	return home, lock, nil
}
