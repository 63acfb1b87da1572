//go:build linux || darwin

package pgdev

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestThrowawayRunsAndLeavesNothing(t *testing.T) {
	t.Parallel()
	base := openDir(t)
	s, err := throwaway{say: func(string) {}, bases: []string{base}}.start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pid := s.PID()
	for sql, want := range map[string]string{
		"show cluster_name":              "openhouse-throwaway",
		"show fsync":                     "off",
		"show listen_addresses":          "127.0.0.1",
		"show unix_socket_directories":   "",
		"show server_encoding":           "UTF8",
		"show timezone":                  "UTC",
		"select lower('ÓRLA')":           "órla",
		"select current_setting('port')": strconv.Itoa(s.Port()),
		"select ('Órla' ILIKE 'óRLA')::text || (select (rolsuper)::text from pg_roles where rolname = current_user)": "truetrue",
		"select string_agg(distinct auth_method, ',') from pg_hba_file_rules":                                        "scram-sha-256",
	} {
		if got := query(t, s.URL("postgres"), sql); got != want {
			t.Errorf("%s = %q, want %q", sql, got, want)
		}
	}
	info, err := os.Stat(filepath.Join(s.Home(), passwordFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("password file: %v, %v", info, err)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if alive(pid) {
		t.Errorf("process %d still runs", pid)
	}
	if left := entries(t, base); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := s.Stop(); err != nil {
		t.Errorf("second Stop: %v", err)
	}
	if s.PID() != 0 {
		t.Errorf("PID of a stopped server is %d", s.PID())
	}
}

func TestThrowawayNeverRunsAsRoot(t *testing.T) {
	t.Parallel()
	s := startThrowaway(t)
	info, err := os.Stat(filepath.Join(s.Home(), dataDir))
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := owner(info)
	if uid == 0 || uid != s.account.uid {
		t.Errorf("the data belongs to user %d, the server's account is %d", uid, s.account.uid)
	}
}

func TestThrowawayOption(t *testing.T) {
	t.Parallel()
	s := startThrowaway(t, WithSetting("max_connections", "17"), WithSetting("wal_level", "replica"))
	if got := query(t, s.URL("postgres"), "show max_connections") + query(t, s.URL("postgres"), "show wal_level"); got != "17replica" {
		t.Errorf("settings = %s", got)
	}
}

func TestHaltAndResumeKeepPortAndData(t *testing.T) {
	t.Parallel()
	s := startThrowaway(t)
	exec1(t, s.URL("postgres"), "create table kept (n int)")
	port, pid := s.Port(), s.PID()
	for i, mode := range []Mode{Fast, Immediate} {
		// Confirmed a moment before the halt: it must be there afterwards.
		exec1(t, s.URL("postgres"), "insert into kept values (1)")
		if err := s.Halt(mode); err != nil {
			t.Fatal(err)
		}
		if _, err := net.DialTimeout("tcp", net.JoinHostPort(loopback, strconv.Itoa(port)), time.Second); err == nil {
			t.Error("a halted server still listens")
		}
		if err := s.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s.Port() != port || s.PID() == pid || s.PID() == 0 {
			t.Errorf("port %d, process %d after port %d, process %d", s.Port(), s.PID(), port, pid)
		}
		if got := query(t, s.URL("postgres"), "select count(*)::text from kept"); got != strconv.Itoa(i+1) {
			t.Errorf("rows = %s, want %d", got, i+1)
		}
	}
	if err := s.Resume(t.Context()); err != nil {
		t.Errorf("Resume of a running server: %v", err)
	}
	if err := s.Restart(t.Context(), Fast); err != nil {
		t.Error(err)
	}
}

func TestResumeAfterCrash(t *testing.T) {
	t.Parallel()
	s := startThrowaway(t)
	exec1(t, s.URL("postgres"), "create table kept as select 1 as n")
	if err := signalProcess(s.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the killed server is gone", func() bool { return s.PID() == 0 })
	if err := s.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := query(t, s.URL("postgres"), "select n::text from kept"); got != "1" {
		t.Errorf("row = %q", got)
	}
}

func TestFrozenServerCanBeStopped(t *testing.T) {
	t.Parallel()
	s := startThrowaway(t)
	if err := signalProcess(s.PID(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took >= stopPatience {
		t.Errorf("stopping took %s: it was killed, not asked", took)
	}
}

func TestAddressIsThereWhileTheServerIsNot(t *testing.T) {
	t.Parallel()
	s := startThrowaway(t)
	before := s.URL("x")
	if err := s.Halt(Immediate); err != nil {
		t.Fatal(err)
	}
	squatter, err := net.Listen("tcp", net.JoinHostPort(loopback, strconv.Itoa(s.Port())))
	if err != nil {
		t.Fatal(err)
	}
	resumed := make(chan error, 1)
	go func() { resumed <- s.Resume(t.Context()) }() // cannot succeed yet
	if after := s.URL("x"); after != before {
		t.Errorf("address %s, want %s", after, before)
	}
	squatter.Close()
	if err := <-resumed; err != nil {
		t.Error(err)
	}
}

func TestResumeWaitsForItsPort(t *testing.T) {
	t.Parallel()
	s := startThrowaway(t)
	if err := s.Halt(Fast); err != nil {
		t.Fatal(err)
	}
	address := net.JoinHostPort(loopback, strconv.Itoa(s.Port()))
	squatter, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := s.Resume(short); err == nil {
		t.Error("Resume succeeded on a port that another program has")
	}
	resumed := make(chan error, 1)
	go func() { resumed <- s.Resume(t.Context()) }()
	squatter.Close()
	if err := <-resumed; err != nil {
		t.Error(err)
	}
}

func TestBusyPortIsLeftForAnother(t *testing.T) {
	t.Parallel()
	squatter, err := net.Listen("tcp", net.JoinHostPort(loopback, strconv.Itoa(anyPort())))
	if err != nil {
		t.Fatal(err)
	}
	defer squatter.Close()
	busy := squatter.Addr().(*net.TCPAddr).Port

	s := startThrowaway(t)
	if err := s.Halt(Fast); err != nil {
		t.Fatal(err)
	}
	if err := s.launchAnywhere(t.Context(), busy); err != nil {
		t.Fatal(err)
	}
	if s.Port() == busy {
		t.Errorf("the server claims port %d, which is taken", busy)
	}
	query(t, s.URL("postgres"), "select 'here'")
}

func TestStartShowsWhatTheServerSaid(t *testing.T) {
	t.Parallel()
	base := openDir(t)
	tw := throwaway{say: func(string) {}, bases: []string{base}, settings: []setting{{"work_mem", "plenty"}}}
	_, err := tw.start(t.Context())
	if err == nil || !strings.Contains(err.Error(), `invalid value for parameter "work_mem"`) {
		t.Errorf("error = %v, want the server's own words", err)
	}
	if left := entries(t, base); len(left) > 0 {
		t.Errorf("a failed start left %v", left)
	}
}

func TestStartStopsWithItsContext(t *testing.T) {
	t.Parallel()
	base := openDir(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := (throwaway{say: func(string) {}, bases: []string{base}}).start(ctx); err == nil {
		t.Fatal("a start of 100 ms succeeded: shorten the limit")
	}
	if left := entries(t, base); len(left) > 0 {
		t.Errorf("a cancelled start left %v", left)
	}
}
