//go:build linux || darwin

package pgdev

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// bouncerFor is a PgBouncer before a throw-away server, whose superuser it lets
// in.
func bouncerFor(t *testing.T, s *Server, settings map[string]string) *Bouncer {
	t.Helper()
	secret := query(t, s.URL("postgres"), "select rolpassword from pg_authid where rolname = 'postgres'")
	b, err := StartBouncer(t.Context(), BouncerConfig{
		Ini:  "[databases]\n* = host=db.example.org\n[pgbouncer]\nauth_type = scram-sha-256\npool_mode = session\nlisten_port = 6432\nmax_client_conn = 57\n",
		Host: loopback, Port: s.Port(), Userlist: fmt.Sprintf("%q %q", superuser, secret), Settings: settings,
	}, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Stop(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func through(b *Bouncer, s *Server) string { return serverURL(b.Port(), s.password, "postgres") }

func TestBouncerRunsAndLeavesNothing(t *testing.T) {
	t.Parallel()
	s := startThrowaway(t)
	b := bouncerFor(t, s, map[string]string{"pool_mode": "transaction"})
	if got := query(t, through(b, s), "select current_setting('"+serverIDSetting+"')"); got != s.id {
		t.Errorf("behind PgBouncer is the server %q, want %q", got, s.id)
	}
	if _, err := pgx.Connect(t.Context(), serverURL(b.Port(), "wrong", "postgres")); err == nil {
		t.Error("a wrong password was let in")
	}
	rows, err := b.Console(t.Context(), "show config")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"listen_addr": loopback, "listen_port": strconv.Itoa(b.Port()), "pool_mode": "transaction", "max_client_conn": "57", "unix_socket_dir": ""} {
		for _, row := range rows {
			if row["key"] == name && row["value"] != want {
				t.Errorf("%s = %q, want %q", name, row["value"], want)
			}
		}
	}
	if _, err := b.Console(t.Context(), "make tea"); err == nil {
		t.Error("the console obeyed a command that does not exist")
	}
	info, err := os.Stat("/proc/" + strconv.Itoa(b.PID()))
	if err == nil && os.Geteuid() == 0 {
		if uid, _ := owner(info); uid == 0 {
			t.Error("PgBouncer runs as root")
		}
	}
	home, pid := b.home, b.PID()
	if err := b.Stop(); err != nil {
		t.Fatal(err)
	}
	if alive(pid) || exists(home) {
		t.Errorf("after Stop: process alive %v, home there %v", alive(pid), exists(home))
	}
	if err := b.Stop(); err != nil {
		t.Errorf("second Stop: %v", err)
	}
}

func TestBouncerComesBackOnItsPort(t *testing.T) {
	t.Parallel()
	s := startThrowaway(t)
	b := bouncerFor(t, s, nil)
	port, pid := b.Port(), b.PID()
	b.Kill()
	if b.PID() != 0 || alive(pid) {
		t.Fatal("killed and still there")
	}
	if conn, err := net.Dial("tcp", b.Addr()); err == nil {
		_ = conn.Close()
		t.Error("killed, and somebody listens")
	}
	for range 2 { // the second does nothing
		if err := b.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if b.Port() != port || query(t, through(b, s), "select 'still here'") != "still here" {
		t.Errorf("port %d, was %d", b.Port(), port)
	}
}

func TestBouncerPausesAndResumes(t *testing.T) {
	t.Parallel()
	s := startThrowaway(t)
	b := bouncerFor(t, s, map[string]string{"pool_mode": "transaction"})
	if _, err := b.Console(t.Context(), "pause"); err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if conn, err := pgx.Connect(short, through(b, s)); err == nil {
		if _, err := conn.Exec(short, "select 1"); err == nil {
			t.Error("a paused PgBouncer served a statement")
		}
		_ = conn.Close(t.Context())
	}
	if _, err := b.Console(t.Context(), "resume"); err != nil {
		t.Fatal(err)
	}
	if got := query(t, through(b, s), "select 'on'"); got != "on" {
		t.Error(got)
	}
}

func TestBouncerRefusesAConfigurationThatIsWrong(t *testing.T) {
	t.Parallel()
	b, err := StartBouncer(t.Context(), BouncerConfig{Ini: "[pgbouncer]\npool_mode = generous\n", Host: loopback, Port: 1}, func(string) {})
	if err == nil {
		_ = b.Stop()
		t.Fatal("started")
	}
	if !strings.Contains(err.Error(), "pool_mode") {
		t.Errorf("%v\nwant PgBouncer's own words about pool_mode", err)
	}
}

// Where no signal follows a launcher's death, the next start of a server ends
// what it has left.
func TestSweepEndsALeftBouncer(t *testing.T) {
	t.Parallel()
	base := openDir(t)
	acct, err := serverAccount()
	if err != nil {
		t.Fatal(err)
	}
	home, lock, err := makeHome(acct, base)
	if err != nil {
		t.Fatal(err)
	}
	left := exec.Command("sh", "-c", "sleep 60; :", home+"/"+bouncerIni)
	left.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := left.Start(); err != nil {
		t.Fatal(err)
	}
	pid := left.Process.Pid
	defer func() { _ = syscall.Kill(-pid, syscall.SIGKILL) }()
	if err := writeWhole(home+"/"+stationPid, strconv.Itoa(pid), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := (marker{ID: "x", Kind: kindThrowaway, Created: time.Now()}).write(home); err != nil {
		t.Fatal(err)
	}
	if err := lock.Close(); err != nil { // the launcher is dead
		t.Fatal(err)
	}
	sweep(base, func(string) {})
	if err := left.Wait(); err == nil {
		t.Error("the process was not ended")
	}
	if exists(home) {
		t.Error("its home is still there")
	}
}
