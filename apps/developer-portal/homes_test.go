package main

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/webtest"
)

type homeList struct {
	Homes []struct{ ID, Block, UnitNumber, AddressLine1, PurchaserName, Status string }
	Total int
	Next  *string
}

func TestHomesAreSearchedFilteredAndPaged(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	houses := o.addType(o.person.company, o.development, "B")
	for i := range 60 {
		o.addHome(o.person.company, o.development, houses, fmt.Sprint(i+1), fmt.Sprintf("buyer%02d@example.org", i+1))
	}
	o.db.Exec(`update units set purchaser_name = 'Seán Ó Broin', status = 'handed_over' where unit_number in ('7', '17')`)
	o.db.Exec(`update units set block = 'A', postcode = 'X42 B1C7' where unit_number = '17'`)
	path := "/api/developments/" + o.development.String() + "/homes"
	list := func(query string) homeList {
		return webtest.Decode[homeList](t, o.Get(path+query).Is(t, http.StatusOK))
	}

	first := list("")
	if len(first.Homes) != 50 || first.Total != 60 || first.Next == nil {
		t.Fatalf("%d of %d homes, next %v", len(first.Homes), first.Total, first.Next)
	}
	if got := []string{first.Homes[0].UnitNumber, first.Homes[1].UnitNumber, first.Homes[9].UnitNumber}; got[0] != "1" || got[1] != "2" || got[2] != "10" {
		t.Errorf("order %v: numbers must sort as numbers", got)
	}
	if rest := webtest.Decode[homeList](t, o.Get(*first.Next)); len(rest.Homes) != 10 || rest.Next != nil {
		t.Errorf("%d homes on the second page, next %v", len(rest.Homes), rest.Next)
	}
	for query, want := range map[string]int{
		"?q=sean":                           2, // without the accent
		"?q=se%C3%A1n+broin":                2,
		"?q=sean+b1c7":                      1, // all words have to occur
		"?q=buyer07%40example.org":          1,
		"?q=100%25":                         0, // a percent sign is a percent sign
		"?status=handed_over":               2,
		"?status=handed_over&q=buyer17":     1,
		"?status=for_sale":                  0,
		"?q=" + url.QueryEscape("' or 1=1"): 0,
	} {
		if got := list(query); got.Total != want || len(got.Homes) != want {
			t.Errorf("%s: %d homes, want %d", query, got.Total, want)
		}
	}
	o.Get(path+"?status=sold").Is(t, http.StatusUnprocessableEntity)
	page := "/developments/" + o.development.String() + "/homes"
	o.Get(page+"?page=2").Is(t, http.StatusOK).Says(t, "51–60 of 60")
	o.Get(page+"?q=nothing+like+it").Is(t, http.StatusOK).Says(t, "No home matches", "Show all homes")
	o.Get(page+"?q=sean&status=handed_over").Is(t, http.StatusOK).Says(t, "A · 17", `name="status" value="handed_over"`)
}

// editForm is a home's form as the page offers it.
func editForm(t *testing.T, p person, home uuid.UUID) url.Values {
	t.Helper()
	body := p.Get("/homes/"+home.String()+"/edit").Is(t, http.StatusOK).Text
	form := url.Values{}
	for _, input := range regexp.MustCompile(`<input[^>]*>`).FindAllString(body, -1) {
		name := regexp.MustCompile(`name="([^"]+)"`).FindStringSubmatch(input)
		value := regexp.MustCompile(`value="([^"]*)"`).FindStringSubmatch(input)
		if name != nil && value != nil {
			form.Set(name[1], value[1])
		}
	}
	for _, choice := range regexp.MustCompile(`(?s)<select[^>]*name="([^"]+)".*?</select>`).FindAllStringSubmatch(body, -1) {
		if chosen := regexp.MustCompile(`<option value="([^"]+)" selected`).FindStringSubmatch(choice[0]); chosen != nil {
			form.Set(choice[1], chosen[1])
		}
	}
	return form
}

func TestEditAHome(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b, c := o.addType(o.person.company, o.development, "B"), o.addType(o.person.company, o.development, "C")
	elsewhere := o.addType(o.person.company, o.addDevelopment(o.person.company, "Else"), "B")
	home := o.addHome(o.person.company, o.development, b, "1", "byuer@example.org")
	o.addHome(o.person.company, o.development, b, "2A", "")
	path := "/homes/" + home.String()
	o.Get(path).Is(t, http.StatusOK).Says(t, "1 Longview Park", "byuer@example.org", "Nobody has signed in")

	form := editForm(t, o.person, home)
	form.Set("purchaserEmail", "Buyer@example.org")
	form.Set("houseTypeId", c.String())
	form.Set("status", "handed_over")
	form.Set("handoverDate", "2027-03-31")
	form.Set("floorAreaM2", "108,5")
	form.Set("bedrooms", "3")
	o.Post(path, form).Is(t, http.StatusSeeOther)
	o.Get(path).Is(t, http.StatusOK).Says(t, "buyer@example.org", "Handed over", "31 Mar 2027", "108.5 m²", "The home was saved")

	if got := webtest.Decode[struct{ HandoverDate string }](t, o.Get("/api"+path)); got.HandoverDate != "2027-03-31" {
		t.Errorf("programs read the date %q", got.HandoverDate)
	}

	for field, value := range map[string]string{
		"purchaserEmail": "two@example.org, three@example.org", "houseTypeId": elsewhere.String(), "status": "sold", "handoverDate": "31/03/2027",
		"floorAreaM2": "1e3", "bedrooms": "51", "bathrooms": "-1", "unitNumber": "", "purchaserPhone": "call",
	} {
		form := editForm(t, o.person, home)
		form.Set(field, value)
		a := o.Post(path, form).Is(t, http.StatusUnprocessableEntity).Says(t, `href="#f-`+field+`"`)
		if !strings.Contains(a.Text, `value="`+value+`"`) && field != "houseTypeId" && field != "status" {
			t.Errorf("%s: what was typed is lost", field)
		}
	}
	form = editForm(t, o.person, home)
	form.Set("unitNumber", "2a")
	o.Post(path, form).Is(t, http.StatusUnprocessableEntity).Says(t, "Another home of this development has this block and number")

	form = editForm(t, o.person, home)
	o.db.Exec(`update units set purchaser_phone = '+353 1 555 0100', updated_at = now() where id = $1`, home)
	form.Set("purchaserName", "Aoife Ó Broin")
	o.Post(path, form).Is(t, http.StatusConflict).Says(t, "Somebody else has saved this meanwhile", "+353 1 555 0100", "Aoife Ó Broin")
	if got := pgtest.Value[string](o.db, `select purchaser_name from units where id = $1`, home); got != "Saoirse Walsh" {
		t.Errorf("%q was stored over a change that nobody has seen", got)
	}
	o.PostJSON("/api"+path, map[string]any{"bathrooms": 2}).Is(t, http.StatusOK).Says(t, `"bathrooms":2`, `"purchaserEmail":"buyer@example.org"`)
}

func TestSendASignInLink(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	houses := o.addType(o.person.company, o.development, "B")
	home := o.addHome(o.person.company, o.development, houses, "14", "buyer@example.org")
	path := "/homes/" + home.String() + "/link"
	key := uuid.NewString()
	for range 2 { // the same form twice is one mail
		o.Post(path, url.Values{"idempotency_key": {key}}).Is(t, http.StatusSeeOther)
	}
	if n := pgtest.Value[int](o.db, `select count(*) from mail_outbox where to_email = 'buyer@example.org'`); n != 1 {
		t.Fatalf("%d mails", n)
	}
	o.Get("/homes/"+home.String()).Is(t, http.StatusOK).Says(t, "The link is on its way")

	list := o.Get("/outbox").Is(t, http.StatusOK).Says(t, "Your link to 14 Longview Park, Longview Park", "buyer@example.org")
	mail := regexp.MustCompile(`/outbox/[0-9a-f-]{36}`).FindString(list.Text)
	page := o.Get(mail).Is(t, http.StatusOK).Says(t, "14 Longview Park")
	link := regexp.MustCompile(`href="` + residents + `/link/([^"]+)"`).FindStringSubmatch(page.Text)
	if link == nil {
		t.Fatalf("no link to the tenant portal in the mail:\n%s", page.Text)
	}
	hash := platform.HashToken(link[1])
	if n := pgtest.Value[int](o.db, `select count(*) from email_tokens where token_hash = $1 and unit_id = $2 and purpose = 'resident_link'
		and expires_at - created_at = $3`, hash, home, platform.LinkLife); n != 1 {
		t.Error("the link of the mail opens nothing")
	}
	if n := pgtest.Value[int](o.db, `select count(*) from audit_log where action = 'home.link' and object_id = $1 and detail::text not like '%@%'`, home); n != 1 {
		t.Errorf("%d audit entries", n)
	}

	stranger := o.addStaff(o.addCompany("Meadow Homes"), auth.RoleAdmin)
	if got := stranger.Get("/outbox").Is(t, http.StatusOK).Text; strings.Contains(got, "buyer@example.org") {
		t.Error("the outbox shows another company's mail")
	}
	stranger.Get(mail).Is(t, http.StatusNotFound)

	for range 3 {
		o.Post(path, url.Values{}).Is(t, http.StatusSeeOther)
	}
	o.Post(path, url.Values{}).Is(t, http.StatusTooManyRequests)

	silent := o.addHome(o.person.company, o.development, houses, "15", "")
	o.Get("/homes/"+silent.String()).Is(t, http.StatusOK).Says(t, "Enter the buyer’s e-mail address first")
	o.Post("/homes/"+silent.String()+"/link", url.Values{}).Is(t, http.StatusConflict)
}

func TestTheOutboxExistsInDevelopmentOnly(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for development, want := range map[bool]int{true: 3, false: 0} {
		mounted := 0
		for _, r := range routes(s.base.App, s.portal, development).Routes() {
			if strings.Contains(r.Pattern, "/outbox") {
				mounted++
			}
		}
		if mounted != want {
			t.Errorf("development %t: %d routes of the outbox, want %d", development, mounted, want)
		}
	}
}
