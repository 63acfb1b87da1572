package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

const tailLines = 15

// child is one portal, or the worker.
type child struct {
	name string
	cmd  *exec.Cmd
	done chan struct{} // closed once the process is gone and its last line was printed
	err  error         // how it ended; read only after done

	mu   sync.Mutex
	tail []string
}

// title is how a sentence calls it.
func (c *child) title() string {
	if c.name == "worker" {
		return "the worker"
	}
	return "the " + c.name + " portal"
}

// family is every child, for the end of all things.
type family struct {
	mu       sync.Mutex
	children []*child
}

// start runs a program with exactly this environment. It leads a process group of its own, so that Ctrl-C reaches this
// program only, which then stops everything in order; and it ends with this program, where the system can do that.
func (f *family) start(out *screen, name, program, dir string, env []string, args ...string) (*child, error) {
	c := &child{name: name, cmd: exec.Command(program, args...), done: make(chan struct{})}
	c.cmd.Dir, c.cmd.Env = dir, env
	c.cmd.SysProcAttr = attributes()
	lines, w := io.Pipe()
	c.cmd.Stdout, c.cmd.Stderr = w, w
	printed := make(chan struct{})
	go func() {
		defer close(printed)
		c.print(out, lines)
	}()
	started := make(chan error, 1)
	go func() {
		// The death signal follows the thread that starts the child, so that thread stays.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := c.cmd.Start()
		started <- err
		if err == nil {
			c.err = c.cmd.Wait()
		}
		_ = w.Close()
		<-printed
		close(c.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", c.title(), err)
	}
	f.mu.Lock()
	f.children = append(f.children, c)
	f.mu.Unlock()
	return c, nil
}

// print shows the program's lines under its name, and keeps the last ones.
func (c *child) print(out *screen, lines io.Reader) {
	s := bufio.NewScanner(lines)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		line := readable(s.Text())
		if line == "" {
			continue
		}
		c.mu.Lock()
		c.tail = append(c.tail, line)
		if len(c.tail) > tailLines {
			c.tail = c.tail[1:]
		}
		c.mu.Unlock()
		out.log(c.name, line)
	}
	_, _ = io.Copy(io.Discard, lines) // after a line longer than the buffer: the portal must not block
}

// healthy waits until the program's health route answers 200.
func (c *child) healthy(ctx context.Context, port int) error {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	client := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	last := "no answer"
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/api/health/db", port), nil)
		if err != nil {
			return err
		}
		if resp, err := client.Do(r); err == nil {
			last = resp.Status
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-c.done:
			return c.ended()
		case <-poll.C:
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return context.Canceled
			}
			return fmt.Errorf("%s did not become healthy within %v (%s)%s", c.title(), readyLimit, last, c.lastWords())
		}
	}
}

// ended says how a program ended that nobody stopped.
func (c *child) ended() error {
	how := "without saying why"
	if c.err != nil {
		how = "with " + c.err.Error()
	}
	return fmt.Errorf("%s ended %s%s", c.title(), how, c.lastWords())
}

func (c *child) lastWords() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.tail) == 0 {
		return ""
	}
	return "; its last lines:\n  " + strings.Join(c.tail, "\n  ")
}

// stop asks the program to finish and waits for it; one that doesn't is killed.
func (c *child) stop(out *screen) {
	select {
	case <-c.done:
		return
	default:
	}
	_ = c.cmd.Process.Signal(syscall.SIGTERM) // fails only when it is gone already
	select {
	case <-c.done:
	case <-time.After(stopLimit):
		out.say(c.title() + " does not stop: killing it")
		_ = c.cmd.Process.Kill()
		<-c.done
	}
}

// kill ends every child at once.
func (f *family) kill() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.children {
		_ = c.cmd.Process.Kill() // fails only when it is gone already
	}
}
