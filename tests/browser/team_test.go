package browser

import (
	"net/http"
	"regexp"
	"strings"
	"time"

	"openhouse.example/packages/ui/uitest"
	"openhouse.example/tests/e2e/visit"
)

// team are the people and the links that the scenes of the team and of passwords look at.
type team struct {
	own, invited, disabled, limited               string // "/team/…"
	invitation, reset, used, expiredLink, unknown string // "/password/…"
}

var passwordLink = regexp.MustCompile(`/password/[A-Za-z0-9_-]+`)

func (w *world) furnishTeam() {
	w.t.Helper()
	w.team.own = w.staff.Get("/team").Want(200).Link("Maeve Kinsella")
	w.team.limited = w.staff.Get("/team").Want(200).Link("Radek Ó Laoire")
	w.team.invited = w.invite("saoirse.invited@example.org", "Saoirse Achterberg")
	w.team.disabled = w.invite("with.a.long.address.behind.the.name@subsidiary.of.the.company.example.org", "")
	w.staff.JSON(http.MethodPost, "/api"+w.team.disabled+"/disable", map[string]any{}).Want(200)

	w.team.invitation = w.passwordMail("saoirse.invited@example.org")
	w.team.reset = w.newReset("ines.viewer@example.org")
	w.team.used = w.newReset("piotr.developer@example.org")
	visit.New(w.t, w.Developer.URL).JSON(http.MethodPost, w.team.used, map[string]string{"password": "the tide comes in at noon"}).Want(200)
	w.team.expiredLink = w.newReset("tomas.developer@example.org")
	w.DB.Exec("update email_tokens set created_at = now() - interval '20 minutes', expires_at = now() - interval '5 minutes' where email = 'tomas.developer@example.org'")
	w.team.unknown = "/password/" + strings.Repeat("A", 43)
}

// invite adds somebody to the team and returns their page.
func (w *world) invite(email, name string) string {
	w.t.Helper()
	var made struct{ ID string }
	w.staff.JSON(http.MethodPost, "/api/team", map[string]string{"email": email, "name": name, "role": "developer"}).Want(http.StatusCreated).Decode(&made)
	return "/team/" + made.ID
}

// newReset asks for a link to a new password, and returns it.
func (w *world) newReset(email string) string {
	w.t.Helper()
	v := visit.New(w.t, w.Developer.URL)
	v.Form(v.Get("/forgot-password"), "/forgot-password").Set("email", email).Send().Want(200)
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if link := w.passwordMail(email); link != "" {
			return link
		}
	}
	w.t.Fatalf("no mail to %s", email)
	return ""
}

// passwordMail is the link in the newest mail to somebody of either demo company, "" if there is none.
func (w *world) passwordMail(email string) string {
	w.t.Helper()
	for _, account := range []string{"maeve.admin@example.org", "sade.admin@example.org"} {
		staff := w.staff
		if account != "maeve.admin@example.org" {
			staff = w.signIn(account)
		}
		var outbox struct {
			Mail []struct{ To, Body string }
		}
		staff.JSON(http.MethodGet, "/api/outbox", nil).Want(200).Decode(&outbox)
		for _, m := range outbox.Mail {
			if m.To == email {
				return passwordLink.FindString(m.Body)
			}
		}
	}
	return ""
}

// teamScenes are the pages about the team and about passwords.
func (w *world) teamScenes() []scene {
	in := w.staffCookies
	const send = "form button[type=submit]"
	return []scene{
		{name: "forgot-password", path: "/forgot-password", says: "Forgot your password?"},
		{name: "forgot-password-wrong", path: "/forgot-password", status: 422, says: "There is a problem", act: func(p *uitest.Page) {
			p.Fill("[name=email]", "nobody")
			p.Submit(send)
		}},
		{name: "forgot-password-sent", path: "/forgot-password", says: "on its way", act: func(p *uitest.Page) {
			p.Fill("[name=email]", "nobody@example.org")
			p.Submit(send)
		}},
		{name: "password-invitation", path: w.team.invitation, says: "within 72 hours"},
		{name: "password-reset", path: w.team.reset, says: "within 15 minutes"},
		{name: "password-wrong", path: w.team.invitation, status: 422, says: "There are 2 problems", act: func(p *uitest.Page) {
			p.Fill("[name=password]", "password1234")
			p.Submit(send)
		}},
		{name: "password-used", path: w.team.used, status: 410, says: "used already"},
		{name: "password-expired", path: w.team.expiredLink, status: 410, says: "too old"},
		{name: "password-unknown", path: w.team.unknown, status: 404, says: "opens nothing"},

		{name: "team", path: "/team", cookies: in, says: "Saoirse Achterberg"},
		{name: "team-viewer", path: "/team", cookies: w.viewCookies, status: 403},
		{name: "team-invite", path: "/team/new", cookies: in, says: "72 hours"},
		{name: "team-invite-wrong", path: "/team/new", cookies: in, status: 422, says: "There are 2 problems", act: func(p *uitest.Page) {
			p.Fill("[name=email]", "nobody")
			p.Eval(`document.querySelector("[name=limited]").value = "true"`, nil)
			p.Submit("main " + send)
		}},
		{name: "team-member-limited", path: w.team.limited, cookies: in, says: "Only those ticked below"},
		{name: "team-member-own", path: w.team.own, cookies: in, says: "your own account"},
		{name: "team-member-invited", path: w.team.invited, cookies: in, says: "Has not chosen a password yet"},
		{name: "team-member-disabled", path: w.team.disabled, cookies: in, says: "Disabled"},
		{name: "team-member-disable", path: w.team.limited, cookies: in, says: "Shut this person out?", act: func(p *uitest.Page) {
			p.Click("main summary")
		}},
		{name: "team-conflict", path: w.team.invited, cookies: in, status: 409, says: "Somebody else has saved", act: func(p *uitest.Page) {
			w.staff.JSON(http.MethodPost, "/api"+w.team.invited, map[string]string{"name": "Saoirse Achterberg-" + time.Now().Format("150405.000")}).Want(200)
			p.Submit("main " + send)
		}},
	}
}
