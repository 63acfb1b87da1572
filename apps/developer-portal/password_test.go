package main

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/webtest"
)

const newPassword = "the tide comes in at noon"

var passwordLink = regexp.MustCompile(`http://\S+(/password/[A-Za-z0-9_-]{43})\n`)

// mails lists the bodies of the mails to an address, newest first.
func (s *site) mails(kind, to string) []string {
	s.t.Helper()
	body := pgtest.Value[[]string](s.db, `select coalesce(array_agg(body order by created_at desc, id desc), '{}') from mail_outbox where kind = $1 and to_email = $2`, kind, to)
	return body
}

// linkIn is the path of the link in a mail.
func (s *site) linkIn(body string) string {
	s.t.Helper()
	m := passwordLink.FindStringSubmatch(body)
	if m == nil {
		s.t.Fatalf("no link in %q", body)
	}
	if !strings.Contains(body, s.public+m[1]) {
		s.t.Errorf("the link leads elsewhere: %q", body)
	}
	return m[1]
}

// newReset asks for a link and returns its path once the mail is there.
func (s *site) newReset(email string) string {
	s.t.Helper()
	typed := email
	email = strings.ToLower(strings.TrimSpace(email))
	before := len(s.mails("staff_reset", email))
	s.client().Post("/forgot-password", url.Values{"email": {typed}}).Is(s.t, http.StatusOK)
	webtest.Wait(s.t, "the mail with the link", func() bool { return len(s.mails("staff_reset", email)) > before })
	return s.linkIn(s.mails("staff_reset", email)[0])
}

func (s *site) hash(email string) string {
	return pgtest.Value[string](s.db, `select coalesce(password_hash, '') from staff where email = $1`, email)
}

func TestAForgottenPassword(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addAccount(s.company, "nora@example.org", auth.RoleDeveloper)
	signedIn := s.client()
	signedIn.Post("/sign-in", url.Values{"email": {"nora@example.org"}, "password": {password}}).Is(t, http.StatusSeeOther)
	signedIn.Get("/developments").Is(t, http.StatusOK)

	c := s.client()
	c.Get("/sign-in").Is(t, http.StatusOK).Says(t, `href="/forgot-password"`)
	c.Get("/forgot-password").Is(t, http.StatusOK).Says(t, `action="/forgot-password"`, `autocomplete="username"`)
	link := s.newReset(" Nora@Example.org ")

	before := s.hash("nora@example.org")
	for range 3 { // a mail scanner
		c.Get(link).Is(t, http.StatusOK).Says(t, "nora@example.org", "Harbour Homes", "within 15 minutes", `autocomplete="new-password"`, "At least 12 characters")
		c.Send(http.MethodHead, link, "", nil).Is(t, http.StatusOK)
	}
	if s.hash("nora@example.org") != before || len(c.Cookies()) != 0 {
		t.Error("looking at the link changed something")
	}
	post := func(password, repeat string) webtest.Answer {
		return c.Post(link, url.Values{"password": {password}, "repeat": {repeat}})
	}
	post("short", "short").Is(t, http.StatusUnprocessableEntity).Says(t, "Enter at least 12 characters")
	post("", "").Is(t, http.StatusUnprocessableEntity).Says(t, "Fill this in")
	post("Password2027!", "Password2027!").Is(t, http.StatusUnprocessableEntity).Says(t, "first that a stranger would try")
	post("harbour homes 7", "harbour homes 7").Is(t, http.StatusUnprocessableEntity).Says(t, "the name of your company")
	a := post(newPassword, newPassword+"!").Is(t, http.StatusUnprocessableEntity).Says(t, "not the same as above")
	if strings.Contains(a.Text, newPassword) {
		t.Error("the password is on the page")
	}
	signedIn.Get("/developments").Is(t, http.StatusOK) // nothing has happened yet

	if got := post(newPassword, newPassword).Is(t, http.StatusSeeOther).Header.Get("Location"); got != "/sign-in" {
		t.Errorf("sent to %s", got)
	}
	signedIn.Get("/developments").Is(t, http.StatusSeeOther) // its session was ended
	c.Get("/sign-in").Is(t, http.StatusOK).Says(t, "Your password is set")
	c.Get("/developments").Is(t, http.StatusSeeOther) // nobody is signed in by a link
	c.Get(link).Is(t, http.StatusGone).Says(t, "used already", `href="/forgot-password"`)
	post(newPassword, newPassword).Is(t, http.StatusGone)

	c.Post("/sign-in", url.Values{"email": {"nora@example.org"}, "password": {password}}).Is(t, http.StatusUnauthorized)
	c.Post("/sign-in", url.Values{"email": {"nora@example.org"}, "password": {newPassword}}).Is(t, http.StatusSeeOther)
	c.Get("/developments").Is(t, http.StatusOK)
	told := s.mails("password_changed", "nora@example.org")
	if len(told) != 1 || !strings.Contains(told[0], s.public+"/forgot-password\n") || strings.Contains(told[0], "/password/") {
		t.Errorf("mails about the change: %q", told)
	}
	if n := pgtest.Value[int](s.db, `select count(*) from idempotency_keys`); n != 0 {
		t.Error("a hash of what was typed is kept with an idempotency key")
	}
}

func TestAProgramResetsAPassword(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addAccount(s.company, "nora@example.org", auth.RoleDeveloper)
	c := s.client()
	c.PostJSON("/api/forgot-password", map[string]string{"email": "nora@example.org"}).Is(t, http.StatusAccepted).Says(t, "message")
	c.PostJSON("/api/forgot-password", map[string]string{"email": "nora"}).Is(t, http.StatusUnprocessableEntity).Says(t, `"email"`)
	webtest.Wait(t, "the mail", func() bool { return len(s.mails("staff_reset", "nora@example.org")) == 1 })
	link := "/api" + s.linkIn(s.mails("staff_reset", "nora@example.org")[0])
	type answer struct {
		State, Company, Email string
		Invitation            bool
		ExpiresAt             time.Time
	}
	got := webtest.Decode[answer](t, c.Get(link).Is(t, http.StatusOK))
	if left := time.Until(got.ExpiresAt); left < 14*time.Minute || left > 15*time.Minute {
		t.Errorf("the link lives for %v", left)
	}
	got.ExpiresAt = time.Time{}
	if diff := cmp.Diff(answer{State: "valid", Company: "Harbour Homes", Email: "nora@example.org"}, got); diff != "" {
		t.Errorf("the link (-want +got):\n%s", diff)
	}
	c.PostJSON(link, map[string]string{"password": "short"}).Is(t, http.StatusUnprocessableEntity).Says(t, `"password"`)
	c.PostJSON(link, map[string]string{"password": newPassword, "repeat": "x"}).Is(t, http.StatusUnprocessableEntity).Says(t, `"repeat"`)
	c.PostJSON(link, map[string]string{"password": newPassword, "role": "admin"}).Is(t, http.StatusUnprocessableEntity).Says(t, `"role"`)
	c.PostJSON(link, map[string]string{"password": newPassword}).Is(t, http.StatusOK)
	c.PostJSON(link, map[string]string{"password": newPassword}).Is(t, http.StatusGone).Says(t, `"used"`)
	c.Get("/api/password/x").Is(t, http.StatusNotFound).Says(t, `"unknown"`)
	c.PostJSON("/api/sign-in", map[string]string{"email": "nora@example.org", "password": newPassword}).Is(t, http.StatusOK)
}

// An address with an account, one without, one whose account is disabled and one of somebody who was only invited: the
// same page, and the answer doesn't wait for what is written for the first of them.
func TestForgottenPasswordsTellNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addAccount(s.company, "nora@example.org", auth.RoleDeveloper)
	s.db.Exec(`update staff set disabled_at = now() where id = $1`, s.addAccount(s.company, "gone@example.org", auth.RoleDeveloper))
	s.db.Exec(`insert into staff (tenant_id, id, email, role) values ($1, $2, 'invited@example.org', 'viewer')`, s.company, uuid.New())

	conn, err := pgx.Connect(t.Context(), s.db.AdminURL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	held, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := held.Exec(t.Context(), `lock table email_tokens in access exclusive mode`); err != nil {
		t.Fatal(err)
	}
	page := func(email string) string {
		a := s.client().Post("/forgot-password", url.Values{"email": {email}}).Is(t, http.StatusOK)
		a.Header.Del("X-Request-Id")
		a.Header.Del("Date")
		return fmt.Sprint(a.Header) + a.Text
	}
	want := page("nobody@example.org")
	for _, email := range []string{"nora@example.org", "gone@example.org", "invited@example.org"} {
		if got := page(email); got != want {
			t.Errorf("%s is answered with another page:\n%s", email, cmp.Diff(want, got))
		}
	}
	if strings.Contains(want, "nobody@") {
		t.Error("the page says the address again")
	}
	if err := held.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	webtest.Wait(t, "two mails", func() bool { return pgtest.Value[int](s.db, `select count(*) from mail_outbox`) == 2 })
	if len(s.mails("staff_reset", "nora@example.org")) != 1 || len(s.mails("staff_reset", "invited@example.org")) != 1 {
		t.Error("the mails went to somebody else")
	}
}

func TestResetsAreCountedByAccountAndByAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addAccount(s.company, "nora@example.org", auth.RoleDeveloper)
	c := s.client()
	ask := func(email string) int { return c.Post("/forgot-password", url.Values{"email": {email}}).StatusCode }
	for range 8 { // the page says the same whether or not a mail goes out
		if got := ask("nora@example.org"); got != http.StatusOK {
			t.Fatalf("answered %d", got)
		}
	}
	if got := ask("nobody@example.org"); got != http.StatusOK {
		t.Errorf("another account: %d", got)
	}
	webtest.Wait(t, "the mails", func() bool { return len(s.mails("staff_reset", "nora@example.org")) == 5 })
	s.db.Exec(`update rate_limits set hits = 101 where bucket like 'reset-from:%'`)
	if got := ask("third@example.org"); got != http.StatusTooManyRequests {
		t.Errorf("the address's 102nd: %d", got)
	}
	link := s.linkIn(s.mails("staff_reset", "nora@example.org")[0])
	s.db.Exec(`insert into rate_limits (bucket, hits, expires_at) values ($1, 101, now() + interval '1 minute')`, platform.Bucket("password-from", "127.0.0.1"))
	c.Post(link, url.Values{"password": {newPassword}, "repeat": {newPassword}}).Is(t, http.StatusTooManyRequests)
	if n := pgtest.Value[int](s.db, `select count(*) from rate_limits where bucket like '%example.org%'`); n != 0 {
		t.Error("the table of limits has addresses of people")
	}
}

// Where attempts can't be counted, none is made.
func TestWithoutCountingNoLinkGoesOut(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addAccount(s.company, "nora@example.org", auth.RoleDeveloper)
	link := s.newReset("nora@example.org")
	before := s.hash("nora@example.org")
	s.db.Exec(`alter function rate_hit(text, integer, interval) rename to rate_hit_away`)
	if got := s.client().Post("/forgot-password", url.Values{"email": {"nora@example.org"}}).StatusCode; got < 500 {
		t.Errorf("a link was asked for: %d", got)
	}
	if got := s.client().Post(link, url.Values{"password": {newPassword}, "repeat": {newPassword}}).StatusCode; got < 500 {
		t.Errorf("a password was set: %d", got)
	}
	if s.hash("nora@example.org") != before || len(s.mails("staff_reset", "nora@example.org")) != 1 {
		t.Error("something was changed all the same")
	}
}

func TestDeadPasswordLinks(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addAccount(s.company, "nora@example.org", auth.RoleDeveloper)
	late := s.newReset("nora@example.org")
	s.db.Exec(`update email_tokens set created_at = now() - interval '16 minutes', expires_at = now() - interval '1 minute'`)
	second, first := s.newReset("nora@example.org"), ""
	first, second = second, s.newReset("nora@example.org")
	form := url.Values{"password": {newPassword}, "repeat": {newPassword}}
	s.client().Get(first).Is(t, http.StatusOK).KeepsItsSecret(t, "a link")
	s.client().Get("/api"+first).Is(t, http.StatusOK).KeepsItsSecret(t, "a link, for programs")
	s.client().Post(first, url.Values{}).Is(t, http.StatusUnprocessableEntity).KeepsItsSecret(t, "a mistake")
	s.client().Post(first, form).Is(t, http.StatusSeeOther).KeepsItsSecret(t, "a link that was used")
	for path, want := range map[string]struct {
		status int
		says   string
	}{
		late:                                   {http.StatusGone, "too old"},
		first:                                  {http.StatusGone, "used already"},
		second:                                 {http.StatusGone, "used already"}, // one link used, all are over
		"/password/" + strings.Repeat("A", 43): {http.StatusNotFound, "opens nothing"},
		"/password/x":                          {http.StatusNotFound, "opens nothing"},
	} {
		for _, a := range []webtest.Answer{s.client().Get(path), s.client().Post(path, form)} {
			a.Is(t, want.status).Says(t, want.says)
			a.KeepsItsSecret(t, "a link that is over")
			if strings.Contains(a.Text, "nora@") || strings.Contains(a.Text, "Harbour") {
				t.Errorf("%s says whose it was", path)
			}
		}
	}
}

// Many at once with one link: one password is set, and it is the winner's.
func TestTwoWithOnePasswordLink(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addAccount(s.company, "nora@example.org", auth.RoleDeveloper)
	link := s.newReset("nora@example.org")
	const rivals = 6
	statuses := make([]int, rivals)
	word := func(i int) string { return fmt.Sprintf("rival %d wants to get in", i) }
	var all sync.WaitGroup
	for i := range rivals {
		c := s.client()
		all.Go(func() {
			statuses[i] = c.Post(link, url.Values{"password": {word(i)}, "repeat": {word(i)}}).StatusCode
		})
	}
	all.Wait()
	won := 0
	for i, status := range statuses {
		switch status {
		case http.StatusSeeOther:
			won++
			s.client().Post("/sign-in", url.Values{"email": {"nora@example.org"}, "password": {word(i)}}).Is(t, http.StatusSeeOther)
		case http.StatusGone:
		default:
			t.Errorf("rival %d: %d", i, status)
		}
	}
	if won != 1 {
		t.Errorf("%d of them set a password: %v", won, statuses)
	}
}

// Whoever has proved the old password and then takes their time doesn't get in with it after it was replaced.
func TestAChoiceOfCompanyEndsWithThePassword(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	other := s.addCompany("Meadow Homes")
	s.addAccount(s.company, "nora@example.org", auth.RoleAdmin)
	s.addAccount(other, "nora@example.org", auth.RoleViewer)
	c := s.client()
	a := c.Post("/sign-in", url.Values{"email": {"nora@example.org"}, "password": {password}}).Is(t, http.StatusOK)
	choice := regexp.MustCompile(`name="choice" value="([^"]+)"`).FindStringSubmatch(a.Text)[1]

	s.client().Post("/forgot-password", url.Values{"email": {"nora@example.org"}}).Is(t, http.StatusOK)
	webtest.Wait(t, "a mail for each company", func() bool { return len(s.mails("staff_reset", "nora@example.org")) == 2 })
	for _, body := range s.mails("staff_reset", "nora@example.org") {
		if strings.Contains(body, "Harbour Homes") {
			s.client().Post(s.linkIn(body), url.Values{"password": {newPassword}, "repeat": {newPassword}}).Is(t, http.StatusSeeOther)
		}
	}
	c.Post("/sign-in", url.Values{"choice": {choice}, "company": {s.company.String()}}).Is(t, http.StatusUnauthorized)
	if n := pgtest.Value[int](s.db, `select count(*) from sessions`); n != 0 {
		t.Errorf("%d sessions were opened with the old password", n)
	}
	// The other company's password is as it was, and each password leads to its own company.
	c.Post("/sign-in", url.Values{"choice": {choice}, "company": {other.String()}}).Is(t, http.StatusSeeOther)
	c.Get("/developments").Is(t, http.StatusOK).Says(t, "Meadow Homes")
	in := s.client()
	in.Post("/sign-in", url.Values{"email": {"nora@example.org"}, "password": {newPassword}}).Is(t, http.StatusSeeOther)
	in.Get("/developments").Is(t, http.StatusOK).Says(t, "Harbour Homes")
}
