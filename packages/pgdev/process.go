package pgdev

import (
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// process is a running child and the news of its end.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed once the child is gone
	err  error         // how it ended; read only after done
}

// spawn starts cmd. The child is started from, and waited for on, a thread that
// lives as long as the child: a parent-death signal follows the thread that
// started the child, not the process.
func spawn(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		started <- nil
		p.err = cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) exited() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// end sends sig and waits for the child to go; after patience it is killed. A
// child that a test has frozen is woken first, or it could not hear.
func (p *process) end(sig syscall.Signal, patience time.Duration) {
	if p.exited() {
		return
	}
	_ = p.cmd.Process.Signal(sig) // fails only when the child is already gone
	wake(p.cmd.Process)
	select {
	case <-p.done:
		return
	case <-time.After(patience):
	}
	_ = p.cmd.Process.Kill()
	<-p.done
}
