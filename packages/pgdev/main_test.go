package pgdev

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"
)

// The test program plays a second role: with helperEnv set it is a launcher that
// starts a server and waits, to be killed or ended by a test.
const helperEnv = "PGDEV_TEST_HELPER"

func TestMain(m *testing.M) {
	if role := os.Getenv(helperEnv); role != "" {
		os.Exit(help(role, os.Args[1:]))
	}
	goleak.VerifyTestMain(m)
}

// launched is what a helper says about its server.
type launched struct {
	Home, URL string
	PID, Port int
	Adopted   bool
}

func help(role string, args []string) int {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var s *Server
	var err error
	switch role {
	case "throwaway":
		s, err = throwaway{say: toStderr, bases: args}.start(ctx)
	case "dev":
		s, err = Start(ctx, Options{Checkout: args[0], Port: anyPort()})
	case "detached":
		s, err = Start(ctx, Options{Checkout: args[0], Port: anyPort(), Detach: true})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	_ = json.NewEncoder(os.Stdout).Encode(launched{s.Home(), s.URL("postgres"), s.PID(), s.Port(), s.Adopted()})
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := s.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// helper is a running launcher.
type helper struct {
	launched
	cmd   *exec.Cmd
	stdin io.Closer
}

// startHelper runs a launcher and waits until its server is up.
func startHelper(t *testing.T, role string, args ...string) *helper {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	h := &helper{cmd: exec.Command(self, args...)}
	h.cmd.Env = append(os.Environ(), helperEnv+"="+role)
	var stderr strings.Builder
	h.cmd.Stderr = &stderr
	stdout, err := h.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if h.stdin, err = h.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.cmd.Process.Kill(); _ = h.cmd.Wait() })
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		_ = h.cmd.Wait()
		t.Fatalf("helper %s: %v\n%s", role, err, stderr.String())
	}
	if err := json.Unmarshal(line, &h.launched); err != nil {
		t.Fatal(err)
	}
	return h
}

// end lets the helper stop its server and waits for it.
func (h *helper) end(t *testing.T) {
	t.Helper()
	_ = h.stdin.Close()
	if err := h.cmd.Wait(); err != nil {
		t.Errorf("helper: %v", err)
	}
}

// openDir is a temporary directory that a server's account can walk through, in
// memory where there is room.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp(throwawayBases()[0], "pgdev-test-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// startThrowaway starts a server in a directory of the test's own.
func startThrowaway(t *testing.T, opts ...ThrowawayOption) *Server {
	t.Helper()
	tw := throwaway{say: func(string) {}, bases: []string{openDir(t)}}
	for _, opt := range opts {
		opt(&tw)
	}
	s, err := tw.start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func anyPort() int {
	port, err := freePort()
	if err != nil {
		panic(err)
	}
	return port
}

// query answers the first column of the only row.
func query(t *testing.T, address, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var answer string
	if err := conn.QueryRow(t.Context(), sql).Scan(&answer); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return answer
}

func exec1(t *testing.T, address, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// eventually waits until ok holds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("still not so: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func entries(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}
