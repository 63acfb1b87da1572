package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/web/webtest"
)

const unprinted = "K7QF2M9DX3TB"

func TestATypedCodeLeadsWhereTheSquareLeads(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.client().Get("/onboarding").Is(t, http.StatusOK).Says(t, "Enter the code from your card", `href="/sign-in"`)
	s.client().Get("/sign-in").Is(t, http.StatusOK).Says(t, "I have a printed code", `href="/onboarding"`)
	for _, typed := range []string{"K7QF-2M9D-X3TB", " k7qf2m9dx3tb ", "K7QF 2M9D – X3TB", "k-7-q-f-2-m-9-d-x-3-t-b"} {
		a := s.client().Post("/onboarding", url.Values{"code": {typed}}).Is(t, http.StatusSeeOther)
		if to := a.Header.Get("Location"); to != "/onboarding/"+unprinted {
			t.Errorf("%q leads to %q", typed, to)
		}
	}
	said := webtest.Decode[map[string]string](t, s.client().PostJSON("/api/onboarding", map[string]string{"code": "k7qf-2m9d-x3tb"}).Is(t, http.StatusOK))
	if want := map[string]string{"code": unprinted, "location": "/api/onboarding/" + unprinted}; !cmp.Equal(said, want) {
		t.Errorf("a program is told %v", said)
	}
	for _, c := range []struct{ name, typed, says string }{
		{"nothing", "", "Enter the code from the card"},
		{"blank", "  ", "Enter the code from the card"},
		{"too short", "K7QF-2M9D", "Enter all 12 letters"},
		{"too long", "K7QF-2M9D-X3TB-4", "Enter all 12 letters"},
		{"a letter that no code has", "K7QF-2M9D-X3TU", "Enter all 12 letters"},
		{"an address", "https://homes.example.org/onboarding/" + unprinted, "Enter all 12 letters"},
		{"very long", strings.Repeat("K", 5000), "At most 100"},
		{"markup", `"><script>alert(1)</script>`, "Enter all 12 letters"},
		{"two lines", "K7QF\n2M9DX3TB", "Put this on one line"},
		{"a NUL", "K7QF\x002M9DX3TB", "characters that can"},
	} {
		a := s.client().Post("/onboarding", url.Values{"code": {c.typed}}).Is(t, http.StatusUnprocessableEntity)
		if !strings.Contains(a.Text, c.says) || strings.Contains(a.Text, "<script>alert") {
			t.Errorf("%s: the page does not say %q, or has what was typed as markup:\n%s", c.name, c.says, a.Text)
		}
		said := webtest.Decode[struct {
			Error struct{ Fields map[string]string }
		}](t,
			s.client().PostJSON("/api/onboarding", map[string]string{"code": c.typed}).Is(t, http.StatusUnprocessableEntity))
		if !strings.Contains(said.Error.Fields["code"], c.says) {
			t.Errorf("%s: a program is told %v", c.name, said)
		}
	}
	s.client().PostJSON("/api/onboarding", map[string]string{"kode": unprinted}).Is(t, http.StatusUnprocessableEntity)
	s.client().PostJSON("/api/onboarding", map[string]int{"code": 7}).Is(t, http.StatusBadRequest)
}

// Whoever has the card reads on the page what stands on the card, and not whose the home is.
func TestACardSaysWhichHomeAndNotWhose(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	code := s.addCode(s.addHome("14", "buyer14@example.org"))
	for _, spelled := range []string{code, strings.ToLower(code), platform.FormatInviteCode(code), url.PathEscape(code[:4] + " " + code[4:] + "–"), fmt.Sprintf("%%%02x%s", code[0], code[1:])} {
		page := s.client().Get("/onboarding/"+spelled).Is(t, http.StatusOK).
			Says(t, "Harbour Homes", "Longview Park", "14 L••• P•••", `action="/onboarding/`+code+`"`, `name="fullName"`, `name="email"`).Text
		for _, secret := range []string{"14 Longview Park", "buyer14", "Buyer of", "Mill Road", "X42"} {
			if strings.Contains(page, secret) {
				t.Errorf("the page tells %q", secret)
			}
		}
	}
	said := webtest.Decode[map[string]any](t, s.client().Get("/api/onboarding/"+code).Is(t, http.StatusOK))
	if diff := cmp.Diff(map[string]any{"state": "valid", "company": "Harbour Homes", "development": "Longview Park", "address": "14 L••• P•••"}, said); diff != "" {
		t.Errorf("a program is told (-want +got):\n%s", diff)
	}
	webtest.Wait(t, "scans", func() bool { return pgtest.Value[int](s.db, `select scans from unit_invites`) >= 5 })
}

// An old sheet and a code that nobody has printed say what to do, and nothing else.
func TestCodesThatInviteNowhere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	old := s.addCode(s.addHome("14", "buyer14@example.org"))
	s.db.Exec(`update unit_invites set revoked_at = now()`)
	suspended := s.addCode(s.addHome("15", "buyer15@example.org"))
	before := s.rows()
	for _, c := range []struct {
		name, code, state, says string
		status                  int
	}{
		{"an old sheet", old, "revoked", "Ask your company for a new sheet", http.StatusGone},
		{"unknown", unprinted, "unknown", "We don’t know this code", http.StatusNotFound},
		{"no code", "favicon", "unknown", "We don’t know this code", http.StatusNotFound},
		{"broken", "%ff%00%2f", "unknown", "We don’t know this code", http.StatusNotFound},
		{"of a suspended company", suspended, "unknown", "We don’t know this code", http.StatusNotFound},
	} {
		if c.code == suspended {
			s.db.Exec(`update tenants set suspended_at = now()`)
		}
		for _, a := range []webtest.Answer{
			s.client().Get("/onboarding/" + c.code), s.claim(c.code, "buyer14@example.org"), s.claim(c.code, "not an address"),
		} {
			a.Is(t, c.status).Says(t, c.says)
			for _, secret := range []string{"Harbour", "Longview", "L•••"} {
				if strings.Contains(a.Text, secret) {
					t.Errorf("%s tells %q", c.name, secret)
				}
			}
		}
		for _, a := range []webtest.Answer{
			s.client().Get("/api/onboarding/" + c.code),
			s.client().PostJSON("/api/onboarding/"+c.code, map[string]string{"fullName": "Una Gale", "email": "buyer14@example.org"}),
		} {
			if said := webtest.Decode[map[string]any](t, a.Is(t, c.status)); !cmp.Equal(said, map[string]any{"state": c.state}) {
				t.Errorf("%s: a program is told %v", c.name, said)
			}
		}
	}
	webtest.Wait(t, "the scan of the old sheet", func() bool { return pgtest.Value[int](s.db, `select max(scans) from unit_invites`) == 2 })
	if more := s.added(before); len(more) > 0 {
		t.Errorf("rows were written: %v", more)
	}
	unknown, none := s.client().Get("/onboarding/"+unprinted), s.client().Get("/onboarding/favicon")
	if unknown.Text != none.Text {
		t.Error("a code that nobody has printed and what is no code have different pages")
	}
}

// Counting scans is for statistics: the page comes without it.
func TestThePageComesWhenTheScanCanNotBeCounted(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	code := s.addCode(s.addHome("14", "buyer14@example.org"))
	s.db.Exec(`alter function invite_scan(bytea) rename to gone`)
	s.client().Get("/onboarding/"+code).Is(t, http.StatusOK).Says(t, "Longview Park")
}

// Whoever tries codes is stopped before they learn anything, and others are not.
func TestGuessingCodesIsStopped(t *testing.T) {
	t.Parallel()
	s := newSiteBehindAProxy(t)
	code := s.addCode(s.addHome("14", "buyer14@example.org"))
	here := []string{"X-Forwarded-For", "203.0.113.7"}
	for range 3 {
		s.client().Get("/onboarding/"+unprinted, here...).Is(t, http.StatusNotFound)
	}
	bucket := platform.Bucket("code-unknown", "203.0.113.7")
	if n := pgtest.Value[int](s.db, `select hits from rate_limits where bucket = $1`, bucket); n != 3 {
		t.Errorf("%d misses were counted, want 3", n)
	}
	s.client().Get("/onboarding/"+code, here...).Is(t, http.StatusOK) // a hit is none
	s.db.Exec(`update rate_limits set hits = 100 where bucket = $1`, bucket)
	for _, tried := range []string{unprinted, code} {
		s.client().Get("/onboarding/"+tried, here...).Is(t, http.StatusTooManyRequests)
		a := s.client().PostJSON("/api/onboarding/"+tried, map[string]string{"fullName": "Una Gale", "email": "buyer14@example.org"}, here...).Is(t, http.StatusTooManyRequests)
		saysWhenToTryAgain(t, a)
	}
	s.client().Get("/onboarding/"+code, "X-Forwarded-For", "203.0.113.8").Is(t, http.StatusOK)
	s.db.Exec(`update rate_limits set expires_at = now() - interval '1 second'`)
	s.client().Get("/onboarding/"+code, here...).Is(t, http.StatusOK)
}

// Whoever is signed in to the home of the card is shown the way there; to another home, the form.
func TestWithTheCardOfOnesOwnHome(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	codes := s.addCodes(s.addHome("14", "buyer14@example.org"), s.addHome("15", "buyer15@example.org"))
	c := s.enter("buyer14@example.org")
	page := c.Get("/onboarding/"+codes[0]).Is(t, http.StatusOK).Says(t, "This is your home", `href="/"`).Text
	if strings.Contains(page, `name="email"`) {
		t.Error("the form is there as well")
	}
	if said := webtest.Decode[map[string]any](t, c.Get("/api/onboarding/"+codes[0]).Is(t, http.StatusOK)); said["signedIn"] != true {
		t.Errorf("a program is told %v", said)
	}
	c.Get("/onboarding/"+codes[1]).Is(t, http.StatusOK).Says(t, `name="email"`)
}
