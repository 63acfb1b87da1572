//go:build linux || darwin

package pgdev

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
)

// plain is a configuration without TLS, before one server.
func plain(server string) func(BalancerPlace) (string, error) {
	return func(place BalancerPlace) (string, error) {
		return fmt.Sprintf(`
global
  stats socket %s level admin
  log stdout format raw local0
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
listen web
  bind %s
  bind %s
  server one %s
`, place.Socket, place.HTTP, place.HTTPS, strings.TrimPrefix(server, "http://")), nil
	}
}

func startBalancer(t *testing.T, c BalancerConfig) *Balancer {
	t.Helper()
	b, err := StartBalancer(t.Context(), c, func(string) {})
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

// fetch answers what the balancer's address says, or the error.
func fetch(address string) string {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get("http://" + address)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = answer.Body.Close() }()
	body, _ := io.ReadAll(answer.Body)
	return string(body)
}

func TestBalancerRunsAndLeavesNothing(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "behind") }))
	t.Cleanup(server.Close)
	b := startBalancer(t, BalancerConfig{Text: plain(server.URL), Files: map[string]string{"secret.pem": "key"}})
	for _, address := range []string{b.HTTP(), b.HTTPS()} {
		if got := fetch(address); got != "behind" {
			t.Errorf("%s says %q", address, got)
		}
	}
	rows, err := b.Stat(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, row := range rows {
		found = found || row["pxname"] == "web" && row["svname"] == "one" && row["stot"] == "2"
	}
	if !found {
		t.Errorf("show stat has no server with two requests: %v", rows)
	}
	if info, err := os.Stat(b.home + "/secret.pem"); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file with a key: %v %v, want it closed to others", info, err)
	}
	if info, err := os.Stat("/proc/" + strconv.Itoa(b.PID())); err == nil && os.Geteuid() == 0 {
		if uid, _ := owner(info); uid == 0 {
			t.Error("HAProxy runs as root")
		}
	}
	home, pid, address := b.home, b.PID(), b.HTTP()
	b.Kill()
	if b.PID() != 0 || alive(pid) {
		t.Error("killed and still there")
	}
	for range 2 { // the second does nothing
		if err := b.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if b.HTTP() != address || fetch(address) != "behind" {
		t.Errorf("after a crash it is at %s, was at %s", b.HTTP(), address)
	}
	pid = b.PID()
	for range 2 {
		if err := b.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	if alive(pid) || exists(home) {
		t.Errorf("after Stop: process alive %v, home there %v", alive(pid), exists(home))
	}
}

func TestBalancerRefusesAConfigurationThatIsWrong(t *testing.T) {
	t.Parallel()
	b, err := StartBalancer(t.Context(), BalancerConfig{Text: func(BalancerPlace) (string, error) {
		return "defaults\n  mode generous\n", nil
	}}, func(string) {})
	if err == nil {
		_ = b.Stop()
		t.Fatal("started")
	}
	if !strings.Contains(err.Error(), "generous") {
		t.Errorf("%v\nwant HAProxy's own words", err)
	}
	mine := errors.New("no such text")
	if _, err := StartBalancer(t.Context(), BalancerConfig{Text: func(BalancerPlace) (string, error) { return "", mine }}, func(string) {}); !errors.Is(err, mine) {
		t.Errorf("%v, want the caller's own error", err)
	}
}
