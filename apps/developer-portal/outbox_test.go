package main

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/uuid"

	"openhouse.example/packages/web/auth"
)

// Mail in the outbox opens homes. A portal in development may listen on a network; the outbox doesn't.
func TestTheOutboxAnswersItsOwnMachineOnly(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	nora := s.addStaff(s.company, auth.RoleDeveloper)
	mail := uuid.New()
	s.db.Exec(`insert into mail_outbox (tenant_id, id, kind, to_email, subject, body) values ($1, $2, 'x', 'buyer@example.org', 'Your link', 'b')`, s.company, mail)

	ask := func(path, remote string, forwarded []string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.RemoteAddr = remote
		r.Header["X-Forwarded-For"] = forwarded
		r.Header.Set("Authorization", "Bearer "+nora.Token)
		r.Header.Set("Accept", "text/html")
		w := httptest.NewRecorder()
		s.routes.ServeHTTP(w, r)
		return w
	}
	proxy := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}
	for _, c := range []struct {
		name      string
		remote    string
		forwarded []string
		trusted   []netip.Prefix
		here      bool
	}{
		{"this machine", "127.0.0.1:4000", nil, nil, true},
		{"this machine, IPv6", "[::1]:4000", nil, nil, true},
		{"this machine, IPv4 in IPv6 clothes", "[::ffff:127.0.0.1]:4000", nil, nil, true},
		{"the network", "192.0.2.20:4000", nil, nil, false},
		{"the network, lying", "192.0.2.20:4000", []string{"127.0.0.1"}, nil, false},
		{"no address at all", "@", nil, nil, false},
		{"a proxy here for this machine", "127.0.0.1:4000", []string{"127.0.0.1"}, proxy, true},
		{"a proxy here for the network", "127.0.0.1:4000", []string{"192.0.2.20"}, proxy, false},
		{"a proxy here for the network, lying", "127.0.0.1:4000", []string{"127.0.0.1, 192.0.2.20"}, proxy, false},
		{"a proxy here that nobody named", "127.0.0.1:4000", []string{"192.0.2.20"}, nil, false},
		{"a proxy here that says something else", "127.0.0.1:4000", []string{"127.0.0.1", "unknown"}, nil, false},
		{"a proxy elsewhere for itself", "10.1.1.1:4000", nil, proxy, false},
	} {
		s.base.App.TrustedProxies = c.trusted
		want := http.StatusNotFound
		if c.here {
			want = http.StatusOK
		}
		for _, path := range []string{"/outbox", "/api/outbox", "/outbox/" + mail.String()} {
			w := ask(path, c.remote, c.forwarded)
			if w.Code != want || strings.Contains(w.Body.String(), "Your link") != c.here {
				t.Errorf("%s: %s answers %d, want %d, and the mail only here:\n%s", c.name, path, w.Code, want, w.Body)
			}
		}
		if page := ask("/developments", c.remote, c.forwarded); page.Code != http.StatusOK || strings.Contains(page.Body.String(), `"/outbox"`) != c.here {
			t.Errorf("%s: the page of developments (%d) leads to the outbox: %t, want %t", c.name, page.Code, !c.here, c.here)
		}
	}
}
