package main

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/webtest"
)

type created struct{ ID string }

type listed struct {
	Developments []struct {
		ID, Name                         string
		Homes, ForSale, Sold, HandedOver int
	}
	Next *string
}

func TestCreateADevelopmentByForm(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.addStaff(s.company, auth.RoleDeveloper)
	p.Get("/developments").Is(t, http.StatusOK).Says(t, "No developments yet", `href="/developments/new"`)
	p.Get("/developments/new").Is(t, http.StatusOK)

	p.Post("/developments", url.Values{"name": {" "}, "status": {"active"}, "contactEmail": {"care at example"}, "contactName": {"Customer care"}}).
		Is(t, http.StatusUnprocessableEntity).
		Says(t, "Fill this in", "Enter one e-mail address", `value="care at example"`, `value="Customer care"`, "Error:")
	if n := pgtest.Value[int](s.db, `select count(*) from developments`); n != 0 {
		t.Fatalf("%d developments were made of a bad form", n)
	}

	a := p.Post("/developments", url.Values{
		"name": {"  Longview   Park "}, "status": {"active"}, "contactEmail": {"Care@Example.org"}, "emergencyPhone": {"112"},
	}).Is(t, http.StatusSeeOther)
	p.Get(a.Header.Get("Location")).Is(t, http.StatusOK).Says(t, "Longview Park", "care@example.org", "112", "The development is there", "No homes yet")
	if again := p.Get(a.Header.Get("Location")); strings.Contains(again.Text, "The development is there") {
		t.Error("the message is shown twice")
	}
	if got := pgtest.Value[string](s.db, `select slug from developments`); got != "longview-park" {
		t.Errorf("slug %q", got)
	}
	if got := pgtest.Value[string](s.db, `select actor_id::text from audit_log where action = 'development.create'`); got != p.id.String() {
		t.Errorf("the audit log says %s did it", got)
	}
}

func TestTheSameFormTwiceMakesOneDevelopment(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.addStaff(s.company, auth.RoleDeveloper)
	form := url.Values{"name": {"Longview Park"}, "status": {"active"}, "idempotency_key": {uuid.NewString()}}
	first := p.Post("/developments", form).Is(t, http.StatusSeeOther).Header.Get("Location")
	second := p.Post("/developments", form).Is(t, http.StatusSeeOther).Header.Get("Location")
	if first != second {
		t.Errorf("%s, then %s", first, second)
	}
	form.Set("name", "Another Park")
	p.Post("/developments", form).Is(t, http.StatusUnprocessableEntity)
	if n := pgtest.Value[int](s.db, `select count(*) from developments`); n != 1 {
		t.Errorf("%d developments", n)
	}

	key := []string{"Idempotency-Key", uuid.NewString()}
	one := webtest.Decode[created](t, p.PostJSON("/api/developments", map[string]string{"name": "Longview Park"}, key...).Is(t, http.StatusCreated))
	two := webtest.Decode[created](t, p.PostJSON("/api/developments", map[string]string{"name": "Longview Park"}, key...).Is(t, http.StatusCreated))
	if one != two || one.ID == "" {
		t.Errorf("%v, then %v", one, two)
	}
	p.PostJSON("/api/developments", map[string]string{"name": "Else"}, key...).Is(t, http.StatusUnprocessableEntity).Says(t, "key_reused")
	if got := pgtest.Value[string](s.db, `select slug from developments where id = $1`, one.ID); got != "longview-park-2" {
		t.Errorf("the second of a name has the slug %q", got)
	}
}

func TestProgramsHearWhatIsWrongByField(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.addStaff(s.company, auth.RoleDeveloper)
	type refusal struct {
		Error struct {
			Code   string
			Fields map[string]string
		}
	}
	for body, field := range map[string]string{
		`{"name": ""}`:                                 "name",
		`{"name": "A", "status": "sold"}`:              "status",
		`{"name": "A", "colour": "red"}`:               "colour",
		`{"name": ["A"]}`:                              "name",
		`{"name": "A", "contactPhone": "ring me"}`:     "contactPhone",
		`{"name": "` + strings.Repeat("x", 121) + `"}`: "name",
		`{"name": "A\u0000B"}`:                         "name",
	} {
		a := p.Send(http.MethodPost, "/api/developments", "application/json", strings.NewReader(body)).Is(t, http.StatusUnprocessableEntity)
		if got := webtest.Decode[refusal](t, a); got.Error.Fields[field] == "" {
			t.Errorf("%s: no word about %s: %s", body, field, a.Text)
		}
	}
	p.Send(http.MethodPost, "/api/developments", "application/json", strings.NewReader(`{"name": `)).Is(t, http.StatusBadRequest)
	if n := pgtest.Value[int](s.db, `select count(*) from developments`); n != 0 {
		t.Errorf("%d developments were made", n)
	}
}

func TestTheListHasFiguresAndPages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.addStaff(s.company, auth.RoleViewer)
	d := s.addDevelopment(s.company, "Aspen Row")
	houses := s.addType(s.company, d, "B")
	for i, status := range []string{"planned", "for_sale", "sale_agreed", "handed_over", "handed_over"} {
		s.db.Exec(`update units set status = $2 where id = $1`, s.addHome(s.company, d, houses, fmt.Sprint(i), ""), status)
	}
	for i := range 54 {
		s.addDevelopment(s.company, fmt.Sprintf("Zed %02d", i))
	}
	first := webtest.Decode[listed](t, p.Get("/api/developments").Is(t, http.StatusOK))
	if len(first.Developments) != 50 || first.Next == nil {
		t.Fatalf("%d developments, next %v", len(first.Developments), first.Next)
	}
	got := first.Developments[0]
	got.ID = ""
	want := got
	want.Name, want.Homes, want.ForSale, want.Sold, want.HandedOver = "Aspen Row", 5, 1, 3, 2
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("figures (-want +got):\n%s", diff)
	}
	second := webtest.Decode[listed](t, p.Get(*first.Next).Is(t, http.StatusOK))
	if len(second.Developments) != 5 || second.Next != nil {
		t.Errorf("%d developments on the last page, next %v", len(second.Developments), second.Next)
	}
	p.Get("/developments", "Accept", "text/html").Is(t, http.StatusOK).Says(t, "Aspen Row", "/developments?page=2")
	p.Get("/developments?page=2").Is(t, http.StatusOK).Says(t, "Zed 53", "/developments?page=1")
	p.Get("/developments?page=9").Is(t, http.StatusOK).Says(t, "The list ends before this page")
	p.Get("/api/developments?page=0").Is(t, http.StatusUnprocessableEntity)
	p.Get("/developments", "Accept", "application/json").Is(t, http.StatusOK).Says(t, `"next":"/developments?page=2"`)
}

var references = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`)

// TestForeignThingsAreNotThere holds every address with an id to the same bytes for a neighbour's thing and for one
// that never existed.
func TestForeignThingsAreNotThere(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	meadow := o.addCompany("Meadow Homes")
	stranger := o.addStaff(meadow, auth.RoleAdmin)
	limited := o.addStaff(o.person.company, auth.RoleDeveloper)
	o.limit(limited, o.addDevelopment(o.person.company, "Only this"))

	houses := o.addType(o.person.company, o.development, "B")
	home := o.addHome(o.person.company, o.development, houses, "1", "buyer@example.org")
	i := o.preview(t, "a.csv", sample(t, "longview-park-20.csv"))
	for _, address := range []struct {
		method, before, after string
		id                    string
	}{
		{"GET", "/developments/", "", o.development.String()},
		{"GET", "/developments/", "/edit", o.development.String()},
		{"POST", "/developments/", "", o.development.String()},
		{"GET", "/developments/", "/homes", o.development.String()},
		{"GET", "/developments/", "/import", o.development.String()},
		{"POST", "/developments/", "/import", o.development.String()},
		{"GET", "/homes/", "", home.String()},
		{"GET", "/homes/", "/edit", home.String()},
		{"POST", "/homes/", "", home.String()},
		{"POST", "/homes/", "/link", home.String()},
		{"GET", "/imports/", "", i.ID},
		{"POST", "/imports/", "/settings", i.ID},
		{"POST", "/imports/", "/commit", i.ID},
		{"POST", "/imports/", "/discard", i.ID},
		{"GET", "/imports/", "/errors.csv", i.ID},
	} {
		for _, accept := range []string{"text/html", "application/json"} {
			ask := func(p person, id string) webtest.Answer {
				return p.Send(address.method, address.before+id+address.after, "", nil, "Accept", accept)
			}
			for name, p := range map[string]person{"another company": stranger, "other developments": limited} {
				theirs, never := ask(p, address.id), ask(p, uuid.NewString())
				where := fmt.Sprintf("%s %s{id}%s as %s for %s", address.method, address.before, address.after, accept, name)
				if theirs.StatusCode != http.StatusNotFound {
					t.Errorf("%s: status %d", where, theirs.StatusCode)
				}
				if theirs.StatusCode != never.StatusCode || theirs.Text != never.Text {
					t.Errorf("%s tells a neighbour's thing from one that never was:\n%s\n%s", where, theirs.Text, never.Text)
				}
				if references.MatchString(theirs.Text) {
					t.Errorf("%s: the answer has an id of the request", where)
				}
			}
		}
	}
	if n := pgtest.Value[int](o.db, `select count(*) from mail_outbox`); n != 0 {
		t.Errorf("%d mails", n)
	}
	o.Get("/imports/"+i.ID).Is(t, http.StatusOK) // and is still there for its own people
}

func TestLimitedStaffSeeTheirDevelopmentsAndMakeNone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	own := s.addDevelopment(s.company, "Own Park")
	s.addDevelopment(s.company, "Other Park")
	p := s.addStaff(s.company, auth.RoleDeveloper)
	s.limit(p, own)
	a := p.Get("/developments").Is(t, http.StatusOK).Says(t, "Own Park", "Your account sees these developments only")
	if strings.Contains(a.Text, "Other Park") || strings.Contains(a.Text, "/developments/new") {
		t.Error("the list offers more than the person may")
	}
	p.Get("/developments/new").Is(t, http.StatusForbidden).Says(t, "limited to some developments")
	p.Post("/developments", url.Values{"name": {"New Park"}, "status": {"active"}}).Is(t, http.StatusForbidden)
	p.PostJSON("/api/developments", map[string]string{"name": "New Park"}).Is(t, http.StatusForbidden).Says(t, `"limited"`)
	if n := pgtest.Value[int](s.db, `select count(*) from developments`); n != 2 {
		t.Errorf("%d developments", n)
	}
	p.Post("/developments/"+own.String(), url.Values{"name": {"Own Park 2"}, "status": {"active"}, "version": {versionOf(s, "developments", own)}}).Is(t, http.StatusSeeOther)
}

// versionOf is the row's version as a form carries it.
func versionOf(s *site, table string, id uuid.UUID) string {
	s.t.Helper()
	sql := map[string]string{
		"developments": `select updated_at from developments where id = $1`,
		"units":        `select updated_at from units where id = $1`,
		"imports":      `select updated_at from imports where id = $1`,
	}[table]
	return pgtest.Value[time.Time](s.db, sql, id).UTC().Format(time.RFC3339Nano)
}

func TestAViewerLooksAndTouchesNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	viewer := o.addStaff(o.person.company, auth.RoleViewer)
	i := o.preview(t, "a.csv", sample(t, "longview-park-20.csv"))
	for _, path := range []string{"/developments", "/developments/" + o.development.String(), "/developments/" + o.development.String() + "/homes", "/imports/" + i.ID} {
		a := viewer.Get(path).Is(t, http.StatusOK)
		for _, act := range []string{"/edit\"", "/import\"", "/commit\"", "/discard\"", "/settings\"", "/errors.csv\"", "/developments/new"} {
			if strings.Contains(a.Text, act) {
				t.Errorf("%s offers %s to a viewer", path, act)
			}
		}
	}
	viewer.Post("/imports/"+i.ID+"/commit", url.Values{}).Is(t, http.StatusForbidden)
}

func TestNobodysChangeIsLostWhenTwoEditADevelopment(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	d := s.addDevelopment(s.company, "Longview Park")
	nora, tom := s.addStaff(s.company, auth.RoleDeveloper), s.addStaff(s.company, auth.RoleAdmin)
	path := "/developments/" + d.String()
	seen := versionOf(s, "developments", d)
	nora.Get(path+"/edit").Is(t, http.StatusOK).Says(t, `value="`+seen+`"`)

	tom.Post(path, url.Values{"name": {"Longview Park"}, "status": {"active"}, "contactName": {"Tom's team"}, "version": {seen}}).Is(t, http.StatusSeeOther)
	mine := url.Values{"name": {"Longview Park"}, "status": {"active"}, "contactName": {"Nora's team"}, "address": {"Mill Road"}, "version": {seen}}
	a := nora.Post(path, mine).Is(t, http.StatusConflict).
		Says(t, "Somebody else has saved this meanwhile", "Tom&#39;s team", `value="Nora&#39;s team"`, `value="Mill Road"`)
	if got := pgtest.Value[string](s.db, `select contact_name from developments where id = $1`, d); got != "Tom's team" {
		t.Fatalf("%q is stored", got)
	}
	fresh := regexp.MustCompile(`name="version" value="([^"]+)"`).FindStringSubmatch(a.Text)[1]
	mine.Set("version", fresh)
	nora.Post(path, mine).Is(t, http.StatusSeeOther)
	if got := pgtest.Value[string](s.db, `select contact_name from developments where id = $1`, d); got != "Nora's team" {
		t.Errorf("%q is stored after saving again", got)
	}
	nora.PostJSON("/api"+path, map[string]string{"contactName": "Else", "version": seen}).Is(t, http.StatusConflict).Says(t, `"changed"`)
}

func TestAProgramSendsOnlyWhatItWantsChanged(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	d := s.addDevelopment(s.company, "Longview Park")
	p := s.addStaff(s.company, auth.RoleDeveloper)
	path := "/api/developments/" + d.String()
	p.PostJSON(path, map[string]string{"contactName": "Customer care"}).Is(t, http.StatusOK).Says(t, `"name":"Longview Park"`, `"contactName":"Customer care"`)
	p.PostJSON(path, map[string]any{"emergencyPhone": "112", "contactName": nil}).Is(t, http.StatusOK).Says(t, `"emergencyPhone":"112"`, `"contactName":""`)
	// The same once more under its key is the same, although what is stored has changed by it.
	key := uuid.NewString()
	for range 2 {
		p.PostJSON(path, map[string]any{"address": "Mill Road"}, "Idempotency-Key", key).Is(t, http.StatusOK).Says(t, `"address":"Mill Road"`)
	}
	p.PostJSON(path, map[string]any{"address": "Mill Lane"}, "Idempotency-Key", key).Is(t, http.StatusUnprocessableEntity).Says(t, "key_reused")
	if n := pgtest.Value[int](s.db, `select count(*) from audit_log where action = 'development.update'`); n != 3 {
		t.Errorf("%d changes", n)
	}
}
