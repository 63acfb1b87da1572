package e2e

import (
	"net/http"
	"path"
	"strings"
	"testing"

	"github.com/google/uuid"

	"openhouse.example/packages/web/auth"
	"openhouse.example/tests/e2e/visit"
)

// TestIDsOfOthers asks for another company's things and for things that never were, in every way that there is: the
// answers are the same to the byte, so nobody learns what exists.
func TestIDsOfOthers(t *testing.T) {
	t.Parallel()
	s := start(t)
	own, other := s.NewCompany("Harbour Homes"), s.NewCompany("Moss Lane Builders")
	theirs := signIn(t, s, other.Email)
	development, home := oneHome(t, theirs, "buyer@example.org")
	file, _ := preview(t, theirs, development, "two.csv", []byte("unit,address,type\n2,,B\n"))
	theirs.Form(theirs.Get(home), "/link").Send()
	mail := lookUp[string](t, s.DB, "select coalesce(max(id::text), gen_random_uuid()::text) from mail_outbox")
	foreign := map[string]string{"{development}": path.Base(development), "{home}": path.Base(home), "{import}": path.Base(file), "{mail}": mail}
	unknown := uuid.NewString()
	malformed := []string{"1", "x", "null", "00000000-0000-0000-0000-000000000000", "{" + unknown + "}", strings.ToUpper(unknown), "%00", "..%2f..", "' or 1=1", strings.Repeat("9", 500)}

	v := visit.New(t, s.Developer.URL)
	v.Token = s.Token(t, own)
	for _, c := range []struct {
		method, pattern string
		page            bool // there is a page at the same address without /api
	}{
		{http.MethodGet, "/developments/{development}", true},
		{http.MethodGet, "/developments/{development}/homes", true},
		{http.MethodGet, "/developments/{development}/import", true},
		{http.MethodPost, "/developments/{development}", true},
		{http.MethodPost, "/developments/{development}/import", true},
		{http.MethodGet, "/homes/{home}", true},
		{http.MethodPost, "/homes/{home}", true},
		{http.MethodPost, "/homes/{home}/link", true},
		{http.MethodGet, "/imports/{import}", true},
		{http.MethodGet, "/imports/{import}/errors.csv", true},
		{http.MethodPost, "/imports/{import}/settings", true},
		{http.MethodPost, "/imports/{import}/commit", true},
		{http.MethodPost, "/imports/{import}/discard", true},
	} {
		var parameter string
		for name := range foreign {
			if strings.Contains(c.pattern, name) {
				parameter = name
			}
		}
		at := func(id string) string {
			return strings.ReplaceAll(c.pattern, parameter, strings.ReplaceAll(id, " ", "%20"))
		}
		asProgram := func(id string) *visit.Answer { return v.JSON(c.method, "/api"+at(id), nil) }
		asBrowser := func(id string) *visit.Answer { return v.DoOnce(v.Request(c.method, at(id), nil)) }
		for name, ask := range map[string]func(string) *visit.Answer{"a program": asProgram, "a browser": asBrowser} {
			want := ask(unknown)
			if want.Status != http.StatusNotFound {
				t.Errorf("%s %s as %s: an unknown id is answered %d: %.300s", c.method, c.pattern, name, want.Status, want.Body)
			}
			sameAnswer(t, c.method+" "+c.pattern+" as "+name+": another company's", ask(foreign[parameter]), want)
			for _, id := range malformed {
				sameAnswer(t, c.method+" "+c.pattern+" as "+name+": "+id, ask(id), want)
			}
		}
	}
	for _, pattern := range []string{"/developments/{development}/edit", "/homes/{home}/edit", "/outbox/{mail}"} {
		at := func(id string) *visit.Answer {
			for name := range foreign {
				if strings.Contains(pattern, name) {
					if id == "" {
						id = foreign[name]
					}
					return v.Get(strings.ReplaceAll(pattern, name, id))
				}
			}
			return nil
		}
		sameAnswer(t, "GET "+pattern, at(""), at(unknown).Want(http.StatusNotFound))
	}
	// And nothing of theirs has changed.
	theirs.Get(home).Want(200).Says("1 Longview Park", "buyer@example.org")
	theirs.Get(file).Want(200)
	if n := lookUp[int](t, s.DB, "select count(*) from audit_log where tenant_id = $1", own.ID); n != 0 {
		t.Errorf("%d entries in the audit log of a company that changed nothing", n)
	}
}

// sameAnswer compares everything but the request's own id and the time.
func sameAnswer(t testing.TB, what string, got, want *visit.Answer) {
	t.Helper()
	if got.Status != want.Status || string(got.Body) != string(want.Body) {
		t.Errorf("%s is answered %d\n%.400s\nnot, as an unknown id, %d\n%.400s", what, got.Status, got.Body, want.Status, want.Body)
		return
	}
	for _, h := range []struct{ one, two http.Header }{{got.Header, want.Header}, {want.Header, got.Header}} {
		for name := range h.one {
			if name != "X-Request-Id" && name != "Date" && strings.Join(h.one[name], ",") != strings.Join(h.two[name], ",") {
				t.Errorf("%s: %s is %q, with an unknown id %q", what, name, h.one[name], h.two[name])
			}
		}
	}
}

// TestRoles: who may only look can't change, by any way; the page doesn't offer what the role can't do.
func TestRoles(t *testing.T) {
	t.Parallel()
	s := start(t)
	company := s.NewCompany("Harbour Homes")
	admin := signIn(t, s, company.Email)
	development, home := oneHome(t, admin, "buyer@example.org")
	file, _ := preview(t, admin, development, "two.csv", []byte("unit,address,type\n2,2 Mill Road,B\n3,,B\n"))

	viewer := signIn(t, s, s.NewStaff(company, auth.RoleViewer).Email)
	for _, address := range []string{"/developments", development, development + "/homes", home, file} {
		page := viewer.Get(address).Want(200)
		for _, form := range page.Page().All("form") {
			if form.Attrs["method"] == "post" && !strings.HasSuffix(form.Attrs["action"], "/sign-out") {
				t.Errorf("%s offers a viewer the form %s", address, form.Attrs["action"])
			}
		}
		for _, a := range page.Page().All("a") {
			if to := a.Attrs["href"]; strings.HasSuffix(to, "/edit") || strings.HasSuffix(to, "/new") || strings.HasSuffix(to, "/import") || strings.HasSuffix(to, ".csv") {
				t.Errorf("%s offers a viewer the way to %s", address, to)
			}
		}
	}
	for _, address := range []string{"/developments/new", development + "/edit", development + "/import", home + "/edit", file + "/errors.csv", "/outbox"} {
		viewer.Get(address).Want(http.StatusForbidden).Says("not for your role")
	}
	for _, address := range []string{"/developments", development, development + "/import", home, home + "/link", file + "/settings", file + "/commit", file + "/discard"} {
		viewer.Do(viewer.Request(http.MethodPost, address, nil)).Want(http.StatusForbidden)
		if answer := viewer.JSON(http.MethodPost, "/api"+address, nil); answer.Status != http.StatusForbidden || errorCode(t, string(answer.Body)) != "forbidden" {
			t.Errorf("POST /api%s by a viewer is answered %d %s", address, answer.Status, answer.Body)
		}
	}
	if n := lookUp[int](t, s.DB, "select count(*) from units"); n != 1 {
		t.Errorf("%d homes", n)
	}
}
