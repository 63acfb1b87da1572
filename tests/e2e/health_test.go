package e2e

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"openhouse.example/packages/pgdev"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/tests/stack"
)

// probe asks like a balancer and reads the whole answer.
func probe(t testing.TB, method, address string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Timeout: 3 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

var (
	numbers   = regexp.MustCompile(`:\d+\b`)
	timestamp = regexp.MustCompile(`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"`)
)

// shape takes from a health answer what differs from one moment to the next.
func shape(body string) string {
	return numbers.ReplaceAllString(timestamp.ReplaceAllString(body, `"<time>"`), ":<n>")
}

// TestHealthContract holds the answer to the seed's, key by key and in its order, on both portals.
func TestHealthContract(t *testing.T) {
	t.Parallel()
	s := start(t)
	golden, err := os.ReadFile(filepath.Join("testdata", "health.golden"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []*stack.Portal{s.Developer, s.Tenant} {
		response, body := probe(t, http.MethodGet, p.URL+"/api/health/db")
		if response.StatusCode != http.StatusOK || shape(body) != string(golden) {
			t.Errorf("%s answers %d:\n%swant the shape of\n%s", p.Name, response.StatusCode, body, golden)
		}
		for name, want := range map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store"} {
			if got := response.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", p.Name, name, got, want)
			}
		}
		var values struct {
			LatencyMs int
			PoolStats struct{ TotalCount, IdleCount, WaitingCount int }
			Timestamp time.Time
		}
		if err := json.Unmarshal([]byte(body), &values); err != nil {
			t.Fatal(err)
		}
		if v := values.PoolStats; values.LatencyMs < 1 || v.TotalCount < 2 || v.TotalCount > 20 || v.IdleCount > v.TotalCount || v.WaitingCount != 0 {
			t.Errorf("%s: figures that can't be: %+v", p.Name, values)
		}
		if age := time.Since(values.Timestamp); age < -time.Second || age > 5*time.Second {
			t.Errorf("%s: the timestamp is %v old", p.Name, age)
		}
		head, nothing := probe(t, http.MethodHead, p.URL+"/api/health/db")
		if head.StatusCode != http.StatusOK || nothing != "" || head.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: HEAD answers %d %q", p.Name, head.StatusCode, nothing)
		}
		live, body := probe(t, http.MethodGet, p.URL+"/api/health/live")
		if live.StatusCode != http.StatusOK || body != `{"status":"alive"}`+"\n" {
			t.Errorf("%s: liveness answers %d %q", p.Name, live.StatusCode, body)
		}
	}
}

// TestCheckCommand is what a container's health check runs.
func TestCheckCommand(t *testing.T) {
	t.Parallel()
	for _, s := range sides {
		t.Run(s.portal, func(t *testing.T) {
			t.Parallel()
			db := pgtest.New(t)
			p := stack.Prepare(t, s.portal)
			env := flat(s.env(db))
			if code, said := p.Run(10*time.Second, env, "-check"); code != 1 || said == "" {
				t.Errorf("nobody listens, but -check ends with %d: %s", code, said)
			}
			p.Launch(env...)
			p.AwaitReady()
			if code, said := p.Run(10*time.Second, env, "-check"); code != 0 {
				t.Errorf("the portal runs, but -check ends with %d: %s", code, said)
			}
		})
	}
}

// TestStartsWithoutTheDatabase: the process lives, says that it isn't ready, and heals when the database comes.
func TestStartsWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	db := pgtest.NewOn(t, server)
	if err := server.Halt(pgdev.Fast); err != nil {
		t.Fatal(err)
	}
	var portals []*stack.Portal
	for _, s := range sides {
		env := s.env(db)
		env["DB_POOL_CONN_TIMEOUT_MS"] = "500"
		p := stack.Prepare(t, s.portal)
		p.Launch(flat(env)...)
		portals = append(portals, p)
	}
	for _, p := range portals {
		status, body := await(t, p, func(status int, _ string) bool { return status != 0 })
		if status != http.StatusServiceUnavailable || !strings.Contains(body, `"status":"unhealthy"`) {
			t.Errorf("%s without a database answers %d %s", p.Name, status, body)
		}
		if leak := driverText(body); leak != "" {
			t.Errorf("%s tells the world %q: %s", p.Name, leak, body)
		}
		if live, _ := probe(t, http.MethodGet, p.URL+"/api/health/live"); live.StatusCode != http.StatusOK {
			t.Errorf("%s: liveness answers %d, so the portal would be restarted for nothing", p.Name, live.StatusCode)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := server.Resume(ctx); err != nil {
		t.Fatal(err)
	}
	for _, p := range portals {
		await(t, p, func(status int, _ string) bool { return status == http.StatusOK })
	}
}

// await asks the health route until the answer is the wanted one, for at most 15 s.
func await(t testing.TB, p *stack.Portal, wanted func(status int, body string) bool) (status int, body string) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if status, body = p.Health(); wanted(status, body) {
			return status, body
		}
	}
	t.Fatalf("%s: the health route never gave the wanted answer, at the end %d %s\n%s", p.Name, status, body, p.Log())
	return 0, ""
}

// driverText finds what only operators may read: words of the driver, addresses, logins.
func driverText(body string) string {
	for _, word := range []string{
		"dial", "tcp", "127.0.0.1", "pgx", "pgconn", "SQLSTATE", "FATAL", "connect", "refused", "openhouse_", "hostname", "reason", "goroutine",
	} {
		if strings.Contains(body, word) {
			return word
		}
	}
	return ""
}
