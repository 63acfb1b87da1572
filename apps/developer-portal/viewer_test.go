package main

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/webtest"
)

// canaries are words about people that no viewer may find, by what they are. They stand in a sold home, in its people, in
// a request, and in an import: in new, changed and bad rows and in a column that nobody uses.
var canaries = map[string]string{
	"a buyer's name": "Quilla Sandpiper", "a buyer's address": "quilla.sandpiper@example.org", "a buyer's phone": "+353 1 555 0199",
	"an imported buyer": "Ruan Sandpiper", "an imported address": "ruan.sandpiper@example.org", "an imported phone": "+353 1 555 0188",
	"a changed buyer": "Tove Sandpiper", "a bad address": "sandpiper-at-example", "an unused column": "Sandpiper pays in cash",
	"a resident": "Wilma Sandpiper", "a resident's address": "wilma.sandpiper@example.org",
	"one who asks": "Yorick Sandpiper", "their address": "yorick.sandpiper@example.org",
}

// aviary is a development full of canaries, with ids for the parameters of routes.
func newAviary(t *testing.T) (o office, ids map[string]string) {
	t.Helper()
	o = newOffice(t)
	company := o.person.company
	home := o.addHome(company, o.development, o.addType(company, o.development, "B"), "1", canaries["a buyer's address"])
	o.db.Exec(`update units set purchaser_name = $2, purchaser_phone = $3 where id = $1`, home, canaries["a buyer's name"], canaries["a buyer's phone"])
	resident, former := uuid.New(), uuid.New()
	o.db.Exec(`insert into residents (tenant_id, id, email, full_name) values ($1, $2, $3, $4), ($1, $5, 'former.' || $3, 'Former ' || $4)`,
		company, resident, canaries["a resident's address"], canaries["a resident"], former)
	o.db.Exec(`insert into occupancies (tenant_id, id, development_id, unit_id, resident_id, ended_at)
		values ($1, gen_random_uuid(), $2, $3, $4, null), ($1, gen_random_uuid(), $2, $3, $5, now())`, company, o.development, home, resident, former)
	request := o.addRequest(home, canaries["one who asks"], canaries["their address"])
	file := "unit_number,address_line_1,house_type,purchaser_name,purchaser_email,purchaser_phone,remarks\n" +
		"1,1 Longview Park,B," + canaries["a changed buyer"] + "," + canaries["a buyer's address"] + ",," + canaries["an unused column"] + "\n" +
		"2,2 Longview Park,B," + canaries["an imported buyer"] + "," + canaries["an imported address"] + "," + canaries["an imported phone"] + ",\n" +
		"3,3 Longview Park,B,Bad," + canaries["a bad address"] + ",,\n"
	i := o.preview(t, "homes.csv", []byte(file))
	if i.counts() != (counts{New: 1, Changed: 1, Errors: 1}) {
		t.Fatalf("%+v", i)
	}
	o.printSheets("/homes/"+home.String()+"/code", nil)
	return o, map[string]string{
		"development": o.development.String(), "home": home.String(), "import": i.ID, "request": request.String(), "resident": resident.String(),
		"notice": uuid.NewString(), "document": uuid.NewString(), "number": "1",
	}
}

// TestAViewerSeesNoPeople asks every route that a viewer may ask, as a page and as JSON, with every filter, and looks for
// canaries. The same questions, asked by somebody who may see people, find each of them.
func TestAViewerSeesNoPeople(t *testing.T) {
	t.Parallel()
	o, ids := newAviary(t)
	viewer := o.addStaff(o.person.company, auth.RoleViewer)
	queries := []string{"", "?show=new", "?show=changed", "?show=error", "?q=Sandpiper", "?q=Longview", "?status=sale_agreed", "?development=" + ids["development"]}
	asked, found := 0, map[string]bool{}
	for _, route := range webtest.Routes(t, o.routes) {
		if route.Method != http.MethodGet || !slices.Contains(route.Roles, auth.RoleViewer) {
			continue
		}
		path := route.Pattern
		for name, id := range ids {
			path = strings.ReplaceAll(path, "{"+name+"}", id)
		}
		if strings.Contains(path, "{") {
			t.Errorf("%s: say in newAviary which id that is", route.Pattern)
			continue
		}
		for _, query := range queries {
			for _, accept := range []string{"text/html", "application/json"} {
				a := viewer.Get(path+query, "Accept", accept)
				if a.StatusCode >= 500 {
					t.Errorf("%s%s: %d", path, query, a.StatusCode)
				}
				asked++
				text := strings.ReplaceAll(a.Text, "?q=Sandpiper", "") // the question itself stands in filters and links
				text = strings.ReplaceAll(strings.ReplaceAll(text, "q=Sandpiper", ""), `value="Sandpiper"`, "")
				if strings.Contains(strings.ToLower(text), "sandpiper") || strings.Contains(text, "555 01") || strings.Contains(text, "/onboarding/") {
					t.Errorf("%s%s as %s shows a viewer a canary:\n%s", path, query, accept, text)
				}
				whole := o.Get(path+query, "Accept", accept).Text
				for what, word := range canaries {
					if strings.Contains(whole, word) || strings.Contains(whole, strings.ReplaceAll(word, "+", "&#43;")) {
						found[what] = true
					}
				}
			}
		}
	}
	if asked < 100 {
		t.Errorf("only %d questions", asked)
	}
	for what := range maps.Keys(canaries) {
		if !found[what] {
			t.Errorf("%s is nowhere, also for a developer: it proves nothing", what)
		}
	}
	t.Logf("%d questions, no canary", asked)
}

// A list that is shorter for the right guess gives away what it doesn't show.
func TestAViewerDoesNotFindHomesByTheirBuyers(t *testing.T) {
	t.Parallel()
	o, ids := newAviary(t)
	viewer := o.addStaff(o.person.company, auth.RoleViewer)
	homes := func(c *client, words string) (total int64, withheld []string) {
		a := webtest.Decode[struct {
			Total    int64
			Withheld []string
		}](t, c.Get("/api/developments/"+ids["development"]+"/homes?q="+url.QueryEscape(words)).Is(t, http.StatusOK))
		return a.Total, a.Withheld
	}
	for _, words := range []string{"Sandpiper", "quilla", "@example.org", "1 Longview quilla"} {
		if n, _ := homes(o.person.client, words); n != 1 {
			t.Errorf("a developer finds %d homes by %q", n, words)
		}
		if n, _ := homes(viewer.client, words); n != 0 {
			t.Errorf("a viewer finds %d homes by %q", n, words)
		}
	}
	if n, withheld := homes(viewer.client, "Longview"); n != 1 || !slices.Equal(withheld, []string{"buyers.see"}) {
		t.Errorf("a viewer finds %d homes by their address, and is told that %v is withheld", n, withheld)
	}
	a := viewer.Get("/api/homes/"+ids["home"]).Is(t, http.StatusOK)
	a.Says(t, `"withheld":["buyers.see","people.see","codes.print"]`, `"kind":"owner"`)
	if strings.Contains(o.Get("/api/homes/"+ids["home"]).Text, `"withheld"`) {
		t.Error("something is withheld from a developer")
	}
	viewer.Get("/homes/"+ids["home"]).Is(t, http.StatusOK).Says(t, "Not shown to viewers", "Somebody asks for this home")
	viewer.Get("/imports/"+ids["import"]).Is(t, http.StatusOK).Says(t, "viewers don’t see them")
	viewer.Get("/imports/"+ids["import"]+"/errors.csv").Is(t, http.StatusForbidden)
}
