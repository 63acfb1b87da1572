// Package stack runs the real portals, as built by go build, on a database of the test's own: what the black-box
// tests and the benchmarks start from. It knows the portals' environment variables and nothing of their insides.
package stack

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/web/auth"
)

// Portal is one running process.
type Portal struct {
	Name string // "developer-portal"
	URL  string // "http://localhost:40123"
	Key  auth.Key
	PEM  []byte // the key, as the process was given it

	t     testing.TB
	args  []string // of the command, "worker"
	cmd   *exec.Cmd
	out   *output
	terse bool
	done  chan struct{}
}

// Stack is both portals on one database, and with a mail server the worker too.
type Stack struct {
	DB        *pgtest.DB
	Developer *Portal
	Tenant    *Portal
	Worker    *Portal // nil without Options.Post
	Post      *Post   // that of Options
}

// Options change how a Stack is started.
type Options struct {
	Env []string // further "NAME=value" for both portals
	// Through rewrites a database address, for a proxy between a portal and Postgres.
	Through func(url string) string
	// Terse leaves the list of requests that went well out of Log: under load it would fill the memory.
	Terse bool
	// Post starts the worker as well, which brings mail there. Without, mail stays in the outbox, which has a page.
	Post *Post
}

// Start builds both portals (once in a test process), starts them on db and waits until all are ready. They are
// stopped, and must end in order, when the test ends.
func Start(t testing.TB, db *pgtest.DB, o Options) *Stack {
	t.Helper()
	s := &Stack{DB: db, Post: o.Post}
	s.Developer = newPortal(t, DeveloperPortal)
	s.Tenant = newPortal(t, TenantPortal)
	s.Developer.terse, s.Tenant.terse = o.Terse, o.Terse
	through := o.Through
	if through == nil {
		through = func(url string) string { return url }
	}
	env := append([]string{
		"DEVELOPER_PUBLIC_URL=" + s.Developer.URL, "TENANT_PUBLIC_URL=" + s.Tenant.URL,
		"OPENHOUSE_ENV=development", "DRAIN_DELAY_MS=100", "DATABASE_SSL=false", "FILES_DIR=" + t.TempDir(),
	}, o.Env...)
	if o.Post != nil {
		env = append(env, o.Post.env()...)
		s.Worker = newPortal(t, DeveloperPortal)
		s.Worker.args = []string{"worker"}
		s.Worker.start(append(env, "WORKER_DATABASE_URL="+through(db.WorkerURL()), "WORKER_LISTEN_ADDR="+strings.TrimPrefix(s.Worker.URL, "http://")))
	}
	s.Developer.start(append(env, "DEVELOPER_DATABASE_URL="+through(db.StaffURL())))
	s.Tenant.start(append(env, "TENANT_DATABASE_URL="+through(db.ResidentURL())))
	s.Developer.AwaitReady()
	s.Tenant.AwaitReady()
	if s.Worker != nil {
		s.Worker.AwaitReady()
	}
	return s
}

func newPortal(t testing.TB, name string) *Portal {
	t.Helper()
	key, pem, err := auth.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return &Portal{Name: name, URL: "http://" + freeAddress(t), Key: key, PEM: pem, t: t}
}

// freeAddress is an address that nobody listens on. "localhost", because a browser treats its cookies as secure.
func freeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return fmt.Sprintf("localhost:%d", listener.Addr().(*net.TCPAddr).Port)
}

func (p *Portal) start(env []string) {
	p.t.Helper()
	p.out = &output{terse: p.terse}
	p.cmd = exec.Command(Program(p.t, "apps/"+p.Name), p.args...)
	p.cmd.Dir = p.t.TempDir() // a portal must not depend on where it was started
	p.cmd.Env = append(p.surroundings(), env...)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.done = make(chan struct{})
	go func() { defer close(p.done); _ = p.cmd.Wait() }()
	p.t.Cleanup(func() {
		if !p.Stop() {
			p.t.Errorf("%s did not end within 20 s of SIGTERM", p.Name)
		}
		if p.t.Failed() {
			p.t.Logf("%s said, apart from its list of requests that went well:\n%s", p.Name, p.Trouble())
		}
	})
}

// surroundings are the settings that every run of the portal has.
func (p *Portal) surroundings() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + p.t.TempDir(),
		"LISTEN_ADDR=" + strings.TrimPrefix(p.URL, "http://"),
		keyVariable(p.Name) + "=" + string(p.PEM),
	}
}

func keyVariable(name string) string {
	if name == TenantPortal {
		return "TENANT_JWT_KEY"
	}
	return "DEVELOPER_JWT_KEY"
}

// AwaitReady waits until the health route answers 200.
func (p *Portal) AwaitReady() {
	p.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		select {
		case <-p.done:
			p.t.Fatalf("%s ended instead of getting ready:\n%s", p.Name, p.Log())
		default:
		}
		if status, _ := p.Health(); status == http.StatusOK {
			return
		}
	}
	p.t.Fatalf("%s is not ready after 20 s:\n%s", p.Name, p.Log())
}

// Health asks the portal's health route; the status is 0 when nobody listens.
func (p *Portal) Health() (status int, body string) {
	client := &http.Client{Timeout: 2 * time.Second}
	response, err := client.Get(p.URL + "/api/health/db")
	if err != nil {
		return 0, ""
	}
	defer func() { _ = response.Body.Close() }()
	var b bytes.Buffer
	_, _ = b.ReadFrom(response.Body)
	return response.StatusCode, b.String()
}

// Signal sends the process a signal.
func (p *Portal) Signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// Ended is closed once the process has ended.
func (p *Portal) Ended() <-chan struct{} { return p.done }

// ExitCode is the process' exit code, once it has ended.
func (p *Portal) ExitCode() int { return p.cmd.ProcessState.ExitCode() }

// Stop asks the process to end and reports whether it did so in time.
func (p *Portal) Stop() bool {
	p.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
		return true
	case <-time.After(20 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
		return false
	}
}

// Log is what the process has written so far.
func (p *Portal) Log() string { return p.out.String() }

// Trouble is the end of Log without the requests that went well, of which there can be thousands.
func (p *Portal) Trouble() string {
	const most = 80
	var lines []string
	for line := range strings.Lines(p.Log()) {
		if !isServed(line) && !isRuntime(line) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(0, len(lines)-most):], "")
}

// isServed reports whether a line of the log is about a request that was no trouble.
func isServed(line string) bool {
	return strings.Contains(line, "level=INFO msg=request ") && !strings.Contains(line, " status=5")
}

// isRuntime reports whether a line is what Go's runtime tells when GODEBUG asks it to.
func isRuntime(line string) bool {
	return strings.HasPrefix(line, "SCHED ") || strings.HasPrefix(line, "pacer: ") || len(line) > 3 && line[:2] == "  " && strings.ContainsRune("GMP", rune(line[2]))
}

// output is a buffer that a process writes and a test reads.
type output struct {
	terse bool

	mu   sync.Mutex
	b    bytes.Buffer
	part []byte // of a line whose end has not come, when terse
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.terse {
		return o.b.Write(p)
	}
	o.part = append(o.part, p...)
	for {
		end := bytes.IndexByte(o.part, '\n')
		if end < 0 {
			return len(p), nil
		}
		if line := o.part[:end+1]; !isServed(string(line)) || bytes.Contains(line, []byte(" status=4")) {
			o.b.Write(line)
		}
		o.part = append(o.part[:0], o.part[end+1:]...)
	}
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String() + string(o.part)
}

// Root is the repository's top folder.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir
		}
	}
	t.Fatal("no go.work above the test: run it inside the repository")
	return ""
}

var built = struct {
	mu       sync.Mutex
	dir      string
	programs map[string]error
}{programs: map[string]error{}}

// Program builds the command in a folder of the repository, once in a process, and returns the binary's path.
// RemoveBinaries removes it.
func Program(t testing.TB, folder string) string {
	t.Helper()
	root := Root(t)
	built.mu.Lock()
	defer built.mu.Unlock()
	if built.dir == "" {
		dir, err := os.MkdirTemp("", "openhouse-bin-")
		if err != nil {
			t.Fatal(err)
		}
		built.dir = dir
	}
	binary := filepath.Join(built.dir, filepath.Base(folder))
	err, known := built.programs[folder]
	if !known {
		err = goBuild(root, "./"+folder, binary)
		built.programs[folder] = err
	}
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

func goBuild(root, pkg, out string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "build", "-o", out, pkg)
	cmd.Dir = root
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", pkg, err, said)
	}
	return nil
}

// RemoveBinaries removes what the tests of this process have built.
func RemoveBinaries() { _ = os.RemoveAll(built.dir) }

// Main runs a package's tests and leaves nothing behind: neither a server nor the binaries.
func Main(m pgtest.Runner) {
	code := pgtest.Wrap(m).Run()
	RemoveBinaries()
	os.Exit(code)
}
