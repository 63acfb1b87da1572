package pgdev

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

var (
	// errPortBusy: another program has the port.
	errPortBusy = errors.New("the port is taken by another program")
	// errStillLeaving: the main process was killed, and the others that it had
	// started have not all noticed yet.
	errStillLeaving = errors.New("processes of the last run still use the data")
)

// portTries is how many ports are tried before a start gives up.
const portTries = 5

// launchAnywhere starts the server on the first port of the given ones that is
// free, then on random ones.
func (s *Server) launchAnywhere(ctx context.Context, preferred ...int) error {
	var err error
	for try := range portTries {
		port := 0
		if try < len(preferred) {
			port = preferred[try]
		} else if port, err = freePort(); err != nil {
			return err
		}
		if err = s.launch(ctx, port); !errors.Is(err, errPortBusy) {
			return err
		}
	}
	return fmt.Errorf("no free port in %d tries: %w", portTries, err)
}

// freePort picks a port below the range that the system gives to outgoing
// connections: a halted server's port must not be taken by a client in between,
// least of all by one that then reaches itself.
func freePort() (int, error) {
	const first, last = 15000, 31000
	for range 100 {
		if port := first + rand.IntN(last-first); portFree(port) {
			return port, nil
		}
	}
	return 0, fmt.Errorf("no free port between %d and %d on %s", first, last, loopback)
}

func portFree(port int) bool {
	l, err := net.Listen("tcp", net.JoinHostPort(loopback, strconv.Itoa(port)))
	return err == nil && l.Close() == nil
}

// openLog opens a server's log to be written on, and says where it ends now.
func openLog(home string) (log *os.File, end int64, err error) {
	log, err = os.OpenFile(filepath.Join(home, logFile), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return nil, 0, err
	}
	if end, err = log.Seek(0, io.SeekEnd); err != nil {
		return nil, 0, errors.Join(err, log.Close())
	}
	return log, end, nil
}

// launch starts postgres itself (not through pg_ctl, which would put it out of
// our sight) and returns once it answers.
func (s *Server) launch(ctx context.Context, port int) error {
	log, before, err := openLog(s.home)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(s.bin.program("postgres"), serverArgs(s.home, s.kind, s.id, port, s.settings)...)
	cmd.Dir = "/"
	cmd.Env = childEnv(os.Environ())
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = attributes(s.account, s.detach, syscall.SIGINT)
	p, err := spawn(cmd)
	if err != nil {
		return fmt.Errorf("start postgres as %s: %w", s.account.name, err)
	}
	s.runsAs(p, port)

	if err := s.awaitReady(ctx, p, port); err != nil {
		p.end(syscall.SIGQUIT, stopPatience)
		said, _ := io.ReadAll(io.NewSectionReader(log, before, 1<<20))
		if strings.Contains(string(said), "could not bind") {
			return errPortBusy
		}
		if strings.Contains(string(said), "pre-existing shared memory block") {
			return errStillLeaving
		}
		return fmt.Errorf("Postgres did not start: %w%s", err, lastLines(string(said), 20))
	}
	return nil
}

// awaitReady polls until the server lets us in, its process ends or ctx does.
func (s *Server) awaitReady(ctx context.Context, p *process, port int) error {
	poll := time.NewTicker(15 * time.Millisecond)
	defer poll.Stop()
	// An attempt ends with the process: whoever else has the port may accept the
	// connection and then say nothing.
	attempt, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-p.done:
			cancel()
		case <-attempt.Done():
		}
	}()
	var last error
	for {
		if last = identify(attempt, serverURL(port, s.password, superuser), s.id); last == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), last)
		case <-p.done:
			return errors.Join(errors.New("the process ended"), p.err)
		case <-poll.C:
		}
	}
}

// identify connects and checks that the server is the one with this ID: another
// server may have been faster on the port.
func identify(ctx context.Context, address, id string) error {
	got, err := serverSetting(ctx, address, serverIDSetting)
	if err != nil {
		return err
	}
	if got != id {
		return errors.New("another server answers there")
	}
	return nil
}

// serverSetting asks a server for one of its settings; one that it does not have
// is empty.
func serverSetting(ctx context.Context, address, name string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	var value string
	err = conn.QueryRow(ctx, "select coalesce(current_setting($1, true), '')", name).Scan(&value)
	return value, err
}

// readPidFile reads what the running server says about itself beside its data.
func readPidFile(home string) (pid, port int, err error) {
	b, err := os.ReadFile(filepath.Join(home, dataDir, "postmaster.pid"))
	if err != nil {
		return 0, 0, err
	}
	lines := strings.Split(string(b), "\n")
	if len(lines) < 4 {
		return 0, 0, errors.New("postmaster.pid is too short")
	}
	pid, err = strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil || pid <= 0 {
		return 0, 0, fmt.Errorf("postmaster.pid names no process: %q", lines[0])
	}
	port, err = strconv.Atoi(strings.TrimSpace(lines[3]))
	if err != nil {
		return 0, 0, fmt.Errorf("postmaster.pid names no port: %q", lines[3])
	}
	return pid, port, nil
}
