package load_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"openhouse.example/tests/load"
)

func client(t *testing.T, origin string) *load.Client {
	t.Helper()
	c := load.NewClient(origin)
	t.Cleanup(c.Close)
	return c
}

func server(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// TestCauses: each kind of failure has a name, and none says what was asked for.
func TestCauses(t *testing.T) {
	t.Parallel()
	portal := server(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/s3cret/ok":
			fmt.Fprint(w, "fine")
		case "/s3cret/redirect":
			http.Redirect(w, r, "/s3cret/ok", http.StatusSeeOther)
		case "/s3cret/code":
			w.WriteHeader(http.StatusTooManyRequests)
			fmt.Fprint(w, `{"error":{"code":"too_many_requests","message":"s3cret"}}`)
		case "/s3cret/broken":
			panic(http.ErrAbortHandler)
		case "/s3cret/short":
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, "half")
		default:
			http.NotFound(w, r)
		}
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + l.Addr().String()
	_ = l.Close()
	ended, end := context.WithCancel(t.Context())
	end()
	for _, c := range []struct {
		ctx          context.Context
		origin, path string
		status       int
		cause        string
	}{
		{t.Context(), portal, "/s3cret/ok", 200, ""},
		{t.Context(), portal, "/s3cret/redirect", 303, "303"},
		{t.Context(), portal, "/s3cret/none", 404, "404"},
		{t.Context(), portal, "/s3cret/code", 429, "429 too_many_requests"},
		{t.Context(), portal, "/s3cret/broken", 0, "connection broken"},
		{t.Context(), portal, "/s3cret/short", 200, "cut short: connection broken"},
		{t.Context(), nobody, "/s3cret", 0, "connection refused"},
		{t.Context(), "http://%", "/s3cret", 0, "an address that can't be called"},
		{ended, portal, "/s3cret/ok", 0, "interrupted"},
	} {
		status, _, cause := client(t, c.origin).Ask(c.ctx, load.Question{Method: http.MethodGet, Path: c.path, Want: http.StatusOK})
		if status != c.status || cause != c.cause {
			t.Errorf("%s: %d %q, want %d %q", c.path, status, cause, c.status, c.cause)
		}
	}
}

// TestVisitorsComeFromManyAddresses, and say what they want as a program does.
func TestVisitorsComeFromManyAddresses(t *testing.T) {
	t.Parallel()
	type asked struct{ from, kind, key, body string }
	said := make(chan asked, 1)
	c := client(t, server(t, func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		said <- asked{r.Header.Get("X-Forwarded-For"), r.Header.Get("Content-Type"), r.Header.Get("Idempotency-Key"), string(body)}
	}))
	c.Ask(t.Context(), load.Question{Method: http.MethodPost, Path: "/", Visitor: 7, Body: map[string]string{"email": "a@example.org"}, Key: "once", Want: 200})
	if got, want := <-said, (asked{c.Address(7).String(), "application/json", "once", `{"email":"a@example.org"}`}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	c.Ask(t.Context(), load.Question{Method: http.MethodGet, Path: "/", Visitor: 8, Want: 200})
	if got, want := <-said, (asked{from: c.Address(8).String()}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	reserved, seen := netip.MustParsePrefix("198.18.0.0/15"), map[netip.Addr]bool{}
	for n := range 1 << 17 {
		seen[c.Address(n)] = true
		if !reserved.Contains(c.Address(n)) {
			t.Fatalf("visitor %d comes from %v", n, c.Address(n))
		}
	}
	if len(seen) != 1<<17 {
		t.Errorf("%d addresses", len(seen))
	}
}

func TestThePoolIsWatched(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 100)
	answers := []string{
		`{"status":"healthy","poolStats":{"totalCount":20,"idleCount":5,"waitingCount":3}}`, `not JSON`, `{"status":"healthy"}`,
		`{"status":"unhealthy","poolStats":{"totalCount":4,"idleCount":4,"waitingCount":9}}`,
	}
	n := 0
	w := load.WatchPool(t.Context(), server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/health/db" {
			t.Errorf("%s was asked", r.URL)
		}
		fmt.Fprint(w, answers[min(n, len(answers)-1)])
		n++
		asked <- struct{}{}
	}), time.Millisecond)
	for range len(answers) + 1 { // the fifth question comes when the fourth answer was read
		<-asked
	}
	last := w.Last()
	got := w.Stop()
	if got.MostInUse != 15 || got.MostWaiting != 9 || got.MostTotal != 20 || got.Missed != 2 || len(got.Samples) < 2 {
		t.Errorf("%+v", got)
	}
	if first := got.Samples[0]; first.InUse() != 15 || !first.Healthy || last.Healthy || last.Waiting != 9 {
		t.Errorf("first %+v, last %+v", first, last)
	}
}

func TestTellWritesALineASecond(t *testing.T) {
	t.Parallel()
	pool := load.WatchPool(t.Context(), server(t, http.NotFound), time.Hour)
	defer pool.Stop()
	recorder := load.NewRecorder()
	ctx, stop := context.WithCancel(t.Context())
	lines := &lines{found: make(chan string, 10)}
	done := make(chan struct{})
	go func() { defer close(done); load.Tell(ctx, lines, recorder, pool) }()
	load.Closed(ctx, 1, 3, func(_ context.Context, _ load.Turn, w *load.Walk) {
		w.Step("page", func() (int, string) { return 429, "429" })
	}, recorder)
	line := <-lines.found
	stop()
	<-done
	if !strings.Contains(line, "sent 3 of 3   ok 0   failed 0   429 3   p95 ") || !strings.Contains(line, "pool 0 in use, 0 waiting\n") {
		t.Errorf("%q", line)
	}
}

// lines hands on what is written.
type lines struct{ found chan string }

func (l *lines) Write(p []byte) (int, error) { l.found <- string(bytes.Clone(p)); return len(p), nil }
