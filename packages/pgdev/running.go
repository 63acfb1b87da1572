package pgdev

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// settlePatience is how long a server that is just starting or stopping may
// take to make up its mind.
const settlePatience = 20 * time.Second

// errNotRunning is the answer about a development server that nobody started.
var errNotRunning = errors.New("the development server is not running: start it with devdb start or make run")

// running finds the checkout's running server, or answers nil. It is proven: it
// runs on our data and answers to our password with our ID.
func (p place) running(ctx context.Context) (*Server, error) {
	for _, home := range p.homes() {
		s, err := openHome(home)
		if err != nil {
			return nil, err
		}
		if home == p.engineHome() {
			if s, err = openEngine(ctx, s); s != nil || err != nil {
				return s, err
			}
			continue
		}
		if alive, err := s.settle(ctx); alive || err != nil {
			return s, err
		}
	}
	return nil, nil
}

// settle waits until the server of a home either answers (true) or is gone.
func (s *Server) settle(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, settlePatience)
	defer cancel()
	var last error
	for {
		pid, port, err := readPidFile(s.home)
		if err != nil || !runsOn(pid, s.home) {
			return false, nil
		}
		if last = identify(ctx, serverURL(port, s.password, superuser), s.id); last == nil {
			s.port = port
			s.bin.Version, last = serverSetting(ctx, serverURL(port, s.password, superuser), "server_version")
			return true, last
		}
		select {
		case <-ctx.Done():
			return false, fmt.Errorf("process %d runs on %s but does not let us in (%w): stop it with kill -INT %d",
				pid, s.home, last, pid)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Running is the checkout's development server, adopted, or an error when none
// runs.
func Running(ctx context.Context, o Options) (*Server, error) {
	where, lock, err := o.locked(ctx)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	s, err := where.running(ctx)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return nil, errNotRunning
	}
	s.adopted = true
	return s, nil
}

// StopRunning stops the checkout's development server, whoever started it, and
// keeps its data. It reports whether there was one.
func StopRunning(ctx context.Context, o Options) (bool, error) {
	where, lock, err := o.locked(ctx)
	if err != nil {
		return false, err
	}
	defer lock.Close()
	s, err := where.running(ctx)
	if s == nil || err != nil {
		return false, err
	}
	return true, s.stopFromOutside(ctx)
}

func (o Options) locked(ctx context.Context) (place, *os.File, error) {
	acct, err := serverAccount()
	if err != nil {
		return place{}, nil, err
	}
	where, err := findPlace(acct, o.Checkout)
	if err != nil {
		return place{}, nil, err
	}
	if err := where.make(); err != nil {
		return place{}, nil, err
	}
	lock, err := where.lockStarts(ctx)
	return where, lock, err
}

// stopFromOutside stops a proven server that is not our child.
func (s *Server) stopFromOutside(ctx context.Context) error {
	if s.engine != nil {
		return s.engine.stop(ctx)
	}
	pid, _, err := readPidFile(s.home)
	if err != nil {
		return err
	}
	if err := signalProcess(pid, syscall.SIGINT); err != nil {
		return fmt.Errorf("stop process %d: %w", pid, err)
	}
	ctx, cancel := context.WithTimeout(ctx, stopPatience)
	defer cancel()
	for runsOn(pid, s.home) {
		select {
		case <-ctx.Done():
			return fmt.Errorf("process %d does not stop: %w", pid, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

// Reset stops the checkout's development server and removes its data, every
// version's, so that the next start begins anew. It touches only homes with our
// marker, and refuses while another process, such as `make run`, uses one.
func Reset(ctx context.Context, o Options) error {
	where, lock, err := o.locked(ctx)
	if err != nil {
		return err
	}
	defer lock.Close()
	for _, home := range where.homes() {
		unused, err := holdLock(home, alone)
		if err != nil {
			return err
		}
		if unused == nil {
			return fmt.Errorf("%s is in use by another process, such as make run: end that first", home)
		}
		defer unused.Close()
	}
	s, err := where.running(ctx)
	if err != nil {
		return err
	}
	if s != nil {
		if err := s.stopFromOutside(ctx); err != nil {
			return err
		}
	}
	for _, home := range where.homes() {
		if home == where.engineHome() {
			if err := removeEngineData(ctx, home); err != nil {
				return err
			}
		}
		if err := removeHome(home); err != nil {
			return err
		}
		o.say()("removed the data in " + home)
	}
	if where.base != where.local {
		_ = os.Remove(where.base) // only if nothing else is in it
	}
	return removeIfThere(filepath.Join(where.local, "port"))
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
