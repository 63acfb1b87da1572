package local

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	readyLimit = time.Minute
	stopLimit  = 20 * time.Second
	tailLines  = 15
)

// portal is one running process. Its log goes to a file, as a service's does.
type portal struct {
	name string
	log  string
	cmd  *exec.Cmd
	done chan struct{} // closed once the process is gone
}

// start runs a program with exactly this environment.
func start(program, log string, env []string) (*portal, error) {
	file, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer file.Close() // the process has its own
	p := &portal{name: filepath.Base(program), log: log, cmd: exec.Command(program), done: make(chan struct{})}
	p.cmd.Dir, p.cmd.Env = filepath.Dir(program), env
	p.cmd.Stdout, p.cmd.Stderr = file, file
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", p.name, err)
	}
	go func() { defer close(p.done); _ = p.cmd.Wait() }() // how it ended is said by its state and its log
	return p, nil
}

// ready waits until the health route answers 200.
func (p *portal) ready(ctx context.Context, origin string) error {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 2 * time.Second}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, origin+"/api/health/db", nil)
		if err != nil {
			return err
		}
		if response, err := client.Do(request); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s ended instead of getting ready:\n%s", p.name, p.tail())
		case <-tick.C:
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("%s is not ready after %v:\n%s", p.name, readyLimit, p.tail()), ctx.Err())
		}
	}
}

// stop asks the process to end and waits for it; one that doesn't is killed.
func (p *portal) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // fails only when it is gone already
	select {
	case <-p.done:
		return nil
	case <-time.After(stopLimit):
		_ = p.cmd.Process.Kill() // as above
		<-p.done
		return fmt.Errorf("%s did not end within %v of SIGTERM", p.name, stopLimit)
	}
}

// tail is the end of the log.
func (p *portal) tail() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}

// Trouble is what the portals have said about failures, at most the last lines of each.
func (i *Installation) Trouble() string {
	var said []string
	for _, p := range i.portals {
		text, err := os.ReadFile(p.log)
		if err != nil {
			continue // there is nothing to tell
		}
		var lines []string
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, " level=ERROR ") || strings.Contains(line, " level=WARN ") {
				lines = append(lines, p.name+": "+line)
			}
		}
		said = append(said, lines[max(0, len(lines)-tailLines):]...)
	}
	return strings.Join(said, "")
}
