package web_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"openhouse.example/packages/db"
	"openhouse.example/packages/web"
)

func TestDBHealthHealthy(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	w := s.do(get(web.HealthPath))
	shape := regexp.MustCompile(`^\{"status":"healthy","latencyMs":8,"poolStats":\{"totalCount":5,"idleCount":3,"waitingCount":0\},` +
		`"timestamp":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"\}\n$`)
	m := shape.FindStringSubmatch(w.Body.String())
	if m == nil {
		t.Fatalf("body %s doesn't match %s", w.Body, shape)
	}
	if at, err := time.Parse(time.RFC3339, m[1]); err != nil || time.Since(at).Abs() > time.Minute {
		t.Errorf("timestamp %s is not now in UTC (%v)", m[1], err)
	}
	h := w.Header()
	if w.Code != 200 || h.Get("Cache-Control") != "no-store" || h.Get("Content-Type") != "application/json" || h.Get("Retry-After") != "" {
		t.Errorf("%d %v", w.Code, h)
	}
}

func TestDBHealthUnhealthy(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.db.health = db.Health{Reason: "auth", PoolStats: db.PoolStats{WaitingCount: 4}}
	w := s.do(get(web.HealthPath))
	if w.Code != 503 || w.Header().Get("Retry-After") != "1" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	body := w.Body.String()
	if !strings.HasPrefix(body, `{"status":"unhealthy","latencyMs":0,"poolStats":{"totalCount":0,"idleCount":0,"waitingCount":4},"timestamp":"`) {
		t.Errorf("body %s", body)
	}
	if strings.Contains(body, "auth") {
		t.Errorf("the reason is public: %s", body)
	}
}

func TestDBHealthDraining(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.on("/", ok)
	s.app.Drain()
	w := s.do(get(web.HealthPath))
	if w.Code != 503 || !strings.HasPrefix(w.Body.String(), `{"status":"draining",`) || w.Header().Get("Retry-After") != "1" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := s.do(get("/")); w.Code != 200 {
		t.Errorf("while draining a page is %d", w.Code)
	}
	if w := s.do(get(web.LivePath)); w.Code != 200 {
		t.Errorf("while draining liveness is %d", w.Code)
	}
}

func TestDBHealthOverHTTP(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	server := httptest.NewServer(s.router)
	defer server.Close()
	resp, err := server.Client().Head(server.URL + web.HealthPath)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/json" {
		t.Errorf("HEAD: %s %v", resp.Status, resp.Header)
	}
}

func TestDBHealthDraft(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		healthy bool
		drain   bool
		status  string
		check   string
		code    int
	}{{true, false, "pass", "pass", 200}, {false, false, "fail", "fail", 503}, {true, true, "fail", "pass", 503}} {
		s := newStand(t)
		s.db.health.Healthy = c.healthy
		if c.drain {
			s.app.Drain()
		}
		w := s.do(get(web.HealthPath, "Accept", "application/health+json"))
		var body struct {
			Status string
			Checks map[string][]struct {
				ComponentType, ObservedUnit, Status, Time string
				ObservedValue                             int64
			}
		}
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
		first := body.Checks["database:responseTime"]
		if w.Code != c.code || w.Header().Get("Content-Type") != "application/health+json" || body.Status != c.status ||
			len(first) != 1 || first[0].Status != c.check || first[0].ObservedUnit != "ms" || first[0].ComponentType != "datastore" {
			t.Errorf("%+v: %d %s %s", c, w.Code, w.Header().Get("Content-Type"), w.Body)
		}
	}
}

func TestLiveNeverAsksTheDatabase(t *testing.T) {
	t.Parallel()
	s := newStand(t, func(a *web.App) { a.Pool = nil })
	if w := s.do(get(web.LivePath)); w.Code != http.StatusOK || w.Body.String() != `{"status":"alive"}`+"\n" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	alive := httptest.NewServer(s.router)
	defer alive.Close()
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	gone := httptest.NewServer(s.router)
	gone.Close()
	host := func(server *httptest.Server) string { return strings.TrimPrefix(server.URL, "http://") }
	port := func(server *httptest.Server) string { return server.URL[strings.LastIndex(server.URL, ":"):] }
	for name, c := range map[string]struct {
		addr string
		want int
	}{
		"address":          {host(alive), 0},
		"every address":    {port(alive), 0},
		"unspecified":      {"0.0.0.0" + port(alive), 0},
		"something else":   {host(other), 1},
		"nobody":           {host(gone), 1},
		"no address given": {"3001", 1},
	} {
		if got := web.Check(c.addr); got != c.want {
			t.Errorf("%s: Check(%q) = %d, want %d", name, c.addr, got, c.want)
		}
	}
}
