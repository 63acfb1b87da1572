package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/startup"
	"openhouse.example/packages/web/webtest"
)

const mia = "mia.walsh@example.org"

// addResident lets the buyer of a home live there, with a session that is open.
func (s *site) addResident(company, development, home uuid.UUID, email, name string) uuid.UUID {
	id := uuid.New()
	s.db.Exec(`insert into residents (tenant_id, id, email, full_name, phone) values ($1, $2, $3, $4, '+353 1 555 0142')`, company, id, email, name)
	s.db.Exec(`insert into occupancies (tenant_id, id, development_id, unit_id, resident_id) values ($1, gen_random_uuid(), $2, $3, $4)`, company, development, home, id)
	s.db.Exec(`insert into sessions (tenant_id, id, kind, resident_id, development_id, unit_id, expires_at, from_ip, user_agent)
		values ($1, gen_random_uuid(), 'resident', $4, $2, $3, now() + interval '1 day', '192.0.2.44', 'A browser')`, company, development, home, id)
	s.db.Exec(`insert into unit_claims (tenant_id, id, development_id, unit_id, email, full_name, state) values ($1, gen_random_uuid(), $2, $3, $4, $5, 'pending')`,
		company, development, home, email, name)
	return id
}

// household is a site with Mia, who bought home 14 and lives there, and an administrator.
func household(t *testing.T) (s *site, ada person, home, resident uuid.UUID) {
	t.Helper()
	s = newSite(t)
	park := s.addDevelopment(s.company, "Longview Park")
	home = s.addHome(s.company, park, s.addType(s.company, park, "B"), "14", mia)
	return s, s.addStaff(s.company, auth.RoleAdmin), home, s.addResident(s.company, park, home, mia, "Mia Walsh")
}

type personAnswer struct {
	Email, Name, Phone string
	Homes              []struct{ Kind, Development string }
	Bought             []struct{ ID string }
	Sessions           []struct {
		From, Browser string
		Living        bool
	}
	Requests []struct{ State string }
}

func TestThePageOfAPerson(t *testing.T) {
	t.Parallel()
	s, ada, home, id := household(t)
	page := "/residents/" + id.String()
	ada.Get(page).Is(t, http.StatusOK).Says(t, "Mia Walsh", mia, "+353 1 555 0142", `href="/homes/`+home.String(), "14 Longview Park", "Owner since", "buyer", "192.0.2.44", "Waiting",
		"Download everything", "Erase this person", "/audit?who="+id.String())
	got := webtest.Decode[personAnswer](t, ada.Get("/api"+page).Is(t, http.StatusOK))
	if len(got.Homes) != 1 || got.Homes[0].Kind != "owner" || len(got.Bought) != 1 || len(got.Sessions) != 1 || !got.Sessions[0].Living || len(got.Requests) != 1 {
		t.Errorf("the person: %+v", got)
	}
	other := s.addStaff(s.addCompany("Meadow Homes"), auth.RoleAdmin)
	for _, who := range []person{s.addStaff(s.company, auth.RoleViewer), s.addStaff(s.company, auth.RoleDeveloper)} {
		for _, path := range []string{page, page + "/erase", "/api" + page} {
			who.Get(path).Is(t, http.StatusForbidden)
		}
		for _, path := range []string{page + "/erase", page + "/export"} {
			who.PostJSON("/api"+path, map[string]string{"address": mia}).Is(t, http.StatusForbidden)
		}
	}
	nobody := "/residents/" + uuid.NewString()
	for _, path := range []string{"", "/erase"} {
		if a, b := other.Get(page+path).Is(t, http.StatusNotFound), other.Get(nobody+path).Is(t, http.StatusNotFound); anonymous(a.Text) != anonymous(b.Text) {
			t.Errorf("%s: another company's person is not as one that never was:\n%s\n%s", path, a.Text, b.Text)
		}
	}
	for _, path := range []string{"/export", "/erase"} {
		body := map[string]string{"address": mia}
		if path == "/export" {
			body = map[string]string{}
		}
		if a, b := other.PostJSON("/api"+page+path, body).Is(t, http.StatusNotFound), other.PostJSON("/api"+nobody+path, body).Is(t, http.StatusNotFound); anonymous(a.Text) != anonymous(b.Text) {
			t.Errorf("%s: another company's person is not as one that never was:\n%s\n%s", path, a.Text, b.Text)
		}
	}
	if n := pgtest.Value[int](s.db, `select count(*) from audit_log where action like 'person.%'`); n != 0 {
		t.Errorf("%d refused requests are noted as done", n)
	}
	if n := pgtest.Value[int](s.db, `select count(*) from residents`); n != 1 {
		t.Error("a refused request has erased somebody")
	}
}

var requestID = regexp.MustCompile(`[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}|[A-Za-z0-9_-]{16,}`)

// anonymous is an answer without what no two answers share.
func anonymous(text string) string { return requestID.ReplaceAllString(text, "…") }

func TestWhatIsStoredAboutAPersonAsAFile(t *testing.T) {
	t.Parallel()
	s, ada, home, id := household(t)
	ada.Post("/homes/"+home.String()+"/link", url.Values{}).Is(t, http.StatusSeeOther)
	a := ada.Post("/residents/"+id.String()+"/export", url.Values{}).Is(t, http.StatusOK)
	var file struct {
		Readme string
		Tables map[string][]map[string]any
	}
	if err := json.Unmarshal([]byte(a.Text), &file); err != nil || !strings.Contains(file.Readme, "Everything that is stored") {
		t.Fatalf("%v: %s", err, a.Text)
	}
	for table, want := range map[string]int{"residents": 1, "occupancies": 1, "units": 1, "sessions": 1, "unit_claims": 1, "email_tokens": 1, "mail_outbox": 1, "audit_log": 1} {
		if got := len(file.Tables[table]); got != want {
			t.Errorf("%d rows of %s, want %d", got, table, want)
		}
	}
	if strings.Contains(a.Text, "/link/") || strings.Contains(a.Text, "token_hash") {
		t.Error("the file has a link that opens the home")
	}
	if a.Header.Get("Cache-Control") != "no-store" || !strings.Contains(a.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("headers %v", a.Header)
	}
	if log := ada.log("?object=" + id.String()); log.texts() != "Nora Byrne downloaded what is stored about Mia Walsh" {
		t.Errorf("the log says %s", log.texts())
	}
	// Nothing of it is kept where answers are.
	if n := pgtest.Value[int](s.db, `select count(*) from idempotency_keys where position('Mia' in encode(answer, 'escape')) > 0`); n != 0 {
		t.Error("the export is stored")
	}
}

func TestErasingAPerson(t *testing.T) {
	t.Parallel()
	s, ada, home, id := household(t)
	page := "/residents/" + id.String()
	ada.Get(page+"/erase").Is(t, http.StatusOK).Says(t, "can’t be undone", mia, `name="buyer"`, "buyer of 1 home")
	erase := func(form url.Values) webtest.Answer { return ada.Post(page+"/erase", form) }
	erase(url.Values{}).Is(t, http.StatusUnprocessableEntity).Says(t, "E-mail address of the person")
	erase(url.Values{"address": {"mia@example.org"}, "buyer": {"true"}}).Is(t, http.StatusUnprocessableEntity).Says(t, "This is not the address of this person", `value="mia@example.org"`)
	erase(url.Values{"address": {mia}, "buyer": {"perhaps"}}).Is(t, http.StatusUnprocessableEntity)
	ada.PostJSON("/api"+page+"/erase", map[string]any{"address": mia, "unit_id": home}).Is(t, http.StatusUnprocessableEntity)
	if n := pgtest.Value[int](s.db, `select count(*) from residents`); n != 1 {
		t.Fatal("a refused form has erased somebody")
	}

	form := url.Values{"address": {" " + strings.ToUpper(mia)}, "buyer": {"true"}, "idempotency_key": {uuid.NewString()}}
	for range 2 { // the button pressed twice
		erase(form).Is(t, http.StatusSeeOther)
	}
	erase(url.Values{"address": {mia}}).Is(t, http.StatusSeeOther) // and once more, from an old page
	ada.Get("/audit?object="+id.String()).Is(t, http.StatusOK).Says(t, "The person was erased", "erased a person")
	ada.Get(page).Is(t, http.StatusNotFound)
	ada.Get(page+"/erase").Is(t, http.StatusNotFound)
	again := webtest.Decode[struct{ Again bool }](t, ada.PostJSON("/api"+page+"/erase", map[string]any{"address": mia}).Is(t, http.StatusOK))
	if !again.Again {
		t.Error("the second time is not said to be one")
	}
	if got := pgtest.Value[string](s.db, `select purchaser_email || purchaser_name from units where id = $1`, home); got != "" {
		t.Errorf("the buyer is still %s", got)
	}
	if n := pgtest.Value[int](s.db, `select count(*) from sessions where kind = 'resident'`); n != 0 {
		t.Error("the person is still signed in")
	}
	if got := pgtest.Value[string](s.db, `select string_agg(detail::text, '; ') from audit_log where action = 'person.erase'`); !strings.Contains(got, `"residents": 1`) || strings.Contains(got, ";") || strings.Contains(got, "mia") {
		t.Errorf("the log has %s", got)
	}
}

// The sales record may have to stay, for the contract.
func TestErasingAPersonButNotTheBuyer(t *testing.T) {
	t.Parallel()
	s, ada, home, id := household(t)
	got := webtest.Decode[struct{ Rows map[string]int64 }](t, ada.PostJSON("/api/residents/"+id.String()+"/erase", map[string]any{"address": mia, "buyer": false}).Is(t, http.StatusOK))
	if got.Rows["residents"] != 1 || got.Rows["units"] != 0 {
		t.Errorf("erased: %v", got.Rows)
	}
	if got := pgtest.Value[string](s.db, `select purchaser_email from units where id = $1`, home); got != mia {
		t.Errorf("the buyer is %q", got)
	}
}

func TestTwoAdministratorsEraseAtOnce(t *testing.T) {
	t.Parallel()
	s, ada, _, id := household(t)
	var wait sync.WaitGroup
	var mu sync.Mutex
	first := 0
	for _, who := range []person{ada, s.addStaff(s.company, auth.RoleAdmin), s.addStaff(s.company, auth.RoleAdmin), s.addStaff(s.company, auth.RoleAdmin)} {
		wait.Go(func() {
			got := webtest.Decode[struct{ Again bool }](t, who.PostJSON("/api/residents/"+id.String()+"/erase", map[string]any{"address": mia}))
			mu.Lock()
			defer mu.Unlock()
			if !got.Again {
				first++
			}
		})
	}
	wait.Wait()
	if n := pgtest.Value[int](s.db, `select count(*) from audit_log where action = 'person.erase'`); n != 1 || first != 1 {
		t.Errorf("%d entries, %d were first", n, first)
	}
}

func TestThePersonCommand(t *testing.T) {
	t.Parallel()
	s, _, home, id := household(t)
	slug := pgtest.Value[string](s.db, `select slug from tenants where id = $1`, s.company)
	run := func(args ...string) (int, string) {
		lookup, environ := webtest.Environment(map[string]string{"DATABASE_MIGRATE_URL": s.db.AdminURL()})
		var out bytes.Buffer
		code := persons(args, lookup, environ, &out, &out)
		return code, out.String()
	}
	code, said := run("export", "--company", slug, "--email", strings.ToUpper(mia))
	var file struct{ Tables map[string][]map[string]any }
	if err := json.Unmarshal([]byte(said), &file); code != 0 || err != nil || len(file.Tables["residents"]) != 1 || len(file.Tables["units"]) != 1 {
		t.Fatalf("code %d: %s", code, said)
	}
	if code, said := run("erase", "--company", slug, "--email", mia, "--keep-buyer"); code != 0 || !strings.Contains(said, "1  residents") {
		t.Errorf("code %d: %s", code, said)
	}
	if got := pgtest.Value[string](s.db, `select purchaser_email from units where id = $1`, home); got != mia {
		t.Errorf("the buyer is %q", got)
	}
	// Now a buyer who is no resident; and then nothing is left.
	if code, said := run("erase", "--company", slug, "--email", mia); code != 0 || !strings.Contains(said, "1  units") {
		t.Errorf("code %d: %s", code, said)
	}
	if code, said := run("erase", "--company", slug, "--email", mia); code != 0 || !strings.Contains(said, "nothing was left") {
		t.Errorf("code %d: %s", code, said)
	}
	if code, said := run("export", "--company", slug, "--email", mia); code != startup.ExitFailed || !strings.Contains(said, "has stored nothing") {
		t.Errorf("code %d: %s", code, said)
	}
	got := pgtest.Value[string](s.db, `select string_agg(actor_kind || ' ' || action || ' ' || coalesce(object_id::text, '-'), ', ' order by at) from audit_log`)
	if want := "operator person.export " + id.String() + ", operator person.erase " + id.String() + ", operator person.erase -"; got != want {
		t.Errorf("the log has %s, want %s", got, want)
	}
	for name, args := range map[string][]string{
		"say export or erase": {}, "say export": {"forget"}, "--company is missing": {"erase", "--email", mia}, "--email is missing": {"export", "--company", slug},
		"is no short name": {"erase", "--company", "Quay Homes", "--email", mia}, "not one e-mail address": {"erase", "--company", slug, "--email", "mia"},
		"its flags": {"export", "--company", slug, "--email", mia, "--keep-buyer"}, "belongs to no flag": {"erase", "--company", slug, "--email", mia, "now"},
	} {
		if code, said := run(args...); code != startup.ExitUsage || !strings.Contains(said, name) {
			t.Errorf("%v: code %d: %s", args, code, said)
		}
	}
	if code, said := run("erase", "--company", "nobody", "--email", mia); code != startup.ExitFailed || !strings.Contains(said, "there is no company nobody") {
		t.Errorf("code %d: %s", code, said)
	}
}
