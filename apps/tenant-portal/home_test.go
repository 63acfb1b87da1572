package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/webtest"
)

// The page shows what the JSON says, and the JSON what the company entered.
func TestMyHomeAsPageAndAsJSON(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "buyer14@example.org")
	c := s.enter("buyer14@example.org")
	a := c.Get("/api/home").Is(t, http.StatusOK)
	home := webtest.Decode[map[string]any](t, a)
	handover := time.Now().UTC().AddDate(0, 0, 12).Format(time.DateOnly)
	want := map[string]any{
		"company": "Harbour Homes",
		"development": map[string]any{
			"name":           "Longview Park",
			"contact":        map[string]any{"name": "Nora Byrne", "email": "care@example.org", "phone": "+353 1 555 0100"},
			"emergencyPhone": "+353 1 555 0999",
		},
		"home": map[string]any{
			"number": "14", "block": "", "address": []any{"14 Longview Park", "Mill Road", "Ballyhale"}, "postcode": "X42 B1C7",
			"houseType": map[string]any{"code": "B", "name": "3 bed semi-detached"},
			"bedrooms":  3.0, "bathrooms": 2.0, "floorAreaM2": 108.5,
			"status": "sale_agreed", "handoverDate": handover, "daysToHandover": 12.0,
		},
		"resident": map[string]any{"name": "Buyer of 14", "email": "buyer14@example.org"},
		"notices":  []any{},
	}
	if diff := cmp.Diff(want, home); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
	if other := c.Get("/", "Accept", "application/json").Is(t, http.StatusOK).Text; other != a.Text {
		t.Errorf("GET / as JSON differs:\n%s", other)
	}
	page := c.Get("/").Is(t, http.StatusOK).Text
	date := text.Date(t.Context(), time.Now().UTC().AddDate(0, 0, 12))
	for _, want := range []string{
		"Harbour Homes", "Longview Park", "14 Longview Park", "Mill Road, Ballyhale, X42 B1C7", "Type B · 3 bed semi-detached", "108.5 m²",
		"In 12 days", date, "Sale agreed", "Nora Byrne", `href="mailto:care@example.org"`, `href="tel:+35315550100"`,
		`href="tel:+35315550999"`, "+353 1 555 0999", "Buyer of 14",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// What the company has not entered is said or left out, never shown as an empty frame.
func TestMyHomeWithNothingKnown(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "buyer14@example.org")
	s.db.Exec(`update developments set contact_name = '', contact_email = '', contact_phone = '', emergency_phone = ''`)
	s.db.Exec(`update house_types set name = '', bedrooms = null, bathrooms = null, floor_area_m2 = null`)
	s.db.Exec(`update units set address_line_1 = '', address_line_2 = '', city = '', postcode = '', block = 'C', handover_date = null, purchaser_name = '', status = 'planned'`)
	page := s.enter("buyer14@example.org").Get("/").Is(t, http.StatusOK).Text
	for _, want := range []string{
		"Home C 14", "Type B", "No date yet", "Planned",
		"Harbour Homes has not named anybody here yet.", "has not given a number yet", "112", "buyer14@example.org",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, wrong := range []string{`href="tel:"`, `href="mailto:"`, "%!", "home.status", "text:keys", "Bedrooms", "Floor area", "m²"} {
		if strings.Contains(page, wrong) {
			t.Errorf("the page has %q", wrong)
		}
	}
}

func TestFiguresOfTheHomeWinOverThoseOfItsType(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "buyer14@example.org")
	s.db.Exec(`update units set bedrooms = 4, floor_area_m2 = 120`)
	home := webtest.Decode[struct {
		Home struct {
			Bedrooms, Bathrooms int
			FloorAreaM2         float64
		}
	}](t, s.enter("buyer14@example.org").Get("/api/home").Is(t, http.StatusOK)).Home
	if home.Bedrooms != 4 || home.Bathrooms != 2 || home.FloorAreaM2 != 120 {
		t.Errorf("got %+v, want 4 and 120 of the home and 2 of its type", home)
	}
}

func TestHandoverInWords(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "buyer14@example.org")
	c := s.enter("buyer14@example.org")
	for _, h := range []struct {
		status string
		days   int
		says   string
	}{
		{"sale_agreed", 1, ">In 1 day<"},
		{"sale_agreed", 0, ">Today<"},
		{"sale_agreed", -1, "Date has passed"},
		{"for_sale", 400, "In 400 days"},
		{"handed_over", 0, ">Today<"},
		{"handed_over", -1, ">1 day ago<"},
		{"handed_over", -59, "59 days ago"},
		{"handed_over", -100, "3 months ago"},
		{"handed_over", -800, "2 years ago"},
		{"handed_over", 3, "In 3 days"},
	} {
		s.db.Exec(`update units set status = $1, handover_date = (now() at time zone 'utc')::date + $2::int`, h.status, h.days)
		if page := c.Get("/").Is(t, http.StatusOK).Text; !strings.Contains(page, h.says) {
			t.Errorf("%s, %d days: the page does not say %q", h.status, h.days, h.says)
		}
	}
}

// A token opens the home that its session was made for, whatever else it says.
func TestHomeAIsNeverHomeB(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "a@example.org")
	b := s.addHome("15", "b@example.org")
	inA, inB := s.enter("a@example.org"), s.enter("b@example.org")
	if page := inA.Get("/").Is(t, http.StatusOK).Text; strings.Contains(page, "15 Longview Park") || strings.Contains(page, "b@example.org") {
		t.Error("A's page shows B")
	}
	// Nothing in the request can change that.
	for _, path := range []string{"/api/home?unit_id=%s", "/api/home?unit=%s&tenant_id=%s", "/?home=%s"} {
		got := inA.Get(fmt.Sprintf(strings.ReplaceAll(path, "%s", "%[1]s"), b), "X-Unit-Id", b.String()).Is(t, http.StatusOK).Text
		if !strings.Contains(got, "14 Longview Park") || strings.Contains(got, "15 Longview Park") {
			t.Errorf("%s shows another home", path)
		}
	}
	// Tokens with our own signature that mix two people's ids are refused by the guard.
	who := s.principal("a@example.org")
	other := s.principal("b@example.org")
	for name, forged := range map[string]auth.Principal{
		"B's home":       withPrincipal(who, func(p *auth.Principal) { p.UnitID = other.UnitID }),
		"B's person":     withPrincipal(who, func(p *auth.Principal) { p.Subject = other.Subject }),
		"B's session":    withPrincipal(who, func(p *auth.Principal) { p.SessionID = other.SessionID }),
		"no session":     withPrincipal(who, func(p *auth.Principal) { p.SessionID = uuid.New() }),
		"a company more": withPrincipal(who, func(p *auth.Principal) { p.TenantID = uuid.New() }),
	} {
		token, err := s.keys.Issuer.Issue(forged)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.client().Get("/api/home", "Authorization", "Bearer "+token); got.StatusCode != http.StatusUnauthorized {
			t.Errorf("a token with %s: status %d\n%s", name, got.StatusCode, got.Text)
		}
	}
	inB.Get("/").Is(t, http.StatusOK)
}

// Each of these ends access at the next request, and sends the person to the form with the old cookie gone.
func TestAccessEnds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, sql string }{
		{"occupancy ended", `update occupancies set ended_at = now()`},
		{"person disabled", `update residents set disabled_at = now()`},
		{"session revoked", `update sessions set revoked_at = now()`},
		{"session over", `update sessions set created_at = now() - interval '2 days', expires_at = now() - interval '1 second'`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.addHome("14", "buyer14@example.org")
			in := s.enter("buyer14@example.org")
			in.Get("/").Is(t, http.StatusOK)
			asProgram := s.again(in)
			s.db.Exec(c.sql)
			asProgram.Get("/api/home").Is(t, http.StatusUnauthorized)
			gone := in.Get("/").Is(t, http.StatusSeeOther)
			if to := gone.Header.Get("Location"); to != "/sign-in" {
				t.Errorf("leads to %q", to)
			}
			if cookies := gone.Cookies(); len(cookies) != 1 || cookies[0].MaxAge >= 0 {
				t.Errorf("the dead cookie is not taken away: %v", cookies)
			}
			in.Get("/sign-in").Is(t, http.StatusOK)
		})
	}
}

func TestSignOut(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "buyer14@example.org")
	in := s.enter("buyer14@example.org")
	stolen, tab := s.again(in), s.again(in)
	if to := in.Post("/sign-out", nil).Is(t, http.StatusSeeOther).Header.Get("Location"); to != "/sign-in" {
		t.Errorf("leads to %q", to)
	}
	in.Get("/").Is(t, http.StatusSeeOther)
	stolen.Get("/api/home").Is(t, http.StatusUnauthorized)
	// Somebody who is out already, in another tab, gets there all the same.
	second := tab.Post("/sign-out", nil).Is(t, http.StatusSeeOther)
	if to, cookies := second.Header.Get("Location"), second.Cookies(); to != "/sign-in" || len(cookies) != 1 || cookies[0].MaxAge >= 0 {
		t.Errorf("signing out twice leads to %q with cookies %v", to, cookies)
	}
	if n := pgtest.Value[int](s.db, `select count(*) from sessions where revoked_at is not null`); n != 1 {
		t.Errorf("%d sessions ended", n)
	}
	const noted = `select coalesce(string_agg(actor_kind || ' ' || action, ', '), '') from audit_log where object = 'session'`
	if got := pgtest.Value[string](s.db, noted); got != "resident session.end" {
		t.Errorf("the audit log says %q, want one end", got)
	}
}

// Whoever has moved out can still end what is left of their session.
func TestSignOutWhenAccessHasEnded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "buyer14@example.org")
	in := s.enter("buyer14@example.org")
	s.db.Exec(`update occupancies set ended_at = now()`)
	in.Post("/sign-out", nil).Is(t, http.StatusSeeOther)
	if n := pgtest.Value[int](s.db, `select count(*) from sessions where revoked_at is null`); n != 0 {
		t.Error("the session lives on")
	}
}

// A staff token is no token here, a resident's of another installation neither.
func TestForeignTokens(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	staff := webtest.NewPortal(t, auth.PortalDeveloper, s.http.URL)
	elsewhere := webtest.NewPortal(t, auth.PortalTenant, s.http.URL)
	for name, token := range map[string]string{
		"of staff": staff.Token(t, auth.RoleAdmin), "signed with another key": elsewhere.Token(t, auth.RoleResident),
		"without a session": s.keys.Token(t, auth.RoleResident),
	} {
		t.Run(name, func(t *testing.T) {
			s.client().Get("/api/home", "Authorization", "Bearer "+token).Is(t, http.StatusUnauthorized)
			s.withCookie(token).Get("/api/home").Is(t, http.StatusUnauthorized)
			s.withCookie(token).Get("/").Is(t, http.StatusSeeOther)
		})
	}
}

// Whoever comes back within a day stays signed in, for 30 days in all.
func TestASessionThatIsUsedGoesOn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "buyer14@example.org")
	in := s.enter("buyer14@example.org")
	if cookies := in.Get("/").Is(t, http.StatusOK).Cookies(); len(cookies) > 0 {
		t.Errorf("a fresh session was moved on at once: %v", cookies)
	}
	later := func(age, life time.Duration) *webtest.Client {
		who := s.principal("buyer14@example.org")
		who.Expires = time.Now().Add(life)
		token, err := s.keys.Issuer.Issue(who)
		if err != nil {
			t.Fatal(err)
		}
		s.db.Exec(`update sessions set created_at = now() - make_interval(secs => $1), expires_at = now() + make_interval(secs => $2)`, age.Seconds(), life.Seconds())
		return s.withCookie(token)
	}
	left := func() time.Duration {
		return time.Duration(pgtest.Value[float64](s.db, `select extract(epoch from expires_at - now()) from sessions`) * float64(time.Second)).Round(time.Minute)
	}

	next := later(20*time.Hour, 4*time.Hour)
	cookies := next.Get("/").Is(t, http.StatusOK).Cookies()
	if len(cookies) != 1 || time.Until(cookies[0].Expires).Round(time.Minute) != 24*time.Hour || left() != 24*time.Hour {
		t.Errorf("after 20 hours: cookies %v, %v left", cookies, left())
	}
	if got := next.Get("/").Is(t, http.StatusOK).Cookies(); len(got) > 0 {
		t.Errorf("it was moved on twice within an hour: %v", got)
	}
	// The last day: no further than 30 days after the start.
	later(29*24*time.Hour+18*time.Hour, 2*time.Hour).Get("/").Is(t, http.StatusOK)
	if left() != 6*time.Hour {
		t.Errorf("on the last day %v are left, want 6h", left())
	}
	// A program's token is its own affair.
	who := s.principal("buyer14@example.org")
	who.Expires = time.Now().Add(time.Hour)
	token, err := s.keys.Issuer.Issue(who)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.client().Get("/api/home", "Authorization", "Bearer "+token).Is(t, http.StatusOK).Cookies(); len(got) > 0 {
		t.Errorf("a program was given cookies %v", got)
	}
}
