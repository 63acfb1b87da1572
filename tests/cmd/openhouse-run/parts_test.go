package main

import (
	"bytes"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"openhouse.example/packages/pgdev"
	"openhouse.example/tests/demo"
)

func environment(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

func TestSettings(t *testing.T) {
	t.Parallel()
	s, err := readSettings(environment(nil), []string{
		"DATABASE_URL=postgres://owner:secret@db.example.org/precious", "DEVELOPER_DATABASE_URL=x", "TENANT_JWT_KEY=y",
		"DB_POOL_MAX=5", "DB_USE_SINGLE_CLIENT=true", "PATH=/bin", "HOME=/home/somebody",
	}, "")
	if err != nil {
		t.Fatal(err)
	}
	got := s.tenantEnv(database{developer: "staff's", tenant: "residents'"})
	want := []string{
		"OPENHOUSE_ENV=development", "LISTEN_ADDR=127.0.0.1:3002", "DRAIN_DELAY_MS=0",
		"DEVELOPER_PUBLIC_URL=http://localhost:3001", "TENANT_PUBLIC_URL=http://localhost:3002",
		"DB_POOL_MAX=5", "DB_USE_SINGLE_CLIENT=true", "PATH=/bin", "HOME=/home/somebody", "TENANT_DATABASE_URL=residents'",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the tenant portal's environment (-want +got):\n%s", diff)
	}
	got = s.workerEnv(database{developer: "staff's", tenant: "residents'", worker: "its own"}, 4003)
	want = []string{
		"OPENHOUSE_ENV=development", "WORKER_DATABASE_URL=its own", "WORKER_LISTEN_ADDR=127.0.0.1:4003", "WORKER_CACHE_DIR=.local/pdf-reader",
		"DB_POOL_MAX=5", "DB_USE_SINGLE_CLIENT=true", "PATH=/bin", "HOME=/home/somebody",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the worker's environment (-want +got):\n%s", diff)
	}
}

func TestSettingsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		vars map[string]string
		lan  string
		want string
	}{
		{"no number", map[string]string{"DEVELOPER_PORT": "http"}, "", `DEVELOPER_PORT is "http"`},
		{"too large", map[string]string{"TENANT_PORT": "70000"}, "", `TENANT_PORT is "70000"`},
		{"both the same", map[string]string{"TENANT_PORT": "3001"}, "", "are both 3001"},
		{"an unclear LAN", nil, "yes", `LAN is "yes"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if _, err := readSettings(environment(c.vars), nil, c.lan); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestOnTheNetwork(t *testing.T) {
	t.Parallel()
	s := settings{developerPort: 3001, tenantPort: 3002, lan: "192.0.2.20"}
	if s.listen(3002) != "0.0.0.0:3002" || s.public(3002) != "http://192.0.2.20:3002" {
		t.Errorf("listens on %s, links lead to %s", s.listen(3002), s.public(3002))
	}
}

// The outbox answers this machine only, so its address is this machine's own also when the portals are on the network.
func TestTheSummaryOnTheNetwork(t *testing.T) {
	t.Parallel()
	const link = "http://192.0.2.20:3002/link/abc"
	people := demo.Summary{Home: "14 Longview Park", Resident: "buyer@example.org"}
	for lan, wants := range map[string]bool{"192.0.2.20": true, "": false} {
		set := settings{developerPort: 3001, tenantPort: 3002, lan: lan}
		text := strings.Join(summary("/checkout", set, new(pgdev.Server), people, link), "\n")
		if !strings.Contains(text, " http://localhost:3001/outbox") || !strings.Contains(text, link) {
			t.Errorf("LAN %q: the outbox here or the resident's link is missing:\n%s", lan, text)
		}
		if says := strings.Contains(text, "which only this machine can open"); says != wants {
			t.Errorf("LAN %q: says where the outbox can be opened: %t, want %t\n%s", lan, says, wants, text)
		}
	}
}

func TestATakenPortSaysWhichAndWhatToDo(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().(*net.TCPAddr).Port
	free, err := strconv.Atoi(freePorts(t)[0])
	if err != nil {
		t.Fatal(err)
	}
	err = settings{developerPort: free, tenantPort: taken}.portsFree()
	if err == nil || !strings.Contains(err.Error(), "port "+strconv.Itoa(taken)+", for the tenant portal") ||
		!strings.Contains(err.Error(), "make run TENANT_PORT=") || strings.Contains(err.Error(), "DEVELOPER_PORT") {
		t.Errorf("got %v", err)
	}
}

func TestReadableLogLines(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		`time=2026-11-24T06:37:04.123Z level=INFO msg=request portal=tenant-portal method=GET route=/ request_id=a-b status=200`: "06:37:04 request method=GET route=/ status=200",
		`time=2026-11-24T06:37:04.123+01:00 level=WARN msg="no \"data\" base" portal=tenant-portal error="can't reach"`:          `06:37:04 WARN no \"data\" base error="can't reach"`,
		`time=2026-11-24T06:37:04.1Z level=ERROR msg="request failed" portal=tenant-portal request_id=a-b`:                       "06:37:04 ERROR request failed request_id=a-b",
		`time=2026-11-24T06:37:04.1Z level=INFO msg=request portal=tenant-portal method=GET route=/static/* status=200`:          "",
		"panic: something": "panic: something",
	} {
		if got := readable(line); got != want {
			t.Errorf("%s\nbecame %s\nwant   %s", line, got, want)
		}
	}
}

func TestLoginsStayTheSame(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "logins")
	first, err := readLogins(path)
	if err != nil {
		t.Fatal(err)
	}
	second, err := readLogins(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, second); diff != "" || first[tenantLogin] == "" || first[tenantLogin] == first[developerLogin] {
		t.Errorf("logins (-first +second):\n%s", diff)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, error %v", info.Mode(), err)
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readLogins(path); err == nil || !strings.Contains(err.Error(), "remove it") {
		t.Errorf("a damaged file gives %v", err)
	}
}

func TestAChildIsWatched(t *testing.T) {
	t.Parallel()
	out, children := &screen{w: &bytes.Buffer{}}, &family{}
	c, err := children.start(out, "tenant", "/bin/sh", "/", []string{"PATH=/bin:/usr/bin"}, "-c", "echo the last words >&2; exit 3")
	if err != nil {
		t.Fatal(err)
	}
	<-c.done
	if err := c.ended(); !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "the last words") {
		t.Errorf("got %v", err)
	}
	if err := c.healthy(t.Context(), 9); err == nil || errors.Is(err, t.Context().Err()) {
		t.Errorf("a dead portal is called healthy: %v", err)
	}
}

// What the second Ctrl-C does.
func TestKillEndsWhoDoesNotListen(t *testing.T) {
	t.Parallel()
	out, children := &screen{w: &bytes.Buffer{}}, &family{}
	c, err := children.start(out, "tenant", "/bin/sh", "/", []string{"PATH=/bin:/usr/bin"}, "-c", "trap '' TERM INT; while :; do sleep 0.1; done")
	if err != nil {
		t.Fatal(err)
	}
	children.kill()
	select {
	case <-c.done:
	case <-time.After(10 * time.Second):
		t.Fatal("it still runs")
	}
}
