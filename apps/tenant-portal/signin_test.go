package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"openhouse.example/packages/pgdev"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/web/webtest"
)

// Nobody learns from the answer whether an address is known.
func TestAskingForALinkTellsNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "buyer14@example.org")
	ask := func(email string) (string, http.Header) {
		a := s.client().Post("/sign-in", url.Values{"email": {email}}).Is(t, http.StatusOK)
		a.Header.Del("X-Request-Id")
		a.Header.Del("Date")
		return a.Text, a.Header
	}
	knownBody, knownHeader := ask("buyer14@example.org")
	strangerBody, strangerHeader := ask("stranger@example.org")
	if diff := cmp.Diff(knownBody, strangerBody); diff != "" {
		t.Errorf("the pages differ:\n%s", diff)
	}
	if diff := cmp.Diff(knownHeader, strangerHeader); diff != "" {
		t.Errorf("the headers differ:\n%s", diff)
	}
	webtest.Wait(t, "mail to the buyer", func() bool {
		return pgtest.Value[int](s.db, `select count(*) from mail_outbox where to_email = 'buyer14@example.org'`) == 1
	})
	if got := pgtest.Value[[]string](s.db, `select array_agg(concat_ws(' ', actor_kind, coalesce(actor_id::text, 'nobody'), action, object, from_ip)
		order by at) from audit_log where request_id <> ''`); !cmp.Equal(got, []string{"resident nobody resident.link_request unit 127.0.0.1"}) {
		t.Errorf("the audit log has %v", got)
	}
	if n := pgtest.Value[int](s.db, `select count(*) from mail_outbox`); n != 1 {
		t.Errorf("%d mails, want only the buyer's", n)
	}
}

// What depends on the address happens after the answer: it comes while the look-up is held up.
func TestTheAnswerDoesNotWaitForTheLookUp(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "buyer14@example.org")
	release := s.lockTable("units")
	s.client().Post("/sign-in", url.Values{"email": {"buyer14@example.org"}}).Is(t, http.StatusOK)
	if n := pgtest.Value[int](s.db, `select count(*) from mail_outbox`); n != 0 {
		t.Fatalf("%d mails although the homes can't be read", n)
	}
	release()
	webtest.Wait(t, "mail", func() bool { return pgtest.Value[int](s.db, `select count(*) from mail_outbox`) == 1 })
}

func TestTheSignInFormSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, c := range []struct{ name, email, says string }{
		{"empty", "", "Enter your e-mail address"},
		{"blank", "  ", "Enter your e-mail address"},
		{"no at", "buyer14.example.org", "like name@example.org"},
		{"two", "a@example.org, b@example.org", "like name@example.org"},
		{"with a name", "Buyer <buyer14@example.org>", "like name@example.org"},
		{"a header", "buyer14@example.org\r\nBcc: all@example.org", "Put this on one line"},
		{"a NUL", "buyer14\x00@example.org", "characters that can"},
		{"too long", strings.Repeat("a", 250) + "@example.org", "At most 254"},
		{"script", `"><script>@example.org`, "like name@example.org"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := s.client().Post("/sign-in", url.Values{"email": {c.email}}).Is(t, http.StatusUnprocessableEntity)
			if !strings.Contains(a.Text, c.says) {
				t.Errorf("the page does not say %q:\n%s", c.says, a.Text)
			}
			if strings.Contains(a.Text, "<script>@") {
				t.Error("what was typed came back as markup")
			}
			said := webtest.Decode[struct {
				Error struct{ Fields map[string]string }
			}](t,
				s.client().Post("/sign-in", url.Values{"email": {c.email}}, "Accept", "application/json").Is(t, http.StatusUnprocessableEntity))
			if !strings.Contains(said.Error.Fields["email"], c.says) {
				t.Errorf("JSON says %v", said)
			}
		})
	}
	if n := pgtest.Value[int](s.db, `select count(*) from mail_outbox`); n != 0 {
		t.Errorf("%d mails were written", n)
	}
}

// Somebody with several homes gets a mail for each, and each link opens its own.
func TestSeveralHomesOneMailEach(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "two@example.org")
	s.addHome("15", "two@example.org")
	other := s.addCompany("Meadow Living", "meadow")
	development, houseType := uuid.New(), uuid.New()
	s.addDevelopment(other, development, houseType, "Orchard Rise")
	s.db.Exec(`insert into units (tenant_id, id, development_id, house_type_id, unit_number, purchaser_email) values ($1, $2, $3, $4, '3', 'two@example.org')`,
		other, uuid.New(), development, houseType)

	seen := map[string]bool{}
	for _, link := range s.askLink("two@example.org", 3) {
		c := s.client()
		c.Post(link, nil).Is(t, http.StatusSeeOther)
		seen[regexp.MustCompile(`<h1>\s*(.*?)\s*</h1>`).FindStringSubmatch(c.Get("/").Is(t, http.StatusOK).Text)[1]] = true
	}
	if want := map[string]bool{"14 Longview Park": true, "15 Longview Park": true, "Home 3": true}; !cmp.Equal(seen, want) {
		t.Errorf("the links opened %v, want %v", seen, want)
	}
}

// A mailbox can't be flooded, and the limit is not visible from outside.
func TestOneAddressGetsAFewLinksOnly(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "buyer14@example.org")
	bodies := map[string]bool{}
	for range 9 {
		bodies[s.client().Post("/sign-in", url.Values{"email": {"buyer14@example.org"}}).Is(t, http.StatusOK).Text] = true
	}
	if len(bodies) != 1 {
		t.Errorf("%d different answers", len(bodies))
	}
	webtest.Wait(t, "mails", func() bool { return pgtest.Value[int](s.db, `select count(*) from mail_outbox`) >= 5 })
	s.askSomebodyElse()
	if n := pgtest.Value[int](s.db, `select count(*) from mail_outbox where to_email = 'buyer14@example.org'`); n != 5 {
		t.Errorf("%d mails within the window, want 5", n)
	}
	if bucket := pgtest.Value[string](s.db, `select string_agg(bucket, ' ') from rate_limits`); strings.Contains(bucket, "buyer14") {
		t.Errorf("the table of limits holds addresses: %s", bucket)
	}
}

func TestOnePlaceCanAskOnlySoOften(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.db.Exec(`insert into rate_limits (bucket, hits, expires_at) values ($1, 100, now() + interval '10 minutes')`, platform.Bucket("link-from", "127.0.0.1"))
	saysWhenToTryAgain(t, s.client().Post("/sign-in", url.Values{"email": {"buyer14@example.org"}}))
}

// saysWhenToTryAgain wants a refusal that names the whole window of the limit, to programs and to people.
func saysWhenToTryAgain(t *testing.T, a webtest.Answer) {
	t.Helper()
	a.Is(t, http.StatusTooManyRequests).Says(t, "Try again in 15 minutes")
	if got := a.Header.Get("Retry-After"); got != "900" {
		t.Errorf("Retry-After is %q, want 900: the window of a quarter of an hour", got)
	}
}

// Attempts that can't be counted are refused: without the limits the form would send mail to anybody, any number of times.
func TestWithoutLimitsNoLinkIsSent(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "buyer14@example.org")
	for what, fault := range map[string]struct{ begin, end string }{
		"no count":        {`alter function rate_hit(text, integer, interval) rename to gone`, `alter function gone(text, integer, interval) rename to rate_hit`},
		"none by place":   {`alter table rate_limits add constraint fault check (bucket not like 'link-from:%')`, `alter table rate_limits drop constraint fault`},
		"none by mailbox": {`alter table rate_limits add constraint fault check (bucket not like 'link-to:%')`, `alter table rate_limits drop constraint fault`},
	} {
		s.db.Exec(`delete from rate_limits`)
		s.db.Exec(fault.begin)
		a := s.client().Post("/sign-in", url.Values{"email": {"buyer14@example.org"}})
		s.db.Exec(fault.end)
		if a.StatusCode != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" || strings.Contains(a.Text, "on its way") {
			t.Errorf("%s: status %d, Retry-After %q, want 503 and when to try again", what, a.StatusCode, a.Header.Get("Retry-After"))
		}
	}
	s.askSomebodyElse()
	if n := pgtest.Value[int](s.db, `select count(*) from mail_outbox where to_email = 'buyer14@example.org'`); n != 0 {
		t.Errorf("%d links were sent although nobody could count", n)
	}
}

// Whoever is signed in has no use for the form.
func TestSignInFormWhenSignedIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "buyer14@example.org")
	if to := s.enter("buyer14@example.org").Get("/sign-in").Is(t, http.StatusSeeOther).Header.Get("Location"); to != "/" {
		t.Errorf("leads to %q", to)
	}
}

// Postgres restarts between the answer and the mail: the mail comes all the same.
func TestALinkSurvivesARestartOfPostgres(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	s := newSiteOn(t, pgtest.NewOn(t, server))
	s.addHome("14", "buyer14@example.org")
	s.lockTable("units") // the look-up waits, until the restart ends the lock
	s.client().Post("/sign-in", url.Values{"email": {"buyer14@example.org"}}).Is(t, http.StatusOK)
	webtest.Wait(t, "look-up", func() bool {
		return pgtest.Value[int](s.db, `select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%resident_link_request%'`) > 0
	})
	if err := server.Restart(t.Context(), pgdev.Fast); err != nil {
		t.Fatal(err)
	}
	webtest.Wait(t, "mail", func() bool { return pgtest.Value[int](s.db, `select count(*) from mail_outbox`) == 1 })
}

// While the database is away nobody is told that a link is on its way.
func TestWithoutADatabaseNothingIsPromised(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	s := newSiteOn(t, pgtest.NewOn(t, server))
	if err := server.Halt(pgdev.Fast); err != nil {
		t.Fatal(err)
	}
	for _, ask := range []func() webtest.Answer{
		func() webtest.Answer {
			return s.client().Post("/sign-in", url.Values{"email": {"buyer14@example.org"}})
		},
		func() webtest.Answer { return s.client().Get("/link/" + strings.Repeat("A", 43)) },
	} {
		a := ask().Is(t, http.StatusServiceUnavailable)
		if a.Header.Get("Retry-After") == "" || strings.Contains(a.Text, "on its way") {
			t.Errorf("Retry-After is %q, the page says\n%s", a.Header.Get("Retry-After"), a.Text)
		}
	}
	s.client().Get("/sign-in").Is(t, http.StatusOK)
	if err := server.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	webtest.Wait(t, "recovery", func() bool { return s.client().Get("/link/"+strings.Repeat("A", 43)).StatusCode == http.StatusNotFound })
}
