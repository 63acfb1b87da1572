package main

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/web/webtest"
)

// everyPageWithASecret visits all pages that have a code or a link in their address, in all their states.
func (s *site) everyPageWithASecret() map[string]webtest.Answer {
	home := s.addHome("14", "buyer14@example.org")
	code := s.addCode(home)
	old := s.addCodes(s.addHome("15", "buyer15@example.org"))[0]
	s.db.Exec(`update unit_invites set revoked_at = now() where token_hash = $1`, platform.HashToken(old))
	pages := map[string]webtest.Answer{
		"card": s.client().Get("/onboarding/" + code), "typed": s.client().Get("/onboarding/" + platform.FormatInviteCode(code)),
		"claim": s.claim(code, "buyer14@example.org"), "mistake": s.claim(code, "secret-typo"), "stranger": s.claim(code, "stranger@example.org"),
		"old card": s.client().Get("/onboarding/" + old), "unknown card": s.client().Get("/onboarding/" + unprinted),
		"JSON card": s.client().Get("/api/onboarding/" + code), "JSON old card": s.client().Get("/api/onboarding/" + old),
		"JSON claim":   s.client().PostJSON("/api/onboarding/"+code, map[string]string{"fullName": "Una Gale", "email": "buyer14@example.org"}),
		"JSON mistake": s.client().PostJSON("/api/onboarding/"+code, map[string]string{"fullName": "Una Gale", "email": "secret-typo"}),
	}
	link := s.lastLink("buyer14@example.org")
	pages["link"], pages["unknown link"] = s.client().Get(link), s.client().Get("/link/"+strings.Repeat("A", 43))
	c := s.client()
	pages["entered"] = c.Post(link, nil)
	pages["used link"], pages["own home"] = s.client().Get(link), c.Get("/onboarding/"+code)
	s.db.Exec(`insert into rate_limits (bucket, hits, expires_at) values ($1, 30, now() + interval '1 hour') on conflict (bucket) do update set hits = 30`, platform.Bucket("claim-code", code))
	pages["limit"] = s.claim(code, "buyer14@example.org")
	return pages
}

var loaded = regexp.MustCompile(`(?i)(?:src|href|action|srcset|poster|data|content)\s*=\s*"([^"]*)"|url\(([^)]*)\)`)

// Pages with a secret in their address load nothing from elsewhere, lead nowhere else, send their address to no other
// site, and stand in no cache and no search engine.
func TestPagesWithSecretsKeepThem(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for name, a := range s.everyPageWithASecret() {
		a.KeepsItsSecret(t, name)
		if policy := a.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'self'") || !strings.Contains(policy, "form-action 'self'") {
			t.Errorf("%s: policy %q", name, policy)
		}
		for _, found := range loaded.FindAllStringSubmatch(a.Text, -1) {
			to, err := url.Parse(found[1] + found[2])
			if err != nil || to.Host != "" || to.Scheme != "" {
				t.Errorf("%s refers to %q", name, found[1]+found[2])
			}
		}
	}
	if loaded.FindString(`<img src="https://elsewhere.example.org/x.png">`) == "" {
		t.Error("the search finds nothing")
	}
}

// The log of a real run has no code, no link and no address of a person.
func TestTheLogHasNoSecrets(t *testing.T) {
	t.Parallel()
	var log lines
	s := newSiteWith(t, pgtest.New(t), slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})), nil)
	s.everyPageWithASecret()
	code := s.addCode(s.addHome("16", "buyer16@example.org"))
	for i, broken := range []string{"invite_scan(bytea)", "rate_hit(text, integer, interval)", "invite_look_up(bytea)"} {
		s.db.Exec(`alter function ` + broken + ` rename to broken` + strconv.Itoa(i))
		s.claim(code, "buyer16@example.org")
		s.client().Get("/onboarding/" + code)
	}
	s.http.CloseClientConnections()
	text := log.String()
	for _, want := range []string{`"route":"/onboarding/{code}"`, `"route":"/api/onboarding/{code}"`, `"route":"/link/{token}"`, "limits_unavailable"} {
		if !strings.Contains(text, want) {
			t.Errorf("the log lacks %s: the test sees nothing\n%.3000s", want, text)
		}
	}
	secrets := append(pgtest.Value[[]string](s.db, `select array_agg(substring(body from '/link/(\S+)')) from mail_outbox where body like '%/link/%'`),
		code, unprinted, platform.FormatInviteCode(unprinted), "buyer14", "stranger@", "secret-typo", "Una Gale", "Longview Park")
	secrets = append(secrets, strings.ToLower(code))
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("the log has %q", secret)
		}
	}
	for _, path := range regexp.MustCompile(`/(onboarding|link)/[^"{]`).FindAllString(text, -1) {
		t.Errorf("the log has a path: %s", path)
	}
	s.client().Get("/sign-in").Is(t, http.StatusOK)
}

// lines collects a log.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
