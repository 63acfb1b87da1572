package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"openhouse.example/tests/stack"
)

// The whole way of `make run`, in a copy of the checkout that nobody has used yet.
func TestRunFromAFreshCheckout(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)

	first := c.start()
	shown := first.awaitBox()
	developer, tenant := shown.find(`Developer portal\s+(http://\S+)`), shown.find(`Tenant portal\s+(http://\S+)`)
	for _, portal := range []string{developer, tenant} {
		var health struct{ Status string }
		if _, body := c.page(c.browser(), http.MethodGet, portal+"/api/health/db", nil); json.Unmarshal([]byte(body), &health) != nil || health.Status != "healthy" {
			t.Errorf("%s says %s", portal, body)
		}
	}
	resident := c.browser()
	link := shown.find(`(http://\S+/link/\S+)`)
	if _, body := c.page(resident, http.MethodGet, link, nil); !strings.Contains(body, "Longview Park") {
		t.Errorf("the link's page is\n%s", body)
	}
	if _, body := c.page(resident, http.MethodPost, link, url.Values{}); !strings.Contains(body, "14 Longview Park") || !strings.Contains(body, "Kestrel Quay Homes") {
		t.Errorf("My home is\n%s", body)
	}
	staff := c.browser()
	admin := url.Values{"email": {"maeve.admin@example.org"}, "password": {shown.find(`maeve\.admin@example\.org\s+(\S+)`)}}
	if _, body := c.page(staff, http.MethodPost, developer+"/sign-in", admin); !strings.Contains(body, "Longview Park") {
		t.Errorf("after signing in staff see\n%s", body)
	}
	if said := c.start().end(1); !strings.Contains(said, "is taken") || !strings.Contains(said, "DEVELOPER_PORT=") || !strings.Contains(said, "TENANT_PORT=") {
		t.Errorf("a second start says\n%s", said)
	}
	if said := c.start("reset").end(1); !strings.Contains(said, "nothing was removed") {
		t.Errorf("a reset while it runs says\n%s", said)
	}

	first.signal(syscall.SIGINT)
	first.end(0)
	c.nothingLeft()

	// The data, the passwords and the residents' sessions are still there.
	second := c.start()
	again := second.awaitBox()
	if a, b := shown.find(`maeve\.admin@example\.org\s+(\S+)`), again.find(`maeve\.admin@example\.org\s+(\S+)`); a != b {
		t.Errorf("the second start has another password")
	}
	if at, body := c.page(resident, http.MethodGet, tenant+"/", nil); at != "/" || !strings.Contains(body, "14 Longview Park") {
		t.Errorf("the resident was sent to %s", at)
	}
	if runtime.GOOS == "linux" { // where a killed program takes its children along
		second.signal(syscall.SIGKILL)
		_ = second.cmd.Wait()
	} else {
		second.signal(syscall.SIGTERM)
		second.end(0)
	}
	c.nothingLeft()

	c.start("reset").end(0)
	for _, gone := range []string{".local/demo-passwords", ".local/database-logins"} {
		if _, err := os.Stat(filepath.Join(c.dir, gone)); err == nil {
			t.Errorf("%s is still there after the reset", gone)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(c.dir, ".local/pg/*/data")); len(left) > 0 {
		t.Errorf("data is still there after the reset: %v", left)
	}
}

func TestAWrongCall(t *testing.T) {
	t.Parallel()
	if code := start([]string{"please"}); code != 2 {
		t.Errorf("exit code %d", code)
	}
}

// checkoutCopy is a copy of the checkout with a home directory and ports of its own.
type checkoutCopy struct {
	t        *testing.T
	dir, exe string
	env      []string
}

func newCheckout(t *testing.T) *checkoutCopy {
	t.Helper()
	c := &checkoutCopy{t: t, dir: t.TempDir()}
	root, err := checkout()
	if err != nil {
		t.Fatal(err)
	}
	if err := stack.CopyTree(root, c.dir); err != nil {
		t.Fatal(err)
	}
	c.exe = filepath.Join(t.TempDir(), "openhouse-run")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", c.exe, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	ports := freePorts(t)
	c.env = append(toolEnv(t),
		"HOME="+t.TempDir(), "DEVELOPER_PORT="+ports[0], "TENANT_PORT="+ports[1],
		// Somebody else's database, which must not be touched or even asked.
		"DATABASE_URL=postgres://owner:secret@192.0.2.1:5432/precious", "DEVELOPER_DATABASE_URL=postgres://x:y@192.0.2.1/precious",
		"TEST_DATABASE_URL=postgres://owner:secret@192.0.2.1:5432/precious", "PGHOST=192.0.2.1")
	return c
}

// toolEnv is what the go command needs to find its caches, whatever HOME is.
func toolEnv(t *testing.T) []string {
	out, err := exec.CommandContext(t.Context(), "go", "env", "-json", "GOCACHE", "GOMODCACHE", "GOPROXY", "GOFLAGS", "GOSUMDB").Output()
	if err != nil {
		t.Fatal(err)
	}
	vars := map[string]string{}
	if err := json.Unmarshal(out, &vars); err != nil {
		t.Fatal(err)
	}
	env := []string{"PATH=" + os.Getenv("PATH")}
	for name, value := range vars {
		env = append(env, name+"="+value)
	}
	return env
}

func freePorts(t *testing.T) (ports []string) {
	t.Helper()
	for range 2 {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close() // both are held until both are chosen
		ports = append(ports, strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
	}
	return ports
}

// program is one running openhouse-run.
type program struct {
	c   *checkoutCopy
	cmd *exec.Cmd

	mu  sync.Mutex
	out bytes.Buffer
}

func (p *program) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(b)
}

func (p *program) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

func (c *checkoutCopy) start(args ...string) *program {
	c.t.Helper()
	p := &program{c: c, cmd: exec.Command(c.exe, args...)}
	p.cmd.Dir, p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = filepath.Join(c.dir, "docs"), c.env, p, p
	if _, err := os.Stat(p.cmd.Dir); err != nil {
		p.cmd.Dir = c.dir
	}
	if err := p.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		if p.cmd.ProcessState == nil { // a failed test leaves nothing running either
			_ = p.cmd.Process.Signal(syscall.SIGTERM)
			_ = p.cmd.Wait()
		}
	})
	return p
}

func (p *program) signal(s syscall.Signal) {
	p.c.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.c.t.Fatal(err)
	}
}

// end waits for the program, which must end with this code, and returns what it said.
func (p *program) end(code int) string {
	p.c.t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); _ = p.cmd.Wait() }()
	select {
	case <-done:
	case <-time.After(time.Minute):
		_ = p.cmd.Process.Kill()
		<-done
		p.c.t.Fatalf("it did not end:\n%s", p.said())
	}
	if got := p.cmd.ProcessState.ExitCode(); got != code {
		p.c.t.Fatalf("exit code %d, want %d:\n%s", got, code, p.said())
	}
	return p.said()
}

// box is what a person reads once everything runs.
type box struct {
	t    *testing.T
	text string
}

func (p *program) awaitBox() box {
	p.c.t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		said := p.said()
		if _, after, ok := strings.Cut(said, "┌"); ok && strings.Contains(after, "└") {
			return box{p.c.t, after}
		}
		if time.Now().After(deadline) || strings.Contains(said, "✗") {
			p.c.t.Fatalf("it does not come up:\n%s", said)
		}
	}
}

func (b box) find(pattern string) string {
	b.t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(b.text)
	if m == nil {
		b.t.Fatalf("the box lacks %s:\n%s", pattern, b.text)
	}
	return m[1]
}

func (c *checkoutCopy) browser() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return &http.Client{Jar: jar, Timeout: 20 * time.Second}
}

// page follows redirects to a page, which must be there, and returns its path and content.
func (c *checkoutCopy) page(b *http.Client, method, address string, form url.Values) (path, content string) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		c.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := b.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		c.t.Errorf("%s %s: %s\n%s", method, address, resp.Status, body)
	}
	return resp.Request.URL.Path, string(body)
}

// nothingLeft waits until no process of this checkout is left and its ports are free.
func (c *checkoutCopy) nothingLeft() {
	c.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		left := append(c.processes(), c.busyPorts()...)
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("still there: %v", left)
		}
	}
}

// processes are those that name a file of the copy, on systems that show it.
func (c *checkoutCopy) processes() (found []string) {
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range lines {
		text, err := os.ReadFile(file)
		if err == nil && bytes.Contains(text, []byte(c.dir)) {
			found = append(found, string(bytes.ReplaceAll(text, []byte{0}, []byte{' '})))
		}
	}
	return found
}

func (c *checkoutCopy) busyPorts() (busy []string) {
	for _, pair := range c.env {
		name, port, _ := strings.Cut(pair, "=")
		if name != "DEVELOPER_PORT" && name != "TENANT_PORT" {
			continue
		}
		ctx, cancel := context.WithTimeout(c.t.Context(), time.Second)
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", "127.0.0.1:"+port)
		cancel()
		if err == nil {
			_ = conn.Close()
			busy = append(busy, fmt.Sprintf("port %s", port))
		}
	}
	return busy
}
