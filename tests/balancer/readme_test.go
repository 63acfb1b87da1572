package balancer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"openhouse.example/packages/pgdev"
	"openhouse.example/tests/stack"
)

// TestTheReadmesTenLines: they are accepted by HAProxy, ask for the right address and put people's own last.
func TestTheReadmesTenLines(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(stack.Root(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?s)```\n(defaults\n.*?)```").FindSubmatch(text)
	if found == nil {
		t.Fatal("README.md has no configuration that begins with defaults")
	}
	lines := string(found[1])
	if n := strings.Count(lines, "\n"); n != 10 {
		t.Errorf("the ten lines are %d", n)
	}
	portal := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/health/db" {
			_, _ = io.WriteString(w, strings.Join(r.Header.Values("X-Forwarded-For"), ", "))
		}
	}))
	t.Cleanup(portal.Close)
	both, trust := certificate(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	b, err := pgdev.StartBalancer(ctx, pgdev.BalancerConfig{
		Files: map[string]string{certificateFile: both},
		Text: func(place pgdev.BalancerPlace) (string, error) {
			here := strings.NewReplacer(":443", place.HTTPS, "/etc/haproxy/certs", filepath.Join(place.Home, certificateFile),
				"10.0.0.11:3002", strings.TrimPrefix(portal.URL, "http://")).Replace(lines)
			if strings.Count(here, "127.0.0.1:") != 2 {
				return "", errors.New("the ten lines have other addresses than this test replaces")
			}
			return fmt.Sprintf("global\n  stats socket %s level admin\n%s", place.Socket, here), nil
		},
	}, func(line string) { fmt.Fprintln(os.Stderr, "pgdev: "+line) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Stop(); err != nil {
			t.Error(err)
		}
	})
	l := &lab{t: t, balancer: b}
	l.trust(trust)
	stack.Eventually(t, 20*time.Second, "a check to go well", func() bool { return l.stat()["residents/one"]["check_status"] == "L7OK" })
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+homeName+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Forwarded-For", "198.51.100.7")
	answer, err := l.client(false, "").Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if said, err := io.ReadAll(answer.Body); err != nil || string(said) != "198.51.100.7, 127.0.0.1" {
		t.Errorf("the portal gets X-Forwarded-For %q (%v), want the client's own address last", said, err)
	}
}
