package main

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"openhouse.example/apps/developer-portal/internal/selfcheck"
	"openhouse.example/packages/web"
	"openhouse.example/packages/web/auth"
)

// behindProxy is the site behind a proxy that changes answers.
func behindProxy(t *testing.T, s *site, change func(*http.Response) error) *httptest.Server {
	t.Helper()
	to, err := url.Parse(s.http.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewUnstartedServer(&httputil.ReverseProxy{
		Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(to); r.Out.URL.RawPath = r.In.URL.RawPath },
		ModifyResponse: change,
		Transport:      &http.Transport{MaxIdleConnsPerHost: 8},
	})
	t.Cleanup(proxy.Close)
	return proxy
}

// portalChecked looks at one portal and at nothing else.
func portalChecked(t *testing.T, p selfcheck.Portal) *selfcheck.Report {
	t.Helper()
	var err error
	if p.Routes, err = selfcheck.ReadRoutes(ownRoutes); err != nil {
		t.Fatal(err)
	}
	p.Name, p.Setting = auth.PortalDeveloper, "DEVELOPER_PUBLIC_URL"
	r, err := selfcheck.Run(t.Context(), selfcheck.Options{Portals: []selfcheck.Portal{p}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSelfcheckOfAPortal(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	before := fingerprint(s.db)
	r := portalChecked(t, selfcheck.Portal{URL: web.PublicURL(s.public)})
	if r.Crossings() > 0 || r.Attempts() < 1500 {
		t.Errorf("%d attempts\n%s", r.Attempts(), r.Text(t.Context()))
	}
	if fingerprint(s.db) != before {
		t.Error("rows have changed")
	}
}

func TestSelfcheckNamesWhatAProxySpoils(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for name, hole := range map[string]struct {
		change func(*http.Response) error
		says   string
	}{
		"a header is taken away": {func(r *http.Response) error { r.Header.Del("Content-Security-Policy"); return nil }, "(GET /sign-in) comes without Content-Security-Policy"},
		"a header is weakened": {func(r *http.Response) error {
			r.Header.Set("Content-Security-Policy", "default-src * 'unsafe-inline'")
			return nil
		}, "comes with Content-Security-Policy: default-src *"},
		"a header of one kind of answer only": {func(r *http.Response) error {
			if r.StatusCode == http.StatusNotFound {
				r.Header.Del("X-Content-Type-Options")
			}
			return nil
		}, "a page that isn't there"},
		"a cookie for scripts": {func(r *http.Response) error { r.Header.Add("Set-Cookie", "track=1"); return nil }, "the cookie track, set by"},
		"an open route":        {func(r *http.Response) error { return answerInstead(r, "/api/team", http.StatusOK) }, "GET /api/team at"},
		"a route in addition":  {func(r *http.Response) error { return answerInstead(r, "/debug/pprof/", http.StatusOK) }, "GET /debug/pprof/ at"},
	} {
		t.Run(name, func(t *testing.T) {
			proxy := behindProxy(t, s, hole.change)
			proxy.Start()
			r := portalChecked(t, selfcheck.Portal{URL: web.PublicURL(proxy.URL)})
			if text := r.Text(t.Context()); !strings.Contains(text, hole.says) {
				t.Errorf("doesn't say %q:\n%s", hole.says, text)
			}
		})
	}
}

// answerInstead gives one address another status.
func answerInstead(r *http.Response, path string, status int) error {
	if r.Request.URL.Path == path {
		r.StatusCode = status
	}
	return nil
}

func TestSelfcheckOfEncryption(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	secure := func(r *http.Response) error {
		for name, value := range web.SecurityHeaders(true) {
			r.Header.Set(name, value)
		}
		return nil
	}
	for name, c := range map[string]struct {
		change  func(*http.Response) error
		weak    bool // takes TLS 1.1
		trusted bool
		says    string // "" for nothing
	}{
		"well":                    {secure, false, true, ""},
		"old encryption":          {secure, true, true, "takes TLS 1.1"},
		"no HSTS":                 {nil, false, true, "comes without Strict-Transport-Security"},
		"a certificate of nobody": {secure, false, false, "can't be verified"},
	} {
		t.Run(name, func(t *testing.T) {
			proxy := behindProxy(t, s, c.change)
			proxy.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
			if c.weak {
				proxy.TLS.MinVersion = tls.VersionTLS10
			}
			proxy.Config.ErrorLog = log.New(io.Discard, "", 0) // of refused handshakes
			proxy.StartTLS()
			p := selfcheck.Portal{URL: web.PublicURL(proxy.URL)}
			if c.trusted {
				authorities := x509.NewCertPool()
				authorities.AddCert(proxy.Certificate())
				p.Trust = &tls.Config{RootCAs: authorities, MinVersion: tls.VersionTLS12}
			}
			r := portalChecked(t, p)
			text := r.Text(t.Context())
			if c.says == "" && r.Crossings() > 0 || !strings.Contains(text, c.says) {
				t.Errorf("want %q:\n%s", c.says, text)
			}
		})
	}
}

// TestSelfcheckKnowsEveryParameter finds ids in paths that --plant would not try.
func TestSelfcheckKnowsEveryParameter(t *testing.T) {
	t.Parallel()
	for _, list := range []string{ownRoutes, tenantRoutes} {
		routes, err := selfcheck.ReadRoutes(list)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range selfcheck.Unknown(routes) {
			t.Errorf("nobody tries {%s}: say in parameters (internal/selfcheck/people.go) which table's id it is, or that it is a secret", name)
		}
	}
}
