package pgdev

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// stationPid is the file in a station's home that has its process' number.
const stationPid = "station.pid"

// station is what a PgBouncer and an HAProxy of ours have in common: a throw-away
// home, and one process that is started, killed and started again. Its methods
// may be called from several goroutines.
type station struct {
	bin     foundProgram
	account account
	home    string
	lock    *os.File

	turn sync.Mutex // of start, Kill and Stop
	mu   sync.Mutex
	proc *process
}

// furnishStation finds the program and makes a home for it. The caller must call
// Stop.
func furnishStation(ctx context.Context, want wantedProgram, say func(line string)) (*station, error) {
	acct, err := serverAccount()
	if err != nil {
		return nil, err
	}
	bin, err := thisMachine(acct, say).findProgram(ctx, want)
	if err != nil {
		return nil, err
	}
	throwaway{say: say}.sweep()
	home, lock, err := throwawayHome(acct, throwawayBases())
	if err != nil {
		return nil, err
	}
	s := &station{bin: bin, account: acct, home: home, lock: lock}
	if err := (marker{ID: rand.Text(), Kind: kindThrowaway, Created: time.Now().UTC()}).write(home); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// start runs the program with these arguments, one of which must name a file in
// the station's home, and returns once ready says so. It does nothing while one
// runs. errPortBusy: somebody else listens where the program should.
func (s *station) start(ctx context.Context, ready func(context.Context) error, arguments ...string) error {
	if s.PID() != 0 {
		return nil
	}
	log, before, err := openLog(s.home)
	if err != nil {
		return err
	}
	defer log.Close()
	name := filepath.Base(s.bin.path)
	cmd := exec.Command(s.bin.path, arguments...)
	cmd.Dir = "/"
	cmd.Env = append(childEnv(os.Environ()), s.bin.environ()...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = attributes(s.account, false, syscall.SIGKILL)
	p, err := spawn(cmd)
	if err != nil {
		return fmt.Errorf("start %s as %s: %w", name, s.account.name, err)
	}
	s.mu.Lock()
	s.proc = p
	s.mu.Unlock()
	err = writeWhole(filepath.Join(s.home, stationPid), strconv.Itoa(p.pid())+"\n", 0o644)
	if err == nil {
		err = awaitAnswer(ctx, p, ready)
	}
	if err != nil {
		p.end(syscall.SIGKILL, stopPatience)
		said, _ := io.ReadAll(io.NewSectionReader(log, before, 1<<20))
		if strings.Contains(strings.ToLower(string(said)), "already in use") {
			return errPortBusy
		}
		return fmt.Errorf("%s did not start: %w%s", name, err, lastLines(string(said), 20))
	}
	return nil
}

// awaitAnswer asks until there is an answer, the process ends or ctx does.
func awaitAnswer(ctx context.Context, p *process, ask func(context.Context) error) error {
	for {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-p.done:
			return errors.Join(errors.New("the process ended"), p.err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Kill ends the program at once, as a crash would: every connection through it is
// cut on both sides.
func (s *station) Kill() {
	s.turn.Lock()
	defer s.turn.Unlock()
	s.kill()
}

func (s *station) kill() {
	s.mu.Lock()
	p := s.proc
	s.mu.Unlock()
	if p != nil {
		p.end(syscall.SIGKILL, stopPatience) // politer signals mean other things in each version
	}
}

// Stop ends the program and leaves nothing behind. It may be called twice.
func (s *station) Stop() error {
	s.turn.Lock()
	defer s.turn.Unlock()
	if s.lock == nil {
		return nil
	}
	s.kill()
	err := errors.Join(removeHome(s.home), s.lock.Close())
	s.lock = nil
	return err
}

// PID is the number of the program's process, 0 while none runs.
func (s *station) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc == nil || s.proc.exited() {
		return 0
	}
	return s.proc.pid()
}

// Version is the program's version, such as "1.18.0".
func (s *station) Version() string { return s.bin.version }

// LogTail is the end of what the program printed, at most n lines.
func (s *station) LogTail(n int) string { return lastLines(s.Log(), n) }

// Log is all that the program has printed.
func (s *station) Log() string {
	text, err := os.ReadFile(filepath.Join(s.home, logFile))
	if err != nil {
		return ""
	}
	return string(text)
}

// stopOrphanStation ends the program that a dead launcher has left in home, where
// the system has no signal for that.
func stopOrphanStation(home string) {
	text, err := os.ReadFile(filepath.Join(home, stationPid))
	if err != nil {
		return
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err == nil && pid > 0 && alive(pid) && strings.Contains(commandLine(pid), home+string(filepath.Separator)) {
		_ = signalProcess(pid, syscall.SIGKILL) // it may have ended meanwhile
	}
}
