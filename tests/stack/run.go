package stack

import (
	"context"
	"errors"
	"os/exec"
	"testing"
	"time"
)

// The portals' names, which are those of their binaries.
const (
	DeveloperPortal = "developer-portal"
	TenantPortal    = "tenant-portal"
)

// Prepare gives a portal an address and a key without starting it: for starts that are meant to fail, or to be late.
func Prepare(t testing.TB, name string) *Portal {
	t.Helper()
	return newPortal(t, name)
}

// Launch starts a prepared portal with further settings and does not wait until it is ready. What a Stack sets by
// itself, such as the database's address, is the caller's to give.
func (p *Portal) Launch(env ...string) { p.t.Helper(); p.start(env) }

// Run runs the portal's binary with arguments, its own key and address and the settings in env, and waits for its
// end, at most for limit. said is all that it wrote.
func (p *Portal) Run(limit time.Duration, env []string, args ...string) (code int, said string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, Program(p.t, "apps/"+p.Name), args...)
	cmd.Dir = p.t.TempDir()
	cmd.Env = append(p.surroundings(), env...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		p.t.Fatalf("%s %q did not end within %v:\n%s", p.Name, args, limit, out)
	case err != nil && !errors.As(err, &exit):
		p.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// PID is the number of the running process.
func (p *Portal) PID() int { return p.cmd.Process.Pid }
