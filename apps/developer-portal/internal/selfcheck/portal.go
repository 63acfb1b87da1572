package selfcheck

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"openhouse.example/packages/web"
)

// The classes over HTTP.
const (
	classRoutes   = "every route, by everybody"
	classSpelled  = "spelled differently"
	classUnlisted = "routes that are not listed"
	classHeaders  = "headers and cookies"
	classTLS      = "encryption"
)

// Portal is one portal at its public address.
type Portal struct {
	Name    string // auth.PortalDeveloper or auth.PortalTenant
	Setting string // names it when it can't be used
	URL     web.PublicURL
	Routes  []Route
	Trust   *tls.Config // nil for the system's authorities
}

// site is a portal while it is looked at.
type site struct {
	Portal
	report *Report
	client *http.Transport
}

// answerLimit is what one answer may take, and atOnce how many are waited for.
const (
	answerLimit = 30 * time.Second
	atOnce      = 6
)

// check looks at a portal from outside, without a session.
func (p Portal) check(ctx context.Context, others []Portal, r *Report) error {
	r.Portals = append(r.Portals, p.URL.Origin())
	s := p.open(r)
	defer s.client.CloseIdleConnections()
	if err := s.isThere(ctx); err != nil {
		var untrusted *tls.CertificateVerificationError
		if errors.As(err, &untrusted) {
			r.tried(classTLS, 1)
			r.crossed(classTLS, "the certificate of %s can't be verified: %v", p.URL, untrusted.Err)
			r.leftOut("%s, until its certificate can be verified", p.URL)
			return nil
		}
		return fmt.Errorf("%s (%s) can't be looked at: %w", p.Setting, p.URL, err)
	}
	for _, step := range []func(context.Context) error{
		s.encryption, s.headers, s.guards, s.spellings,
		func(ctx context.Context) error { return s.unlisted(ctx, others) },
	} {
		if err := step(ctx); err != nil {
			return fmt.Errorf("%s (%s): %w", p.Setting, p.URL, err)
		}
	}
	return nil
}

func (p Portal) open(r *Report) *site {
	return &site{p, r, &http.Transport{
		TLSClientConfig: p.Trust, DisableCompression: true, MaxIdleConnsPerHost: atOnce, ResponseHeaderTimeout: answerLimit,
	}}
}

// isThere asks whether the portal lives and reaches its database: else nothing that it answers would show anything.
func (s *site) isThere(ctx context.Context) error {
	for path, says := range map[string]string{"/api/health/live": "alive", "/api/health/db": "healthy"} {
		a, err := s.ask(ctx, question{method: http.MethodGet, target: path})
		if err != nil {
			return err
		}
		if a.status != http.StatusOK || !strings.Contains(string(a.body), `"status":"`+says+`"`) {
			return fmt.Errorf("%s is answered %d, and not %q", path, a.status, says)
		}
	}
	return nil
}

// encryption looks at TLS in front of the portal.
func (s *site) encryption(ctx context.Context) error {
	if !s.URL.Secure() {
		if s.URL.Loopback() {
			s.report.leftOut("encryption in front of %s, which is on this machine only", s.URL)
			return nil
		}
		s.report.tried(classTLS, 1)
		s.report.crossed(classTLS, "%s is reached without encryption: whoever is on the way reads sessions", s.URL)
		return nil
	}
	u, err := url.Parse(s.URL.Origin())
	if err != nil {
		return err
	}
	s.report.tried(classTLS, 1)
	old := &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11, InsecureSkipVerify: true} //nolint:gosec // what must be refused
	address := u.Host
	if u.Port() == "" {
		address += ":443"
	}
	dialing, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	if conn, err := (&tls.Dialer{Config: old}).DialContext(dialing, "tcp", address); err == nil {
		_ = conn.Close()
		s.report.crossed(classTLS, "%s takes TLS 1.1, which can be broken", s.URL)
	}
	if u.Port() != "" {
		return nil // what listens on port 80 is not this portal's
	}
	s.report.tried(classTLS, 1)
	plain := *s
	plain.URL = web.PublicURL("http://" + u.Host)
	a, err := plain.ask(ctx, question{method: http.MethodGet, target: "/sign-in"})
	if err == nil && a.status < 300 {
		s.report.crossed(classTLS, "%s answers without encryption, too", s.URL)
	}
	return nil
}

// headers looks at every kind of answer for the fields that browsers protect people by.
func (s *site) headers(ctx context.Context) error {
	start, err := s.ask(ctx, question{method: http.MethodGet, target: "/sign-in"})
	if err != nil {
		return err
	}
	if start.status != http.StatusOK {
		return fmt.Errorf("/sign-in is answered %d: is this the %s?", start.status, s.Name)
	}
	kinds := []struct {
		name string
		q    question
	}{
		{"a page", question{method: http.MethodGet, target: "/sign-in"}},
		{"a page that isn't there", question{method: http.MethodGet, target: "/no-such-page"}},
		{"a method that isn't there", question{method: http.MethodDelete, target: "/sign-in"}},
		{"a form from another site", question{method: http.MethodPost, target: "/sign-in", site: "cross-site"}},
		{"health", question{method: http.MethodGet, target: "/api/health/db"}},
	}
	if file := firstFile(start.body); file != "" {
		kinds = append(kinds, struct {
			name string
			q    question
		}{"a file", question{method: http.MethodGet, target: file}})
	}
	for _, route := range s.Routes {
		if route.Public() || route.Method != http.MethodGet {
			continue
		}
		kinds = append(kinds, struct {
			name string
			q    question
		}{"an answer without a session", question{method: http.MethodGet, target: route.Address(), api: strings.HasPrefix(route.Pattern, "/api/")}})
	}
	tasks := make([]func() error, 0, len(kinds))
	for _, kind := range kinds {
		tasks = append(tasks, func() error {
			a, err := s.ask(ctx, kind.q)
			if err != nil {
				return err
			}
			for name, want := range web.SecurityHeaders(s.URL.Secure()) {
				s.report.tried(classHeaders, 1)
				got := strings.Join(a.header.Values(name), ", ")
				if got == want || name == "Referrer-Policy" && got == "no-referrer" {
					continue
				}
				if got == "" {
					s.report.crossed(classHeaders, "%s at %s (%s) comes without %s", kind.name, s.URL, kind.q.method+" "+route(kind.q.target), name)
				} else {
					s.report.crossed(classHeaders, "%s at %s (%s) comes with %s: %s, not %s", kind.name, s.URL, kind.q.method+" "+route(kind.q.target), name, got, want)
				}
			}
			if kind.q.site == "cross-site" && a.status != http.StatusForbidden {
				s.report.crossed(classHeaders, "a form that another site posts to %s%s is answered %d, not 403", s.URL, kind.q.target, a.status)
			}
			return nil
		})
	}
	return inParallel(ctx, tasks)
}

// firstFile is the first file that a page loads.
func firstFile(page []byte) string {
	_, rest, found := strings.Cut(string(page), `"/static/`)
	file, _, ended := strings.Cut(rest, `"`)
	if !found || !ended {
		return ""
	}
	return "/static/" + file
}

// route is a target with made-up ids left out, so that the same finding has the same words.
func route(target string) string { return ids.ReplaceAllString(target, "…") }

// cookies holds every cookie that is set to what keeps it from scripts, other sites and plain text.
func (s *site) cookies(q question, a answer) {
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		s.report.tried(classHeaders, 1)
		var lacks []string
		if !c.HttpOnly {
			lacks = append(lacks, "HttpOnly")
		}
		if c.SameSite != http.SameSiteLaxMode && c.SameSite != http.SameSiteStrictMode {
			lacks = append(lacks, "SameSite")
		}
		if s.URL.Secure() && !c.Secure {
			lacks = append(lacks, "Secure")
		}
		if s.URL.Secure() && !strings.HasPrefix(c.Name, "__Host-") {
			lacks = append(lacks, "the prefix __Host-")
		}
		if c.Domain != "" {
			lacks = append(lacks, "being for this host only")
		}
		if len(lacks) > 0 {
			slices.Sort(lacks)
			s.report.crossed(classHeaders, "the cookie %s, set by %s at %s, lacks %s", c.Name, q.method+" "+route(q.target), s.URL, strings.Join(lacks, ", "))
		}
	}
}
