package pgdev

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const (
	superuser = "postgres"
	loopback  = "127.0.0.1"
	// stopPatience is how long a server may take to stop before it is killed.
	stopPatience = 20 * time.Second
)

// Mode is how a server is halted.
type Mode int

const (
	// Fast ends open transactions, disconnects clients and leaves clean data.
	Fast Mode = iota
	// Immediate ends the server as a crash would: the next start recovers.
	Immediate
)

func (m Mode) signal() syscall.Signal {
	if m == Immediate {
		return syscall.SIGQUIT
	}
	return syscall.SIGINT
}

// Server is a Postgres that this package started or adopted. Its methods may be
// called from several goroutines; Halt, Resume, Restart and Stop take turns.
type Server struct {
	bin      Binaries
	account  account
	home     string
	kind     string
	id       string
	password string
	settings []setting
	adopted  bool
	detach   bool
	engine   *engine // set for a server in a container
	say      func(string)

	turn sync.Mutex // of Halt, Resume and Stop, which may take long
	lock *os.File   // says that this process uses the server; belongs to turn

	mu   sync.Mutex
	port int
	proc *process // nil for an adopted server and for one in a container
}

// URL is the superuser's address of a database on this server. It carries the
// password.
func (s *Server) URL(db string) string { return serverURL(s.Port(), s.password, db) }

func serverURL(port int, password, db string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(superuser, password),
		Host:     net.JoinHostPort(loopback, strconv.Itoa(port)),
		Path:     "/" + db,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// Port is the TCP port on the loopback address.
func (s *Server) Port() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.port
}

func (s *Server) process() *process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.proc
}

func (s *Server) runsAs(p *process, port int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.proc, s.port = p, port
}

// Home is the directory with the server's data, password and log.
func (s *Server) Home() string { return s.home }

// Version is the server's version, such as "15.18".
func (s *Server) Version() string { return s.bin.Version }

// Adopted reports whether another process started this server, which then is
// the one to stop it.
func (s *Server) Adopted() bool { return s.adopted }

// PID is the process number of the server's main process. It is 0 while the
// server is halted, and for one in a container. For an adopted server it is the
// number that the data directory names.
func (s *Server) PID() int {
	if p := s.process(); p != nil && !p.exited() {
		return p.pid()
	}
	if s.adopted {
		if pid, _, err := readPidFile(s.home); err == nil && runsOn(pid, s.home) {
			return pid
		}
	}
	return 0
}

// errAdopted is the answer to who would halt or resume another's server.
var errAdopted = errors.New("this server was started by another process: halt and resume it there")

// Halt takes the server away and keeps its data and its port for Resume. It
// returns once the server is gone. A server in a container is always halted
// Fast.
func (s *Server) Halt(mode Mode) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	if s.adopted {
		return errAdopted
	}
	if s.engine != nil {
		return s.engine.stop(context.Background())
	}
	s.process().end(mode.signal(), stopPatience)
	return nil
}

// Resume starts a halted or crashed server again on the same port with the same
// data, and returns once it answers. A port or data that somebody still has is
// waited for until ctx ends.
func (s *Server) Resume(ctx context.Context) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	if s.adopted {
		return errAdopted
	}
	if s.engine != nil {
		return s.engine.up(ctx)
	}
	if !s.process().exited() {
		return nil
	}
	port := s.Port()
	for {
		err := s.launch(ctx, port)
		if !errors.Is(err, errPortBusy) && !errors.Is(err, errStillLeaving) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("start again on port %d: %w", port, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Restart halts the server and brings it back.
func (s *Server) Restart(ctx context.Context, mode Mode) error {
	if err := s.Halt(mode); err != nil {
		return err
	}
	return s.Resume(ctx)
}

// Stop ends the server. A throw-away one leaves nothing behind, a development
// one keeps its data, and an adopted or detached one goes on running. It may be
// called twice.
func (s *Server) Stop() error {
	s.turn.Lock()
	defer s.turn.Unlock()
	if s.adopted || s.detach {
		return s.release()
	}
	var err error
	if s.engine != nil {
		err = s.engine.stop(context.Background())
	} else if p := s.process(); p != nil {
		mode := Fast
		if s.kind == kindThrowaway {
			mode = Immediate
		}
		p.end(mode.signal(), stopPatience)
	}
	if s.kind == kindThrowaway {
		err = removeHome(s.home)
	}
	return errors.Join(err, s.release())
}

func (s *Server) release() error {
	if s.lock == nil {
		return nil
	}
	err := s.lock.Close()
	s.lock = nil
	return err
}

// removeHome removes a throw-away server's directory. The last helper processes
// of a killed server may still write while it goes, hence the second look.
func removeHome(home string) error {
	var err error
	for range 20 {
		if err = os.RemoveAll(home); err == nil {
			return nil
		}
		time.Sleep(25 * time.Millisecond)
	}
	return fmt.Errorf("remove %s: %w", home, err)
}

// LogTail is the end of what the server printed, at most n lines.
func (s *Server) LogTail(n int) string {
	b, err := os.ReadFile(filepath.Join(s.home, logFile))
	if err != nil {
		return ""
	}
	return lastLines(string(b), n)
}
