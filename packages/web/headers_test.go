package web_test

import (
	"net/http"
	"strings"
	"testing"

	"openhouse.example/packages/web"
)

func TestSecureHeaders(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.on("/", ok)
	for _, path := range []string{"/", "/nowhere", web.LivePath} {
		h := s.do(get(path)).Header()
		csp := h.Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'self'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: Content-Security-Policy = %q", path, csp)
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options":    "nosniff",
			"Referrer-Policy":           "same-origin",
			"Strict-Transport-Security": "max-age=31536000",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s = %q, want %q", path, name, got, want)
			}
		}
	}
	plain := newStand(t, func(a *web.App) { a.PublicURL = "http://localhost:3001" })
	if got := plain.do(get(web.LivePath)).Header().Get("Strict-Transport-Security"); got != "" {
		t.Errorf("over plain http Strict-Transport-Security = %q, want none", got)
	}
}

func TestSameOrigin(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.on("/", ok)
	for name, c := range map[string]struct {
		method  string
		headers []string
		want    int
	}{
		"a program":                        {"POST", nil, 200},
		"our own page":                     {"POST", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		"the address bar":                  {"POST", []string{"Sec-Fetch-Site", "none"}, 200},
		"another site":                     {"POST", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		"the sister portal":                {"POST", []string{"Sec-Fetch-Site", "same-site"}, 403},
		"an old browser, our page":         {"POST", []string{"Origin", "http://example.com"}, 200},
		"an old browser, behind a proxy":   {"POST", []string{"Origin", publicURL}, 200},
		"an old browser, another site":     {"POST", []string{"Origin", "https://evil.example.net"}, 403},
		"an old browser, hidden origin":    {"POST", []string{"Origin", "null"}, 403},
		"reading from another site's link": {"GET", []string{"Sec-Fetch-Site", "cross-site"}, 200},
	} {
		w := s.do(request(c.method, "/", "", append(c.headers, "Accept", "application/json")...))
		if w.Code != c.want {
			t.Errorf("%s: status %d, want %d", name, w.Code, c.want)
		}
		if c.want == 403 && !strings.Contains(w.Body.String(), `"code":"cross_origin"`) {
			t.Errorf("%s: body %s", name, w.Body)
		}
	}
}

func TestHeadIsAnsweredWhereGetIs(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.router.Get("/page", s.app.Handle(ok))
	for path, want := range map[string]int{"/page": 200, web.HealthPath: 200, "/nowhere": 404} {
		if w := s.do(request(http.MethodHead, path, "")); w.Code != want {
			t.Errorf("HEAD %s = %d, want %d", path, w.Code, want)
		}
	}
}
