package e2e

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/tests/e2e/visit"
	"openhouse.example/tests/stack"
)

const chosen = "the tide comes in at noon"

var passwordLink = regexp.MustCompile(`https?://\S+/password/[A-Za-z0-9_-]+`)

// operate runs an operator's command of the real binary against the stack's database, and returns what it said.
func operate(t testing.TB, s *stack.Stack, args ...string) (code int, said string) {
	t.Helper()
	return s.Developer.Run(30*time.Second, []string{
		"OPENHOUSE_ENV=development", "DATABASE_MIGRATE_URL=" + s.DB.AdminURL(), "DEVELOPER_PUBLIC_URL=" + s.Developer.URL,
	}, args...)
}

// passwordMail is the link in the newest mail to somebody, from the outbox page.
func passwordMail(t testing.TB, staff *visit.Visitor, to string) string {
	t.Helper()
	var outbox struct {
		Mail []struct{ To, Body string }
	}
	staff.JSON(http.MethodGet, "/api/outbox", nil).Want(200).Decode(&outbox)
	for _, m := range outbox.Mail {
		if link := passwordLink.FindString(m.Body); m.To == to && link != "" {
			return link
		}
	}
	t.Fatalf("no mail with a link to %s in %+v", to, outbox)
	return ""
}

// scan fetches a link as mail scanners do, and finds nothing changed by it.
func scan(t testing.TB, s *stack.Stack, link string) {
	t.Helper()
	for range 5 {
		scanner := visit.New(t, s.Developer.URL)
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			scanner.Do(scanner.Request(method, link, nil)).Want(200)
		}
		if len(scanner.Cookies()) != 0 {
			t.Fatalf("opening the link gave a cookie: %v", scanner.Cookies())
		}
	}
}

// choose follows a link, sets the password and signs in with it, all by forms.
func choose(t testing.TB, s *stack.Stack, link, email, password string) *visit.Visitor {
	t.Helper()
	v := visit.New(t, s.Developer.URL)
	page := v.Get(link).Want(200).Says(email)
	in := v.Form(page, tail(link)).Set("password", password).Set("repeat", password).Send().Want(200).Says("Your password is set")
	if in.URL.Path != "/sign-in" || v.Cookie("oh_staff") != "" {
		t.Fatalf("after the password the page is %s, the cookies %v", in.URL, v.Cookies())
	}
	v.Form(in, "/sign-in").Set("email", email).Set("password", password).Send().Want(200)
	if v.Cookie("oh_staff") == "" {
		t.Fatalf("%s can't sign in with the password just chosen", email)
	}
	return v
}

// tail is the path of a link.
func tail(link string) string { return link[strings.Index(link, "/password/"):] }

// TestFromCompanyCreateToAColleague is the way in for staff in one piece: an operator makes the company; its
// administrator follows the link, signs in and invites a colleague to one development; the colleague follows theirs,
// signs in and sees that one; the role and the account end when the administrator says so.
func TestFromCompanyCreateToAColleague(t *testing.T) {
	t.Parallel()
	s := start(t)
	code, said := operate(t, s, "company", "create", "--name", "Quay Homes", "--admin-email", "ada@quay.example.org", "--admin-name", "Ada Nolan")
	link := passwordLink.FindString(said)
	if code != 0 || !strings.HasPrefix(link, s.Developer.URL+"/password/") {
		t.Fatalf("code %d: %s", code, said)
	}
	if code, said := operate(t, s, "company", "create", "--name", "quay homes", "--admin-email", "ada@quay.example.org"); code == 0 || !strings.Contains(said, "company resend") {
		t.Errorf("the same company again: code %d: %s", code, said)
	}
	scan(t, s, link)
	ada := choose(t, s, link, "ada@quay.example.org", chosen)
	visit.New(t, s.Developer.URL).Get(link).Want(http.StatusGone).Says("used already")
	if _, said := operate(t, s, "company", "list"); !strings.Contains(said, "quay-homes") || !strings.Contains(said, "active") {
		t.Errorf("company list says %s", said)
	}

	park := createDevelopment(t, ada, "Longview Park")
	createDevelopment(t, ada, "Mill Quarter")
	form := ada.Form(ada.Get("/team/new").Want(200), "/team").Set("email", "bea@quay.example.org").Set("name", "Bea Kelly")
	form.Fields.Set("role", "developer")
	form.Set("limited", "true").Fields.Set("developments", park[strings.LastIndexByte(park, '/')+1:])
	form.Send().Want(200).Says("Bea Kelly", "Invited", "Longview Park")
	link = passwordMail(t, ada, "bea@quay.example.org")
	scan(t, s, link)
	bea := choose(t, s, link, "bea@quay.example.org", chosen+", too")
	bea.Get("/developments").Want(200).Says("Longview Park")
	wantNone(t, bea.Get("/developments").Text(), "Mill Quarter", "Team")
	bea.Get("/team").Want(http.StatusForbidden)
	member := ada.Get("/team").Want(200).Says("Active").Link("Bea Kelly")

	t.Run("an old link and one that never was", func(t *testing.T) {
		for link, want := range map[string]int{link: http.StatusGone, "/password/" + strings.Repeat("A", 43): http.StatusNotFound} {
			v := visit.New(t, s.Developer.URL)
			wantNone(t, v.Get(link).Want(want).Text(), "Quay Homes", "bea@")
			v.JSON(http.MethodPost, link, map[string]string{"password": "somebody else's words"}).Want(want)
		}
	})
	t.Run("another role, then no access", func(t *testing.T) {
		ended := func() {
			t.Helper()
			begin := time.Now()
			bea.JSON(http.MethodGet, "/api/developments", nil).Want(http.StatusUnauthorized)
			if took := time.Since(begin); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
		}
		ada.JSON(http.MethodPost, "/api"+member, map[string]any{"role": "viewer"}).Want(200)
		ended()
		bea = signInWith(t, s, "bea@quay.example.org", chosen+", too")
		bea.Get("/developments/new").Want(http.StatusForbidden)
		ada.Form(ada.Get(member).Want(200), "/disable").Send().Want(200).Says("Disabled")
		ended()
		visit.New(t, s.Developer.URL).JSON(http.MethodPost, "/api/sign-in", map[string]string{"email": "bea@quay.example.org", "password": chosen + ", too"}).
			Want(http.StatusUnauthorized)
	})
	t.Run("every step is in the audit log", func(t *testing.T) {
		got := lookUp[string](t, s.DB, `select string_agg(actor_kind || ' ' || action, ', ' order by at, id) from audit_log where action like 'company.%' or action like 'staff.%'`)
		const want = "operator company.create, operator staff.invite, staff staff.join, staff staff.invite, staff staff.join, staff staff.update, staff staff.disable"
		if got != want {
			t.Errorf("it says %s\nwant %s", got, want)
		}
	})
	t.Run("nothing secret in the log", func(t *testing.T) {
		wantNone(t, s.Developer.Log(), link, tail(link), chosen)
	})
}

func signInWith(t testing.TB, s *stack.Stack, email, password string) *visit.Visitor {
	t.Helper()
	v := visit.New(t, s.Developer.URL)
	v.Form(v.Get("/sign-in").Want(200), "/sign-in").Set("email", email).Set("password", password).Send().Want(200)
	return v
}

// TestAForgottenPasswordOfStaff: known and unknown addresses get the same page; the link sets the password once, of
// however many who press the button; every other session ends; a link that is too old sets nothing.
func TestAForgottenPasswordOfStaff(t *testing.T) {
	t.Parallel()
	s := start(t)
	company := s.NewCompany("Harbour Homes")
	staff := signIn(t, s, company.Email)
	elsewhere := signIn(t, s, company.Email)
	ask := func(email string) *visit.Answer {
		v := visit.New(t, s.Developer.URL)
		return v.Form(v.Get("/forgot-password").Want(200), "/forgot-password").Set("email", email).Send().Want(200)
	}
	if known, unknown := ask(company.Email).Text(), ask("nobody@example.org").Text(); known != unknown {
		t.Errorf("a known and an unknown address can be told apart:\n%s\n%s", known, unknown)
	}
	waitFor(t, "the mail", func() bool { return resets(t, s.DB) == 1 })
	link := passwordMail(t, staff, company.Email)
	scan(t, s, link)

	const rivals = 8
	outcomes := make(chan int, rivals)
	begin := make(chan struct{})
	var all sync.WaitGroup
	for range rivals {
		v := visit.New(t, s.Developer.URL)
		all.Go(func() {
			<-begin
			outcomes <- v.JSON(http.MethodPost, link, map[string]string{"password": chosen}).Status
		})
	}
	close(begin)
	all.Wait()
	close(outcomes)
	seen := map[int]int{}
	for status := range outcomes {
		seen[status]++
	}
	if seen[http.StatusOK] != 1 || seen[http.StatusGone] != rivals-1 {
		t.Errorf("the statuses were %v, want one 200 and %d times 410", seen, rivals-1)
	}
	for _, v := range []*visit.Visitor{staff, elsewhere} {
		v.JSON(http.MethodGet, "/api/developments", nil).Want(http.StatusUnauthorized)
	}
	staff = signInWith(t, s, company.Email, chosen)
	staff.Get("/outbox").Want(200).Says("was changed")
	visit.New(t, s.Developer.URL).JSON(http.MethodPost, "/api/sign-in", map[string]string{"email": company.Email, "password": stack.Password}).
		Want(http.StatusUnauthorized)

	ask(company.Email)
	waitFor(t, "the second mail", func() bool { return resets(t, s.DB) == 2 })
	late := passwordMail(t, staff, company.Email)
	s.DB.Exec("update email_tokens set created_at = now() - interval '16 minutes', expires_at = now() - interval '1 minute' where used_at is null")
	v := visit.New(t, s.Developer.URL)
	v.Get(late).Want(http.StatusGone).Says("too old")
	v.JSON(http.MethodPost, late, map[string]string{"password": "too late for this one"}).Want(http.StatusGone)
	staff.JSON(http.MethodGet, "/api/developments", nil).Want(200)
}

func resets(t testing.TB, db *pgtest.DB) int {
	t.Helper()
	return lookUp[int](t, db, "select count(*) from mail_outbox where kind = 'staff_reset'")
}
