package pgdev

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// DevPort is the port that a development server takes when it is free.
const DevPort = 54329

// Options say which development server is meant and how to start it.
type Options struct {
	// Checkout is the root of the checkout. Empty: the nearest directory above
	// the current one that holds go.work.
	Checkout string
	// Port is tried first; 0 means DevPort. If it is taken, a free one is used.
	Port int
	// Detach lets the server outlive this process; Stop then leaves it running.
	Detach bool
	// Progress gets one line for each thing that is done; nil means standard
	// error.
	Progress func(line string)
}

func (o Options) say() func(string) {
	if o.Progress == nil {
		return toStderr
	}
	return o.Progress
}

// Start starts the checkout's development server, or adopts the one that already
// runs. ctx limits the start, not the life. Its data is in .local/pg/<major> of
// the checkout, or below /var/tmp when the server's account cannot reach the
// checkout; its port is also written to .local/pg/port.
func Start(ctx context.Context, o Options) (*Server, error) {
	acct, err := serverAccount()
	if err != nil {
		return nil, err
	}
	return o.start(ctx, thisMachine(acct, o.say()))
}

func (o Options) start(ctx context.Context, m *machine) (*Server, error) {
	where, err := findPlace(m.account, o.Checkout)
	if err != nil {
		return nil, err
	}
	if err := where.make(); err != nil {
		return nil, err
	}
	lock, err := where.lockStarts(ctx)
	if err != nil {
		return nil, err
	}
	defer lock.Close()

	s, err := where.running(ctx)
	if err != nil {
		return nil, err
	}
	if s != nil {
		s.adopted, s.detach = true, o.Detach
		m.say(fmt.Sprintf("Postgres already runs on port %d: using that one", s.port))
	} else if s, err = o.startNew(ctx, m, where); err != nil {
		return nil, err
	}
	err = writeWhole(filepath.Join(where.local, "port"), strconv.Itoa(s.port)+"\n", 0o644)
	if err == nil && !o.Detach {
		s.lock, err = holdLock(s.home, shared)
	}
	if err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (o Options) startNew(ctx context.Context, m *machine, where place) (*Server, error) {
	bin, err := m.find(ctx, true)
	if err == nil && bin.Source == sourceEngine {
		s, engineErr := o.startEngine(ctx, m, where)
		if engineErr == nil {
			return s, nil
		}
		m.say("the container engine could not: " + engineErr.Error())
		bin, err = m.find(ctx, false)
	}
	if err != nil {
		return nil, err
	}
	if err := where.makeBase(m.account); err != nil {
		return nil, err
	}
	home := where.home(bin.Major)
	if err := ensureHome(ctx, m, where, bin, home); err != nil {
		return nil, err
	}
	s, err := openHome(home)
	if err != nil {
		return nil, err
	}
	s.bin, s.detach, s.say = bin, o.Detach, m.say
	if s.account, err = ownerAccount(m.account, filepath.Join(home, dataDir)); err != nil {
		return nil, err
	}
	if err := removeStalePid(home); err != nil {
		return nil, err
	}
	if err := s.launchAnywhere(ctx, o.preferredPort()); err != nil {
		return nil, err
	}
	m.say(fmt.Sprintf("Postgres %s runs on port %d, its data in %s", bin.Version, s.port, home))
	return s, nil
}

func (o Options) preferredPort() int {
	if o.Port != 0 {
		return o.Port
	}
	return DevPort
}

// ensureHome makes the home with a new cluster, all or nothing: it is built
// under another name and renamed.
func ensureHome(ctx context.Context, m *machine, where place, bin Binaries, home string) error {
	if _, err := os.Lstat(home); err == nil {
		if _, err := readMarker(home); err != nil {
			return fmt.Errorf("%s is not a server of this project (%w): move it away", home, err)
		}
		return nil
	}
	for _, other := range where.homes() {
		m.say("data of another version stays where it is, unused: " + other)
	}
	half, _ := filepath.Glob(filepath.Join(where.base, ".new-*")) // of a killed start; we hold the lock
	for _, dir := range half {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	work, err := os.MkdirTemp(where.base, ".new-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if m.account.drop {
		if err := os.Chmod(work, 0o711); err != nil {
			return err
		}
	}
	password, err := newIdentity(work)
	if err != nil {
		return err
	}
	if err := initdb(ctx, bin, m.account, work, password); err != nil {
		return err
	}
	return os.Rename(work, home)
}

// newIdentity writes a new development server's marker and password.
func newIdentity(home string) (password string, err error) {
	password = rand.Text()
	mark := marker{ID: rand.Text(), Kind: kindDev, Created: time.Now().UTC()}
	return password, errors.Join(
		mark.write(home),
		writeWhole(filepath.Join(home, passwordFile), password+"\n", 0o600))
}

// openHome reads who the server of a home is; it starts nothing.
func openHome(home string) (*Server, error) {
	mark, err := readMarker(home)
	if err != nil {
		return nil, err
	}
	password, err := readPassword(home)
	if err != nil {
		return nil, err
	}
	return &Server{home: home, kind: mark.Kind, id: mark.ID, password: password}, nil
}

// removeStalePid removes the note of a server that no longer runs but whose
// number another process has by now, which Postgres takes for a running server.
func removeStalePid(home string) error {
	pid, _, err := readPidFile(home)
	if err != nil || runsOn(pid, home) {
		return nil
	}
	return os.Remove(filepath.Join(home, dataDir, "postmaster.pid"))
}
