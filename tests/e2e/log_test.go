package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"openhouse.example/tests/e2e/visit"
	"openhouse.example/tests/stack"
)

// TestLogIsDiscreet: what a portal writes about an ordinary day has patterns and figures, and nothing that is personal
// or secret; probes leave no line.
func TestLogIsDiscreet(t *testing.T) {
	t.Parallel()
	s := start(t)
	company := s.NewCompany("Harbour Homes")
	staff := signIn(t, s, company.Email)
	const email = "rosa.private@example.org"
	development, home := oneHome(t, staff, email)
	staff.Get(home).Want(200)
	staff.Get(development + "/homes?q=" + email).Want(200)
	staff.Get("/developments/" + uuid.NewString() + "?secret=xyzzy-query").Want(http.StatusNotFound)
	guess := visit.New(t, s.Developer.URL)
	guess.Form(guess.Get("/sign-in"), "/sign-in").Set("email", company.Email).Set("password", "xyzzy-guess").Send().Want(http.StatusUnauthorized)
	guess.JSON(http.MethodPost, "/api/sign-in", map[string]string{"email": company.Email, "password": "xyzzy-guess"}).Want(http.StatusUnauthorized)

	resident := visit.New(t, s.Tenant.URL)
	resident.Form(resident.Get("/sign-in"), "/sign-in").Set("email", email).Send().Want(200)
	var link string
	waitFor(t, "the mail", func() bool {
		link = lookUp[string](t, s.DB, "select coalesce(max(substring(body from '/link/([A-Za-z0-9_-]+)')), '') from mail_outbox")
		return link != ""
	})
	resident.Form(resident.Get("/link/"+link).Want(200), link).Send().Want(200)
	for range 30 {
		for _, path := range []string{"/api/health/db", "/api/health/live"} {
			probe(t, http.MethodGet, s.Developer.URL+path)
			probe(t, http.MethodGet, s.Tenant.URL+path)
		}
	}

	logs := s.Developer.Log() + s.Tenant.Log()
	wantAll(t, logs,
		"route=/developments/{development}/homes", "route=/homes/{home}", "route=/sign-in", "route=/link/{token}", "status=404", "method=POST",
		"tenant_id="+company.ID.String(), "ms=", "request_id=")
	for what, secret := range map[string]string{
		"an e-mail address": email, "the administrator's address": company.Email, "a search": "rosa.private", "a query": "xyzzy-query",
		"a wrong password": "xyzzy-guess", "the right one": stack.Password, "a link": link,
		"a staff token": staff.Cookie("oh_staff"), "a resident's token": resident.Cookie("oh_resident"), "a home's id": strings.Split(home, "/")[2],
		"a health probe": "/api/health", "a database address": "postgres://",
	} {
		if secret != "" && strings.Contains(logs, secret) {
			t.Errorf("the log has %s: %s", what, logLine(logs, secret))
		}
	}
	for line := range strings.Lines(logs) {
		if !strings.HasPrefix(line, "time=") {
			t.Errorf("a line without a time: %s", line)
		}
	}
}
