package main

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/web/webtest"
)

// From the address on an imported home to the page of that home.
func TestALinkLeadsHome(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	home := s.addHome("14", "buyer14@example.org")
	link := s.askLink("Buyer14@Example.org", 1)[0] // however it is typed

	c := s.client()
	page := c.Get(link).Is(t, http.StatusOK)
	for _, want := range []string{"Harbour Homes", "Longview Park", `action="` + link + `"`} {
		if !strings.Contains(page.Text, want) {
			t.Errorf("the link's page lacks %q", want)
		}
	}
	if strings.Contains(page.Text, "14 Longview Park") || strings.Contains(page.Text, "buyer14") {
		t.Error("the link's page names the home or the address before anybody has entered")
	}
	if got := page.Header.Get("Referrer-Policy"); got != "same-origin" {
		t.Errorf("Referrer-Policy is %q: the secret in the address must not leave this site", got)
	}
	if got := page.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control is %q", got)
	}

	entered := c.Post(link, nil).Is(t, http.StatusSeeOther)
	if to := entered.Header.Get("Location"); to != "/" {
		t.Errorf("entering leads to %q", to)
	}
	cookie := entered.Cookies()[0]
	if cookie.Name != "oh_resident" || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" {
		t.Errorf("session cookie is %v", cookie)
	}
	if !strings.Contains(c.Get("/").Is(t, http.StatusOK).Text, "14 Longview Park") {
		t.Error("My home does not show the address")
	}
	if got := pgtest.Value[string](s.db, `select string_agg(action || ' ' || actor_kind, ', ' order by at) from audit_log where object_id = $1`, home); got != "resident.link_request resident, resident.enter resident" {
		t.Errorf("audit log says %q", got)
	}
}

// Mail scanners, previews and impatient thumbs open a link as often as they like.
func TestOpeningALinkUsesNothingUp(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "buyer14@example.org")
	link := s.askLink("buyer14@example.org", 1)[0]
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() {
			scanner := s.client()
			if a := scanner.Get(link); a.StatusCode != http.StatusOK || len(a.Cookies()) > 0 {
				t.Errorf("opening gave status %d and cookies %v", a.StatusCode, a.Cookies())
			}
			if a := scanner.Send(http.MethodHead, link, "", nil); a.StatusCode != http.StatusOK {
				t.Errorf("HEAD gave status %d", a.StatusCode)
			}
		})
	}
	wg.Wait()
	if n := pgtest.Value[int](s.db, `select count(*) from sessions`) + pgtest.Value[int](s.db, `select count(*) from residents`); n != 0 {
		t.Errorf("opening made %d rows", n)
	}
	s.client().Post(link, nil).Is(t, http.StatusSeeOther)
}

func TestALinkWorksOnceHoweverManyTry(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "buyer14@example.org")
	for range 5 {
		link := s.askLink("buyer14@example.org", 1)[0]
		start := make(chan struct{})
		status := make(chan int, 8)
		for range cap(status) {
			c := s.client()
			go func() {
				<-start
				status <- c.Post(link, nil).StatusCode
			}()
		}
		close(start)
		got := map[int]int{}
		for range cap(status) {
			got[<-status]++
		}
		if got[http.StatusSeeOther] != 1 || got[http.StatusGone] != cap(status)-1 {
			t.Fatalf("statuses and how often: %v, want one %d and the rest %d", got, http.StatusSeeOther, http.StatusGone)
		}
	}
	if n := pgtest.Value[int](s.db, `select count(*) from residents`); n != 1 {
		t.Errorf("%d residents for one person", n)
	}
	if n := pgtest.Value[int](s.db, `select count(*) from occupancies`); n != 1 {
		t.Errorf("%d occupancies for one person in one home", n)
	}
}

// Each dead link says why, and how to get a new one; none names the company.
func TestDeadLinks(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "buyer14@example.org")
	used := s.askLink("buyer14@example.org", 1)[0]
	s.client().Post(used, nil).Is(t, http.StatusSeeOther)
	expired := s.askLink("buyer14@example.org", 1)[0]
	s.db.Exec(`update email_tokens set created_at = now() - interval '20 minutes', expires_at = now() - interval '5 minutes' where used_at is null`)

	unknown := "/link/" + strings.Repeat("A", 43)
	for _, c := range []struct {
		name, path, says string
		status           int
	}{
		{"used", used, "was used already", http.StatusGone},
		{"expired", expired, "too old", http.StatusGone},
		{"unknown", unknown, "opens nothing", http.StatusNotFound},
		{"cut short", used[:len(used)-3], "opens nothing", http.StatusNotFound},
		{"with something behind it", used + "AAA", "opens nothing", http.StatusNotFound},
		{"not a token", "/link/%00%ff..", "opens nothing", http.StatusNotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				a := s.client().Send(method, c.path, "", nil).Is(t, c.status)
				if !strings.Contains(a.Text, c.says) || !strings.Contains(a.Text, `href="/sign-in"`) {
					t.Errorf("%s: the page does not say %q and the way to a new link:\n%s", method, c.says, a.Text)
				}
				if strings.Contains(a.Text, "Harbour") || strings.Contains(a.Text, "Longview") || len(a.Cookies()) > 0 {
					t.Errorf("%s: a dead link tells whose it was, or sets a cookie", method)
				}
			}
			said := webtest.Decode[struct{ State string }](t, s.client().Get(c.path, "Accept", "application/json").Is(t, c.status))
			if said.State == "" || said.State == "valid" {
				t.Errorf("JSON says %q", said.State)
			}
		})
	}
}

// Many keep the mail and open its link again, on the phone that is signed in already.
func TestAUsedLinkLeadsHomeWhoeverIsSignedIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "buyer14@example.org")
	link := s.askLink("buyer14@example.org", 1)[0]
	c := s.client()
	c.Post(link, nil).Is(t, http.StatusSeeOther)
	for _, a := range []webtest.Answer{c.Get(link), c.Post(link, nil)} {
		page := a.Is(t, http.StatusGone).Says(t, "used already", "signed in on this device", `href="/"`).Text
		if strings.Contains(page, "Ask for a new") {
			t.Error("somebody who is signed in is sent for another link")
		}
	}
	s.client().Get(link).Is(t, http.StatusGone).Says(t, "used already", "Ask for a new one", `href="/sign-in"`)
}

// A link to an address that staff have mended since opens nothing.
func TestALinkToAMistypedAddressDiesWithIt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	home := s.addHome("14", "wrong@example.org")
	link := s.askLink("wrong@example.org", 1)[0]
	s.db.Exec(`update units set purchaser_email = 'right@example.org' where id = $1`, home)
	s.client().Post(link, nil).Is(t, http.StatusGone)
	if n := pgtest.Value[int](s.db, `select count(*) from sessions`); n != 0 {
		t.Errorf("%d sessions were opened", n)
	}
}

// Another site's page can't make a browser enter.
func TestAnotherSitesFormIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "buyer14@example.org")
	link := s.askLink("buyer14@example.org", 1)[0]
	for _, header := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example.org"}, {"Origin", "null"}} {
		s.client().Post(link, nil, header...).Is(t, http.StatusForbidden)
		s.client().Post("/sign-in", url.Values{"email": {"buyer14@example.org"}}, header...).Is(t, http.StatusForbidden)
	}
	// A phone on plain http sends no Sec-Fetch-Site, but its own origin.
	s.client().Post(link, nil, "Origin", s.http.URL).Is(t, http.StatusSeeOther)
}

// A program gets the token itself.
func TestEnteringAsAProgram(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "buyer14@example.org")
	link := s.askLink("buyer14@example.org", 1)[0]
	c := s.client()
	said := webtest.Decode[map[string]string](t, c.Get(link, "Accept", "application/json").Is(t, http.StatusOK))
	if said["state"] != "valid" || said["company"] != "Harbour Homes" || said["development"] != "Longview Park" {
		t.Errorf("GET says %v", said)
	}
	a := c.Post(link, nil, "Accept", "application/json").Is(t, http.StatusOK)
	if len(a.Cookies()) > 0 {
		t.Errorf("a program was given cookies %v", a.Cookies())
	}
	token := webtest.Decode[map[string]string](t, a)["token"]
	c.Get("/api/home").Is(t, http.StatusUnauthorized)
	c.Get("/api/home", "Authorization", "Bearer "+token).Is(t, http.StatusOK)
}
