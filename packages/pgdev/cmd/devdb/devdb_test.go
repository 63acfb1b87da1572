//go:build linux || darwin

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test program plays devdb itself, and the command that devdb runs.
const roleEnv = "DEVDB_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(roleEnv) {
	case "devdb":
		os.Setenv(roleEnv, "command")
		main()
	case "command":
		command(os.Args[1])
	default:
		os.Exit(m.Run())
	}
}

// command says which server it was given and then does as it is told.
func command(what string) {
	fmt.Println("url", os.Getenv(testURL))
	switch what {
	case "exit7":
		os.Exit(7)
	case "die":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "wait":
		_, _ = io.Copy(io.Discard, os.Stdin)
		select {}
	}
}

// devdb is this program as devdb, without a server given from outside.
func devdb(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, testURL+"=") })
	cmd.Env = append(cmd.Env, roleEnv+"=devdb")
	return cmd
}

func runDevdb(t *testing.T, cmd *exec.Cmd) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

var portIn = regexp.MustCompile(`@127\.0\.0\.1:(\d+)/`)

// running lists the processes that mention the server's port or are it.
func running(t *testing.T, text string) bool {
	t.Helper()
	m := portIn.FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("no server's address in %q", text)
	}
	out, err := exec.Command("ps", "-ww", "-e", "-o", "args=").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(out), "port="+m[1]+" ")
}

func TestExitCodePassesThrough(t *testing.T) {
	t.Parallel()
	for what, want := range map[string]int{"exit7": 7, "ok": 0, "die": 128 + 9} {
		code, out, errs := runDevdb(t, devdb("with", "--", os.Args[0], what))
		if code != want {
			t.Errorf("%s: exit code %d, want %d\n%s", what, code, want, errs)
		}
		if running(t, out) {
			t.Errorf("%s: the server still runs", what)
		}
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"with"}, {"with", "--"}, {"with", "true"}, {"launch"}, {"start", "now"}, {"url", "a", "b"}} {
		code, _, errs := runDevdb(t, devdb(args...))
		if code != 2 || !strings.Contains(errs, "usage:") {
			t.Errorf("%v: exit code %d\n%s", args, code, errs)
		}
	}
}

func TestCommandThatIsNotThere(t *testing.T) {
	t.Parallel()
	if code, _, errs := runDevdb(t, devdb("with", "--", "/no/such/program")); code != 127 || !strings.Contains(errs, "/no/such/program") {
		t.Errorf("exit code %d\n%s", code, errs)
	}
}

func TestGivenServerIsUsed(t *testing.T) {
	t.Parallel()
	cmd := devdb("with", "--", os.Args[0], "exit7")
	cmd.Env = append(cmd.Env, testURL+"=postgres://given@127.0.0.1:1/x")
	code, out, errs := runDevdb(t, cmd)
	if code != 7 || strings.TrimSpace(out) != "url postgres://given@127.0.0.1:1/x" || strings.Contains(errs, "Postgres ") {
		t.Errorf("exit code %d, output %q\n%s", code, out, errs)
	}
}

// waiting is a devdb whose command runs and waits.
type waiting struct {
	cmd *exec.Cmd
	url string
}

func startWaiting(t *testing.T) waiting {
	t.Helper()
	cmd := devdb("with", "--", os.Args[0], "wait")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stdin.Close() })
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil || !running(t, line) {
		t.Fatalf("the command does not run beside a server: %q, %v", line, err)
	}
	return waiting{cmd, line}
}

func TestSignalsReachTheCommandAndNothingIsLeft(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		w := startWaiting(t)
		if err := w.cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		_ = w.cmd.Wait()
		if code := w.cmd.ProcessState.ExitCode(); code != 128+int(sig) {
			t.Errorf("%s: exit code %d, want that of a command ended by it", sig, code)
		}
		if running(t, w.url) {
			t.Errorf("%s: the server still runs", sig)
		}
	}
}

func TestKilledDevdbLeavesNothingRunning(t *testing.T) {
	t.Parallel()
	w := startWaiting(t)
	if err := w.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = w.cmd.Wait()
	for deadline := time.Now().Add(15 * time.Second); running(t, w.url); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the server still runs")
		}
	}
}

func TestDevelopmentServer(t *testing.T) {
	t.Parallel()
	checkout := t.TempDir()
	for dir := checkout; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil { // the server's account walks through
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(checkout, "go.work"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	call := func(want int, args ...string) string {
		t.Helper()
		cmd := devdb(args...)
		cmd.Dir = checkout
		code, out, errs := runDevdb(t, cmd)
		if code != want {
			t.Fatalf("devdb %v: exit code %d, want %d\n%s", args, code, want, errs)
		}
		return strings.TrimSpace(out)
	}
	call(1, "url")
	call(0, "start")
	t.Cleanup(func() { call(0, "reset") })
	address := call(0, "url", "openhouse")
	if !strings.HasSuffix(address, "/openhouse?sslmode=disable") || !running(t, address) {
		t.Errorf("address %q", address)
	}
	call(0, "start")
	if again := call(0, "url", "openhouse"); again != address {
		t.Errorf("a second start changed the address to %q", again)
	}
	call(0, "stop")
	if running(t, address) {
		t.Error("stop left the server")
	}
	call(0, "stop")
	call(0, "reset")
	if exists, _ := filepath.Glob(filepath.Join(checkout, ".local", "pg", "*", "data")); len(exists) > 0 {
		t.Errorf("reset left %v", exists)
	}
}
