package e2e

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/tests/stack"
)

const developmentsPath = "/api/developments"

// caller sends requests of one program, from any goroutine.
type caller struct {
	client *http.Client
	url    string
	token  string
}

func newCaller(t testing.TB, p *stack.Portal, path, token string, connections int) *caller {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections}
	t.Cleanup(transport.CloseIdleConnections)
	return &caller{client: &http.Client{Transport: transport, Timeout: 30 * time.Second}, url: p.URL + path, token: token}
}

// get asks once and returns status and body; the status is 0 when there was no answer at all.
func (c *caller) get(ctx context.Context) (status int, body string, err error) {
	return c.send(ctx, http.MethodGet, c.url, "")
}

func (c *caller) send(ctx context.Context, method, address, body string, headers ...string) (status int, answer string, err error) {
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	request, err := http.NewRequestWithContext(ctx, method, address, reader)
	if err != nil {
		return 0, "", err
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Authorization", "Bearer "+c.token)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := c.client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	read, err := io.ReadAll(response.Body)
	return response.StatusCode, string(read), err
}

// blockade keeps every statement on developments waiting until it is lifted.
type blockade struct{ lift func() }

func block(t testing.TB, db *pgtest.DB) blockade {
	t.Helper()
	conn := connect(t, db)
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "lock table developments in access exclusive mode"); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	lift := func() {
		once.Do(func() {
			ctx := context.WithoutCancel(t.Context())
			_ = tx.Rollback(ctx)
			_ = conn.Close(ctx)
		})
	}
	t.Cleanup(lift)
	return blockade{lift}
}

// held asks once and returns when the database holds the request; its outcome comes on the channel.
func held(t testing.TB, s *stack.Stack, c *caller) <-chan string {
	t.Helper()
	outcome := make(chan string, 1)
	ctx := context.WithoutCancel(t.Context())
	go func() {
		status, body, err := c.get(ctx)
		switch {
		case err != nil:
			outcome <- err.Error()
		case status != http.StatusOK:
			outcome <- http.StatusText(status) + " " + body
		default:
			outcome <- ""
		}
	}()
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		waiting := lookUp[int](t, s.DB, "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")
		if waiting > 0 {
			return outcome
		}
		if time.Now().After(end) {
			t.Fatal("the request does not wait for the lock")
		}
	}
}

// TestGracefulStop: with the first signal the portal says that it drains and goes on serving; then it takes nothing
// new, ends what is under way, and leaves with 0.
func TestGracefulStop(t *testing.T) {
	t.Parallel()
	for name, signal := range map[string]syscall.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": syscall.SIGINT} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const drain = 4 * time.Second // long enough for a busy machine to do all that follows before the door closes
			s := start(t, "DRAIN_DELAY_MS=4000")
			token := s.Token(t, s.NewCompany("Harbour Homes"))
			load := newCaller(t, s.Developer, developmentsPath, token, 16)

			var served, draining atomic.Int64
			var stopped atomic.Pointer[time.Time] // when the signal was sent
			failed := make(chan string, 1)
			ctx, end := context.WithCancel(t.Context())
			var clients sync.WaitGroup
			for range 8 {
				clients.Go(func() {
					for ctx.Err() == nil {
						begin := time.Now()
						status, body, err := load.get(ctx)
						sent := stopped.Load()
						if sent != nil && begin.After(sent.Add(drain-200*time.Millisecond)) {
							return // from here on it may be closed
						}
						if ctx.Err() == nil && (err != nil || status != http.StatusOK) {
							select {
							case failed <- http.StatusText(status) + " " + body + errorText(err):
							default:
							}
							return
						}
						served.Add(1)
						if sent != nil && begin.After(*sent) {
							draining.Add(1)
						}
					}
				})
			}
			waitFor(t, "some load", func() bool { return served.Load() > 50 })
			now := time.Now()
			stopped.Store(&now)
			s.Developer.Signal(signal)
			status, body := await(t, s.Developer, func(status int, _ string) bool { return status != http.StatusOK })
			if status != http.StatusServiceUnavailable || !strings.Contains(body, `"status":"draining"`) || time.Since(now) > drain/2 {
				t.Errorf("after %v the health route answers %d %s, not that it drains", time.Since(now), status, body)
			}

			waitFor(t, "the end of the load", func() bool { return time.Since(now) > drain-1200*time.Millisecond })
			barrier := block(t, s.DB)
			slow := held(t, s, newCaller(t, s.Developer, developmentsPath, token, 1))
			waitFor(t, "a closed door", func() bool { return !listens(s.Developer) })
			select {
			case <-s.Developer.Ended():
				t.Fatal("it left with a request under way")
			default:
			}
			barrier.lift()
			if problem := <-slow; problem != "" {
				t.Errorf("the request under way got %s", problem)
			}
			waitEnd(t, s.Developer, 5*time.Second)
			end()
			clients.Wait()
			select {
			case problem := <-failed:
				t.Errorf("a request while draining got %s", problem)
			default:
			}
			if code := s.Developer.ExitCode(); code != 0 {
				t.Errorf("exit code %d\n%s", code, s.Developer.Log())
			}
			waitFor(t, "its connections to end", func() bool {
				return lookUp[int](t, s.DB, "select count(*) from pg_stat_activity where datname = current_database() and usename = 'openhouse_developer_portal'") == 0
			})
			if draining.Load() == 0 {
				t.Error("nothing was served while it drained")
			}
		})
	}
}

// TestSecondSignalLeavesAtOnce: whoever sends it has waited long enough.
func TestSecondSignalLeavesAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t, "DRAIN_DELAY_MS=30000")
	for _, p := range []*stack.Portal{s.Developer, s.Tenant} {
		p.Signal(syscall.SIGTERM)
		await(t, p, func(_ int, body string) bool { return strings.Contains(body, "draining") })
		p.Signal(syscall.SIGINT)
		waitEnd(t, p, 2*time.Second)
		if p.ExitCode() != 1 {
			t.Errorf("%s: exit code %d, want 1: it was not an orderly end", p.Name, p.ExitCode())
		}
	}
}

// TestStopIsBounded: a statement that never ends does not keep the portal from leaving, and the exit code tells.
func TestStopIsBounded(t *testing.T) {
	t.Parallel()
	s := start(t, "DRAIN_DELAY_MS=0", "SHUTDOWN_TIMEOUT_MS=300")
	token := s.Token(t, s.NewCompany("Harbour Homes"))
	block(t, s.DB)
	slow := held(t, s, newCaller(t, s.Developer, developmentsPath, token, 1))
	s.Developer.Signal(syscall.SIGTERM)
	waitEnd(t, s.Developer, 10*time.Second)
	if s.Developer.ExitCode() != 1 {
		t.Errorf("exit code %d, want 1: a request was cut", s.Developer.ExitCode())
	}
	if problem := <-slow; problem == "" {
		t.Error("the request that waits for the lock has succeeded")
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func listens(p *stack.Portal) bool {
	conn, err := net.DialTimeout("tcp", strings.TrimPrefix(p.URL, "http://"), time.Second)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return false
	}
	if err == nil {
		_ = conn.Close()
	}
	return true
}

// waitFor returns once the condition holds, and ends the test when it doesn't within 20 s.
func waitFor(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited 20 s for %s", what)
		}
	}
}

func waitEnd(t testing.TB, p *stack.Portal, limit time.Duration) {
	t.Helper()
	select {
	case <-p.Ended():
	case <-time.After(limit):
		t.Fatalf("%s has not ended after %v:\n%s", p.Name, limit, p.Log())
	}
}
