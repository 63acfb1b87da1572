package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/webtest"
)

const password = "correct horse battery"

// addAccount adds an account that can sign in with the password above.
func (s *site) addAccount(company uuid.UUID, email string, role auth.Role) uuid.UUID {
	s.t.Helper()
	hash, err := platform.NewPasswords(0).Hash(s.t.Context(), password)
	if err != nil {
		s.t.Fatal(err)
	}
	id := uuid.New()
	s.db.Exec(`insert into staff (tenant_id, id, email, full_name, role, password_hash) values ($1, $2, $3, 'Nora Byrne', $4, $5)`,
		company, id, email, role, hash)
	return id
}

func TestSignInByForm(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addAccount(s.company, "nora@example.org", auth.RoleDeveloper)
	c := s.client()

	a := c.Get("/developments?page=1").Is(t, http.StatusSeeOther)
	if got := a.Header.Get("Location"); got != "/sign-in?next=%2Fdevelopments%3Fpage%3D1" {
		t.Fatalf("sent to %s", got)
	}
	c.Get(a.Header.Get("Location")).Is(t, http.StatusOK).Says(t, `value="/developments?page=1"`)
	a = c.Post("/sign-in", url.Values{"email": {" Nora@Example.org "}, "password": {password}, "next": {"/developments?page=1"}}).Is(t, http.StatusSeeOther)
	if got := a.Header.Get("Location"); got != "/developments?page=1" {
		t.Errorf("after signing in sent to %s", got)
	}
	if got := a.Header.Get("Set-Cookie"); !strings.Contains(got, "HttpOnly") || !strings.Contains(got, "SameSite=Lax") {
		t.Errorf("cookie %s", got)
	}
	c.Get("/developments").Is(t, http.StatusOK).Says(t, "Harbour Homes", "Nora Byrne")
	if n := pgtest.Value[int](s.db, `select count(*) from audit_log where action = 'session.begin'`); n != 1 {
		t.Errorf("%d audit entries of the session", n)
	}

	c.Post("/sign-out", url.Values{}).Is(t, http.StatusSeeOther)
	c.Get("/developments").Is(t, http.StatusSeeOther)
}

func TestSignInNeverLeadsElsewhere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addAccount(s.company, "nora@example.org", auth.RoleDeveloper)
	a := s.client().Post("/sign-in", url.Values{"email": {"nora@example.org"}, "password": {password}, "next": {"//elsewhere.example.org/"}})
	if got := a.Is(t, http.StatusSeeOther).Header.Get("Location"); got != "/developments" {
		t.Errorf("sent to %s", got)
	}
}

type signedIn struct {
	Token     string
	ExpiresAt time.Time
}

func TestSignInByProgramAndTheEndOfASession(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.addAccount(s.company, "nora@example.org", auth.RoleDeveloper)
	signIn := func() *client {
		c := s.client()
		got := webtest.Decode[signedIn](t, c.PostJSON("/api/sign-in", map[string]string{"email": "nora@example.org", "password": password}).Is(t, http.StatusOK))
		if life := time.Until(got.ExpiresAt); life < 7*time.Hour || life > 8*time.Hour {
			t.Errorf("the session lives for %v", life)
		}
		program := s.client() // without the cookie
		program.Token = got.Token
		return program
	}
	ended := func(c *client) {
		t.Helper()
		c.Get("/api/developments").Is(t, http.StatusUnauthorized)
	}
	first, second, third := signIn(), signIn(), signIn()
	first.Get("/api/developments").Is(t, http.StatusOK)

	first.PostJSON("/api/sign-out", map[string]string{}).Is(t, http.StatusNoContent)
	ended(first)
	second.Get("/api/developments").Is(t, http.StatusOK)

	s.db.Exec(`update staff set role = 'viewer' where id = $1`, id)
	ended(second) // its token says developer
	s.db.Exec(`update staff set role = 'developer', disabled_at = now() where id = $1`, id)
	ended(third)
	s.db.Exec(`update staff set disabled_at = null where id = $1`, id)
	third.Get("/api/developments").Is(t, http.StatusOK)
	s.db.Exec(`update tenants set suspended_at = now() where id = $1`, s.company)
	ended(third)
	s.client().PostJSON("/api/sign-in", map[string]string{"email": "nora@example.org", "password": password}).Is(t, http.StatusUnauthorized)
}

func TestSignOutEndsASessionOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.addStaff(s.company, auth.RoleDeveloper)
	for range 2 { // the second time from another tab
		p.PostJSON("/api/sign-out", map[string]string{}).Is(t, http.StatusNoContent)
	}
	p.Get("/api/developments").Is(t, http.StatusUnauthorized)
	const noted = `select coalesce(string_agg(actor_kind || ' ' || action || ' ' || object_id, ', '), '') from audit_log where object = 'session'`
	if got, want := pgtest.Value[string](s.db, noted), "staff session.end "+p.session.String(); got != want {
		t.Errorf("the audit log says %q, want %q", got, want)
	}
}

func TestSignInDoesNotTellWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addAccount(s.company, "nora@example.org", auth.RoleDeveloper)
	gone := s.addAccount(s.company, "gone@example.org", auth.RoleDeveloper)
	s.db.Exec(`update staff set disabled_at = now() where id = $1`, gone)
	s.db.Exec(`insert into staff (tenant_id, id, email, role) values ($1, $2, 'invited@example.org', 'viewer')`, s.company, uuid.New())

	keys := regexp.MustCompile(`name="idempotency_key" value="[^"]*"`)
	page := func(email, pass string) string {
		a := s.client().Post("/sign-in", url.Values{"email": {email}, "password": {pass}}).Is(t, http.StatusUnauthorized)
		if len(a.Cookies()) > 0 {
			t.Errorf("%s: a cookie was set", email)
		}
		return keys.ReplaceAllString(strings.ReplaceAll(a.Text, email, "EMAIL"), "KEY")
	}
	want := page("nora@example.org", "wrong horse battery")
	for email, pass := range map[string]string{
		"nobody@example.org": password, "gone@example.org": password, "invited@example.org": "",
	} {
		if pass == "" {
			pass = "anything at all"
		}
		if got := page(email, pass); got != want {
			t.Errorf("%s is answered with another page than a wrong password", email)
		}
	}
	s.client().Post("/sign-in", url.Values{"email": {"nora"}, "password": {""}}).Is(t, http.StatusUnprocessableEntity).
		Says(t, "Enter one e-mail address", "Fill this in", `value="nora"`)
}

// TestATryCostsTheSameWhosesoeverAddressItIs: what takes time are the hashes, so there are as many for an address that
// nobody has as for one that five companies know, whether the password is right or wrong.
func TestATryCostsTheSameWhosesoeverAddressItIs(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addAccount(s.company, "one@example.org", auth.RoleDeveloper)
	companies := []uuid.UUID{s.company}
	for _, name := range []string{"Brook Homes", "Canal Homes", "Meadow Homes", "Mill Homes", "Quay Homes"} {
		companies = append(companies, s.addCompany(name))
	}
	for email, n := range map[string]int{"two@example.org": 2, "six@example.org": 6} { // of six, five can be chosen
		for _, company := range companies[:n] {
			s.db.Exec(`insert into staff (tenant_id, id, email, role, password_hash)
				values ($1, $2, $3, 'viewer', (select password_hash from staff where email = 'one@example.org'))`, company, uuid.New(), email)
		}
	}
	for email, rightly := range map[string]int{
		"nobody@example.org": http.StatusUnauthorized, "one@example.org": http.StatusOK, "two@example.org": http.StatusOK, "six@example.org": http.StatusOK,
	} {
		for given, want := range map[string]int{password: rightly, "wrong horse battery": http.StatusUnauthorized} {
			before := s.passwords.Made()
			s.client().PostJSON("/api/sign-in", map[string]string{"email": email, "password": given}).Is(t, want)
			if made := s.passwords.Made() - before; made != store.MostAccounts {
				t.Errorf("%s with %q: %d hashes, want %d as for everybody", email, given, made, store.MostAccounts)
			}
		}
	}
}

// uncounted has one kind of limit fail, or with "" all, until it is undone.
func (s *site) uncounted(kind string) (counted func()) {
	s.db.Exec(`create function uncounted() returns trigger language plpgsql as 'begin raise lock_not_available; end'`)
	s.db.Exec(`create trigger uncounted before insert or update on rate_limits for each row when (new.bucket like '` + kind + `%') execute function uncounted()`)
	return func() { s.db.Exec(`drop function uncounted cascade`) }
}

// Where tries can't be counted, nobody gets in, not even with the right password.
func TestWithoutCountingNobodySignsIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addAccount(s.company, "nora@example.org", auth.RoleDeveloper)
	try := func(path string) {
		t.Helper()
		before := s.passwords.Made()
		a := s.client().PostJSON(path, map[string]string{"email": "nora@example.org", "password": password}).Is(t, http.StatusServiceUnavailable)
		if len(a.Cookies()) > 0 {
			t.Error("a cookie was set")
		}
		if made := s.passwords.Made() - before; made != 0 {
			t.Errorf("%d hashes for a try that wasn't counted", made)
		}
	}
	for _, kind := range []string{"sign-in-from:", "sign-in-as:"} { // each by itself
		counted := s.uncounted(kind)
		try("/api/sign-in")
		counted()
	}
	counted := s.uncounted("")
	try("/api/sign-in")
	s.client().Post("/sign-in", url.Values{"email": {"nora@example.org"}, "password": {password}}).Is(t, http.StatusServiceUnavailable)
	if n := pgtest.Value[int](s.db, `select count(*) from sessions`); n != 0 {
		t.Errorf("%d sessions were opened", n)
	}
	counted()
	s.client().Post("/sign-in", url.Values{"email": {"nora@example.org"}, "password": {password}}).Is(t, http.StatusSeeOther) // else the rest proves nothing
}

func TestTriesAreCountedByAccountAndByAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.client()
	try := func(email string) int {
		return c.PostJSON("/api/sign-in", map[string]string{"email": email, "password": "wrong horse battery"}).StatusCode
	}
	for i := range 20 {
		if got := try("nora@example.org"); got != http.StatusUnauthorized {
			t.Fatalf("try %d: %d", i+1, got)
		}
	}
	if got := try("nora@example.org"); got != http.StatusTooManyRequests {
		t.Errorf("the account's 21st try: %d", got)
	}
	c.Post("/sign-in", url.Values{"email": {"nora@example.org"}, "password": {password}}).Is(t, http.StatusTooManyRequests).
		Says(t, "Try again in 15 minutes.") // not in a moment
	if got := try("else@example.org"); got != http.StatusUnauthorized {
		t.Errorf("another account from the same office: %d", got)
	}
	s.db.Exec(`update rate_limits set hits = 101 where bucket like 'sign-in-from:%'`)
	if got := try("third@example.org"); got != http.StatusTooManyRequests {
		t.Errorf("the address's 102nd try: %d", got)
	}
	if n := pgtest.Value[int](s.db, `select count(*) from rate_limits where bucket like '%example.org%'`); n != 0 {
		t.Error("the table of limits has addresses of people")
	}
}

func TestAPersonOfTwoCompaniesChooses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	other := s.addCompany("Meadow Homes")
	third := s.addCompany("Brook Homes")
	s.addAccount(s.company, "nora@example.org", auth.RoleAdmin)
	s.addAccount(other, "nora@example.org", auth.RoleViewer)
	s.db.Exec(`insert into staff (tenant_id, id, email, role, password_hash) values ($1, $2, 'nora@example.org', 'viewer',
		(select password_hash from staff where tenant_id = $3))`, third, uuid.New(), other)
	s.db.Exec(`update staff set password_hash = replace(password_hash, right(password_hash, 6), 'AAAAAA') where tenant_id = $1`, third) // another password

	c := s.client()
	a := c.Post("/sign-in", url.Values{"email": {"nora@example.org"}, "password": {password}}).Is(t, http.StatusOK).
		Says(t, "Harbour Homes", "Meadow Homes")
	if strings.Contains(a.Text, "Brook Homes") {
		t.Error("a company with another password is offered")
	}
	choice := regexp.MustCompile(`name="choice" value="([^"]+)"`).FindStringSubmatch(a.Text)[1]

	enter := func(choice string, company uuid.UUID) webtest.Answer {
		return s.client().Post("/sign-in", url.Values{"choice": {choice}, "company": {company.String()}})
	}
	enter(choice, third).Is(t, http.StatusUnauthorized)
	enter("x"+choice, other).Is(t, http.StatusUnauthorized)
	enter(choice[:len(choice)-2], other).Is(t, http.StatusUnauthorized)
	enter("", other).Is(t, http.StatusUnprocessableEntity)
	c.Post("/sign-in", url.Values{"choice": {choice}, "company": {other.String()}}).Is(t, http.StatusSeeOther)
	c.Get("/developments").Is(t, http.StatusOK).Says(t, "Meadow Homes")

	type offer struct {
		Choice    string
		Companies []struct{ ID, Name string }
	}
	got := webtest.Decode[offer](t, s.client().PostJSON("/api/sign-in", map[string]string{"email": "nora@example.org", "password": password}).Is(t, http.StatusOK))
	if len(got.Companies) != 2 {
		t.Fatalf("companies %+v", got.Companies)
	}
	in := webtest.Decode[signedIn](t, s.client().PostJSON("/api/sign-in", map[string]string{"choice": got.Choice, "company": s.company.String()}).Is(t, http.StatusOK))
	if in.Token == "" {
		t.Error("no token")
	}
}

func TestNoHashOfAPasswordIsStoredWithAnIdempotencyKey(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addAccount(s.company, "nora@example.org", auth.RoleDeveloper)
	form := url.Values{"email": {"nora@example.org"}, "password": {password}, "idempotency_key": {uuid.NewString()}}
	s.client().Post("/sign-in", form).Is(t, http.StatusSeeOther)
	if n := pgtest.Value[int](s.db, `select count(*) from idempotency_keys`); n != 0 {
		t.Errorf("%d keys were stored", n)
	}
}
