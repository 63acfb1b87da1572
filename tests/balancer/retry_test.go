package balancer

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"openhouse.example/tests/stack"
)

// TestOnlyWhatMayBeDoneTwiceIsTriedAgain, on stand-ins for the portals that refuse everything, or cut the connection
// without an answer.
func TestOnlyWhatMayBeDoneTwiceIsTriedAgain(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	var cut atomic.Bool
	l := &lab{t: t}
	for _, name := range []string{"staff/one", "staff/two", "residents/one", "residents/two"} {
		portal := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/api/health/db" {
				return
			}
			asked.Add(1)
			if from := r.Header.Values("X-Forwarded-For"); !slices.Equal(from, []string{"127.0.0.1"}) {
				t.Errorf("X-Forwarded-For is %q, want the client's own address and nothing of what it has sent", from)
			}
			if cut.Load() {
				panic(http.ErrAbortHandler)
			}
			w.WriteHeader(http.StatusServiceUnavailable)
		}))
		t.Cleanup(portal.Close)
		l.instances = append(l.instances, &instance{Portal: &stack.Portal{URL: portal.URL}, name: name})
	}
	l.balance(nil)
	// Each request has a connection of its own: after the first on one, HAProxy closes it instead of answering 502, for
	// the client to try again.
	client := l.client(false, "")
	client.Transport.(*http.Transport).DisableKeepAlives = true
	for _, c := range []struct {
		what, method, key string
		times             int64
	}{
		{"a read", http.MethodGet, "", 2},
		{"a write under a key", http.MethodPost, "a-key-of-its-own", 2},
		{"a write without a key", http.MethodPost, "", 1},
		{"a deletion without a key", http.MethodDelete, "", 1},
	} {
		for _, way := range []struct {
			cut    bool
			status int
		}{{false, http.StatusServiceUnavailable}, {true, http.StatusBadGateway}} {
			cut.Store(way.cut)
			asked.Store(0)
			request, err := http.NewRequestWithContext(t.Context(), c.method, "https://"+homeName+"/link/x", strings.NewReader("a=b"))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("X-Forwarded-For", "198.51.100.7")
			if c.key != "" {
				request.Header.Set("Idempotency-Key", c.key)
			}
			answer, err := client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
			if answer.StatusCode != way.status || asked.Load() != c.times {
				t.Errorf("%s (cut: %v): answered %d after %d tries, want %d after %d", c.what, way.cut, answer.StatusCode, asked.Load(), way.status, c.times)
			}
			if way.cut && answer.Header.Get("Retry-After") == "" {
				t.Errorf("%s: HAProxy's own answer has no Retry-After", c.what)
			}
		}
	}
	if l.in(l.instances...) != len(l.instances) {
		t.Error("answers to people took an instance out")
	}
}
