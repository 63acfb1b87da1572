package pgdev

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// options are those of a test's own checkout, on a port of its own.
func options(t *testing.T) Options {
	return Options{Checkout: openDir(t), Port: anyPort(), Progress: func(line string) { t.Log(line) }}
}

func startDev(t *testing.T, o Options) *Server {
	t.Helper()
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
		_, _ = StopRunning(context.Background(), o)
	})
	return s
}

func TestDevServerKeepsItsData(t *testing.T) {
	t.Parallel()
	o := options(t)
	s := startDev(t, o)
	if s.Port() != o.Port || s.Adopted() {
		t.Errorf("port %d, adopted %v; want port %d and a server of our own", s.Port(), s.Adopted(), o.Port)
	}
	if want := filepath.Join(o.Checkout, ".local", "pg", strconv.Itoa(s.bin.Major)); s.Home() != want {
		t.Errorf("home %s, want %s", s.Home(), want)
	}
	port, err := os.ReadFile(filepath.Join(o.Checkout, ".local", "pg", "port"))
	if err != nil || string(port) != fmt.Sprintln(o.Port) {
		t.Errorf("port file: %q, %v", port, err)
	}
	if got := query(t, s.URL("postgres"), "show cluster_name") + query(t, s.URL("postgres"), "show fsync"); got != "openhouse-devon" {
		t.Errorf("cluster_name and fsync: %s", got)
	}
	exec1(t, s.URL("postgres"), "create table kept as select 7 as n")
	address := s.URL("postgres")
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	again := startDev(t, o)
	if again.URL("postgres") != address {
		t.Error("the address changed")
	}
	if got := query(t, again.URL("postgres"), "select n::text from kept"); got != "7" {
		t.Errorf("n = %s", got)
	}
}

func TestSecondStartAdopts(t *testing.T) {
	t.Parallel()
	o := options(t)
	first := startHelper(t, "dev", o.Checkout)
	second := startDev(t, o)
	if !second.Adopted() || second.Port() != first.Port || second.PID() != first.PID {
		t.Errorf("second start: adopted %v, port %d, process %d; want the server of process %d on port %d",
			second.Adopted(), second.Port(), second.PID(), first.PID, first.Port)
	}
	if second.Version() == "" {
		t.Error("an adopted server has no version")
	}
	for what, err := range map[string]error{"Halt": second.Halt(Fast), "Resume": second.Resume(t.Context())} {
		if err == nil {
			t.Errorf("%s worked on another process's server", what)
		}
	}
	if err := second.Stop(); err != nil {
		t.Error(err)
	}
	if got := query(t, first.URL, "select 'alive'"); got != "alive" {
		t.Error("the one who adopted the server stopped it")
	}
	first.end(t)
	if runsOn(first.PID, first.Home) {
		t.Error("the one who started the server did not stop it")
	}
}

func TestManyStartsAtOnceMakeOneServer(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	helpers := make(chan *helper, 3)
	for range 3 {
		go func() { helpers <- startHelper(t, "detached", dir) }()
	}
	pids, own := map[int]bool{}, 0
	for range 3 {
		h := <-helpers
		pids[h.PID] = true
		if !h.Adopted {
			own++
		}
		h.end(t)
	}
	if len(pids) != 1 || own != 1 {
		t.Errorf("%d servers, %d of them started; want one", len(pids), own)
	}
	if stopped, err := StopRunning(t.Context(), Options{Checkout: dir}); !stopped || err != nil {
		t.Errorf("StopRunning: %v, %v", stopped, err)
	}
	for pid := range pids {
		if alive(pid) && strings.Contains(commandLine(pid), dir) {
			t.Errorf("process %d still runs", pid)
		}
	}
}

func TestDetachedServerOutlivesItsLauncher(t *testing.T) {
	t.Parallel()
	o := options(t)
	h := startHelper(t, "detached", o.Checkout)
	h.end(t)
	running, err := Running(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if running.PID() != h.PID || query(t, running.URL("postgres"), "select 'alive'") != "alive" {
		t.Error("another server answers")
	}
	if stopped, err := StopRunning(t.Context(), o); !stopped || err != nil {
		t.Fatalf("StopRunning: %v, %v", stopped, err)
	}
	if stopped, err := StopRunning(t.Context(), o); stopped || err != nil {
		t.Errorf("StopRunning of nothing: %v, %v", stopped, err)
	}
	if _, err := Running(t.Context(), o); err == nil {
		t.Error("a stopped server counts as running")
	}
}

func TestKilledLauncherLeavesUsableData(t *testing.T) {
	t.Parallel()
	o := options(t)
	h := startHelper(t, "dev", o.Checkout)
	exec1(t, h.URL, "create table kept as select 7 as n")
	if err := h.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = h.cmd.Wait()
	s := startDev(t, o) // at once: the old one may just be stopping
	if got := query(t, s.URL("postgres"), "select n::text from kept"); got != "7" {
		t.Errorf("n = %s", got)
	}
}

func TestBusyDevPort(t *testing.T) {
	t.Parallel()
	o := options(t)
	squatter, err := net.Listen("tcp", net.JoinHostPort(loopback, strconv.Itoa(o.Port)))
	if err != nil {
		t.Fatal(err)
	}
	defer squatter.Close()
	s := startDev(t, o)
	if s.Port() == o.Port {
		t.Errorf("the server claims port %d, which is taken", o.Port)
	}
	port, err := os.ReadFile(filepath.Join(o.Checkout, ".local", "pg", "port"))
	if err != nil || string(port) != fmt.Sprintln(s.Port()) {
		t.Errorf("port file: %q, %v; want %d", port, err, s.Port())
	}
}

func TestStaleNoteOfAServer(t *testing.T) {
	t.Parallel()
	o := options(t)
	s := startDev(t, o)
	note := filepath.Join(s.Home(), dataDir, "postmaster.pid")
	text, err := os.ReadFile(note)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	// After a restart of the machine the number may be another process's: ours.
	_, rest, _ := strings.Cut(string(text), "\n")
	if err := os.WriteFile(note, []byte(strconv.Itoa(os.Getpid())+"\n"+rest), 0o600); err != nil {
		t.Fatal(err)
	}
	if again := startDev(t, o); again.Adopted() {
		t.Error("a process that is no server was adopted")
	}
}

func TestForeignDirectoryIsRefused(t *testing.T) {
	t.Parallel()
	o := options(t)
	acct, err := serverAccount()
	if err != nil {
		t.Fatal(err)
	}
	bin, err := thisMachine(acct, func(string) {}).find(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(o.Checkout, ".local", "pg", strconv.Itoa(bin.Major))
	if err := os.MkdirAll(filepath.Join(foreign, dataDir), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), o); err == nil || !strings.Contains(err.Error(), "not a server of this project") {
		t.Errorf("error = %v", err)
	}
	if err := Reset(t.Context(), o); err != nil {
		t.Error(err)
	}
	if !exists(filepath.Join(foreign, dataDir)) {
		t.Error("reset removed data that is not ours")
	}
}

func TestReset(t *testing.T) {
	t.Parallel()
	o := options(t)
	s := startDev(t, o)
	if err := Reset(t.Context(), o); err == nil || !strings.Contains(err.Error(), "in use by another process") {
		t.Errorf("reset under a running program: %v", err)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	home, old := s.Home(), s.URL("postgres")
	h := startHelper(t, "detached", o.Checkout)
	h.end(t)
	if err := Reset(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if exists(home) || runsOn(h.PID, home) {
		t.Error("reset left the server")
	}
	if again := startDev(t, o); again.URL("postgres") == old {
		t.Error("the password survived a reset")
	}
}

// Root's checkout under a closed home: the data goes where the account can go.
func TestUnreachableCheckout(t *testing.T) {
	t.Parallel()
	o := options(t)
	if os.Geteuid() != 0 {
		t.Log("an ordinary user's server runs as that user and reaches what the user reaches")
	}
	if err := os.Chmod(o.Checkout, 0o700); err != nil {
		t.Fatal(err)
	}
	s := startDev(t, o)
	if query(t, s.URL("postgres"), "select 'here'") != "here" {
		t.Error("no answer")
	}
	if os.Geteuid() == 0 {
		if !strings.HasPrefix(s.Home(), "/var/tmp/openhouse-") {
			t.Errorf("home %s, want one below /var/tmp", s.Home())
		}
	}
	if !exists(filepath.Join(o.Checkout, ".local", "pg", "port")) {
		t.Error("no port file in the checkout")
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := Reset(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if exists(s.Home()) || (os.Geteuid() == 0 && exists(filepath.Dir(s.Home()))) {
		t.Errorf("reset left %s", s.Home())
	}
}

func TestCheckoutIsFoundFromBelow(t *testing.T) {
	dir, err := filepath.EvalSymlinks(openDir(t))
	if err != nil {
		t.Fatal(err)
	}
	below := filepath.Join(dir, "apps", "portal")
	if err := os.MkdirAll(below, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(below)
	if root, err := checkoutRoot(""); err == nil {
		t.Errorf("a checkout without go.work: %s", root)
	}
	if err := os.WriteFile(filepath.Join(dir, "go.work"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if root, err := checkoutRoot(""); root != dir || err != nil {
		t.Errorf("checkout = %s, %v, want %s", root, err, dir)
	}
}
