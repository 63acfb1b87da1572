package web_test

import (
	"net/http"
	"strings"
	"testing"

	"openhouse.example/packages/web"
	"openhouse.example/packages/web/auth"
)

func TestAccessLogHasThePatternAndNeverTheURL(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.router.With(s.app.RequireRole(auth.RoleViewer)).Get("/onboarding/{token}", s.app.Handle(ok))
	who := s.portal.Principal(auth.RoleViewer)
	token, err := s.portal.Issuer.Issue(who)
	if err != nil {
		t.Fatal(err)
	}
	w := s.do(get("/onboarding/s3cr3t-path?q=s3cr3t-query", "Authorization", "Bearer "+token, "X-Request-Id", "edge-12345678"))
	if w.Code != http.StatusOK {
		t.Fatalf("status %d", w.Code)
	}
	lines := s.log.records(t, "request")
	if len(lines) != 1 {
		t.Fatalf("%d lines of access log, want 1: %s", len(lines), s.log.text())
	}
	for name, want := range map[string]any{
		"level": "INFO", "method": "GET", "route": "/onboarding/{token}", "status": 200.0,
		"bytes": float64(w.Body.Len()), "request_id": "edge-12345678", "tenant_id": who.TenantID.String(),
	} {
		if lines[0][name] != want {
			t.Errorf("%s = %v, want %v", name, lines[0][name], want)
		}
	}
	if _, ok := lines[0]["ms"].(float64); !ok {
		t.Errorf("ms = %v, want a number", lines[0]["ms"])
	}
	for _, secret := range []string{"s3cr3t", token} {
		if strings.Contains(s.log.text(), secret) {
			t.Errorf("the log shows %q: %s", secret, s.log.text())
		}
	}
}

func TestAccessLogOfOtherEnds(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.on("/silent", func(http.ResponseWriter, *http.Request) error { return nil })
	s.router.Get("/abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	s.do(get(web.HealthPath))
	s.do(get("/silent"))
	s.do(get("/no/such/place"))
	func() {
		defer func() {
			if p := recover(); p != http.ErrAbortHandler { //nolint:errorlint // net/http compares it the same way
				t.Errorf("recover = %v, want http.ErrAbortHandler to pass", p)
			}
		}()
		s.do(get("/abort"))
	}()
	lines := s.log.records(t, "request")
	if len(lines) != 4 {
		t.Fatalf("%d lines, want 4: %s", len(lines), s.log.text())
	}
	if lines[0]["level"] != "DEBUG" {
		t.Errorf("a health probe is logged at %v, want it quiet", lines[0]["level"])
	}
	if lines[1]["status"] != 200.0 {
		t.Errorf("a handler that wrote nothing is logged as %v, want 200", lines[1]["status"])
	}
	if lines[2]["route"] != "unmatched" || lines[2]["status"] != 404.0 {
		t.Errorf("an unknown address is logged as %v %v, want unmatched 404", lines[2]["route"], lines[2]["status"])
	}
	if lines[3]["aborted"] != true {
		t.Errorf("an aborted request is logged as %v", lines[3])
	}
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	var seen string
	s.on("/", func(w http.ResponseWriter, r *http.Request) error { seen = web.RequestID(r); return ok(w, r) })
	for name, c := range map[string]struct {
		given string
		taken bool
	}{
		"none":             {"", false},
		"sane":             {"0af76519-16cd.43dd_8448", true},
		"too short":        {"1234567", false},
		"too long":         {strings.Repeat("a", 65), false},
		"longest":          {strings.Repeat("a", 64), true},
		"a line break":     {"abcdefgh\nlevel=ERROR", false},
		"markup":           {"<script>alert(1)</script>", false},
		"not ASCII":        {"abcdefghé", false},
		"blanks within it": {"abcd efgh", false},
	} {
		r := get("/")
		r.Header["X-Request-Id"] = []string{c.given}
		w := s.do(r)
		answered := w.Header().Get("X-Request-Id")
		if (answered == c.given) != c.taken || len(answered) < 8 || answered != seen {
			t.Errorf("%s: given %q, answered %q, handler saw %q; want it taken: %v", name, c.given, answered, seen, c.taken)
		}
	}
}
