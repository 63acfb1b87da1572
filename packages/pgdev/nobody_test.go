//go:build linux || darwin

package pgdev

import (
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Everything must work without root, too: root runs a part of these tests again
// as an ordinary user, who cannot even read root's home.
func TestAsOrdinaryUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Log("these tests run as an ordinary user already")
		return
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(nobody.Uid)
	gid, _ := strconv.Atoi(nobody.Gid)

	acct, err := serverAccount()
	if err != nil {
		t.Fatal(err)
	}
	bouncer, err := thisMachine(acct, func(string) {}).findProgram(t.Context(), pgBouncer) // or the user would fetch one of his own
	if err != nil {
		t.Fatal(err)
	}

	dir := openDir(t)
	program := filepath.Join(dir, "pgdev.test")
	copyProgram(t, program)
	home := filepath.Join(dir, "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(home, uid, gid); err != nil {
		t.Fatal(err)
	}
	const part = "^(TestThrowawayRunsAndLeavesNothing|TestHaltAndResumeKeepPortAndData|TestKilledLauncherLeavesNothing|" +
		"TestDevServerKeepsItsData|TestSecondStartAdopts|TestUnreachableCheckout|TestOnlyAnEngineAndNPM|" +
		"TestBouncerRunsAndLeavesNothing)$"
	cmd := exec.Command(program, "-test.v", "-test.run", part)
	cmd.Dir = home
	cmd.Env = append(bouncer.environ(), "PATH="+os.Getenv("PATH"), "HOME="+home, "TMPDIR="+home, pgBouncer.variable+"="+bouncer.path)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid), Groups: []uint32{}}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if passed := strings.Count(string(out), "--- PASS"); passed != strings.Count(part, "Test") {
		t.Errorf("%d tests passed, want %d:\n%s", passed, strings.Count(part, "Test"), out)
	}
	if left := entries(t, home); len(left) > 0 {
		t.Errorf("left in the user's home: %v", left)
	}
}

func copyProgram(t *testing.T, to string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	in, err := os.Open(self)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Chmod(0o755); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}
