package main

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"openhouse.example/packages/platform"
	"openhouse.example/packages/web/auth"
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
		return decode[homeList](t, o.get(path+query).is(t, http.StatusOK))
	}

	first := list("")
	if len(first.Homes) != 50 || first.Total != 60 || first.Next == nil {
		t.Fatalf("%d of %d homes, next %v", len(first.Homes), first.Total, first.Next)
	}
	if got := []string{first.Homes[0].UnitNumber, first.Homes[1].UnitNumber, first.Homes[9].UnitNumber}; got[0] != "1" || got[1] != "2" || got[2] != "10" {
		t.Errorf("order %v: numbers must sort as numbers", got)
	}
	if rest := decode[homeList](t, o.get(*first.Next)); len(rest.Homes) != 10 || rest.Next != nil {
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
	o.get(path+"?status=sold").is(t, http.StatusUnprocessableEntity)
	page := "/developments/" + o.development.String() + "/homes"
	o.get(page+"?page=2").is(t, http.StatusOK).says(t, "51–60 of 60")
	o.get(page+"?q=nothing+like+it").is(t, http.StatusOK).says(t, "No home matches", "Show all homes")
	o.get(page+"?q=sean&status=handed_over").is(t, http.StatusOK).says(t, "A · 17", `name="status" value="handed_over"`)
}

// editForm is a home's form as the page offers it.
func editForm(t *testing.T, p person, home uuid.UUID) url.Values {
	t.Helper()
	body := p.get("/homes/"+home.String()+"/edit").is(t, http.StatusOK).body
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
	o.get(path).is(t, http.StatusOK).says(t, "1 Longview Park", "byuer@example.org", "Nobody has signed in")

	form := editForm(t, o.person, home)
	form.Set("purchaserEmail", "Buyer@example.org")
	form.Set("houseTypeId", c.String())
	form.Set("status", "handed_over")
	form.Set("handoverDate", "2027-03-31")
	form.Set("floorAreaM2", "108,5")
	form.Set("bedrooms", "3")
	o.post(path, form).is(t, http.StatusSeeOther)
	o.get(path).is(t, http.StatusOK).says(t, "buyer@example.org", "Handed over", "31 Mar 2027", "108.5 m²", "The home was saved")

	if got := decode[struct{ HandoverDate string }](t, o.get("/api"+path)); got.HandoverDate != "2027-03-31" {
		t.Errorf("programs read the date %q", got.HandoverDate)
	}

	for field, value := range map[string]string{
		"purchaserEmail": "two@example.org, three@example.org", "houseTypeId": elsewhere.String(), "status": "sold", "handoverDate": "31/03/2027",
		"floorAreaM2": "1e3", "bedrooms": "51", "bathrooms": "-1", "unitNumber": "", "purchaserPhone": "call",
	} {
		form := editForm(t, o.person, home)
		form.Set(field, value)
		a := o.post(path, form).is(t, http.StatusUnprocessableEntity).says(t, `href="#f-`+field+`"`)
		if !strings.Contains(a.body, `value="`+value+`"`) && field != "houseTypeId" && field != "status" {
			t.Errorf("%s: what was typed is lost", field)
		}
	}
	form = editForm(t, o.person, home)
	form.Set("unitNumber", "2a")
	o.post(path, form).is(t, http.StatusUnprocessableEntity).says(t, "Another home of this development has this block and number")

	form = editForm(t, o.person, home)
	o.db.Exec(`update units set purchaser_phone = '+353 1 555 0100', updated_at = now() where id = $1`, home)
	form.Set("purchaserName", "Aoife Ó Broin")
	o.post(path, form).is(t, http.StatusConflict).says(t, "Somebody else has saved this meanwhile", "+353 1 555 0100", "Aoife Ó Broin")
	if got := query[string](o.site, `select purchaser_name from units where id = $1`, home); got != "Saoirse Walsh" {
		t.Errorf("%q was stored over a change that nobody has seen", got)
	}
	o.postJSON("/api"+path, map[string]any{"bathrooms": 2}).is(t, http.StatusOK).says(t, `"bathrooms":2`, `"purchaserEmail":"buyer@example.org"`)
}

func TestSendASignInLink(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	houses := o.addType(o.person.company, o.development, "B")
	home := o.addHome(o.person.company, o.development, houses, "14", "buyer@example.org")
	path := "/homes/" + home.String() + "/link"
	key := uuid.NewString()
	for range 2 { // the same form twice is one mail
		o.post(path, url.Values{"idempotency_key": {key}}).is(t, http.StatusSeeOther)
	}
	if n := query[int](o.site, `select count(*) from mail_outbox where to_email = 'buyer@example.org'`); n != 1 {
		t.Fatalf("%d mails", n)
	}
	o.get("/homes/"+home.String()).is(t, http.StatusOK).says(t, "The link is on its way")

	list := o.get("/outbox").is(t, http.StatusOK).says(t, "Your link to Harbour Homes, Longview Park", "buyer@example.org")
	mail := regexp.MustCompile(`/outbox/[0-9a-f-]{36}`).FindString(list.body)
	page := o.get(mail).is(t, http.StatusOK).says(t, "14 Longview Park")
	link := regexp.MustCompile(`href="` + residents + `/link/([^"]+)"`).FindStringSubmatch(page.body)
	if link == nil {
		t.Fatalf("no link to the tenant portal in the mail:\n%s", page.body)
	}
	hash := platform.HashToken(link[1])
	if n := query[int](o.site, `select count(*) from email_tokens where token_hash = $1 and unit_id = $2 and purpose = 'resident_link'
		and expires_at - created_at = interval '15 minutes'`, hash, home); n != 1 {
		t.Error("the link of the mail opens nothing")
	}
	if n := query[int](o.site, `select count(*) from audit_log where action = 'home.link' and object_id = $1 and detail::text not like '%@%'`, home); n != 1 {
		t.Errorf("%d audit entries", n)
	}

	stranger := o.addStaff(o.addCompany("Meadow Homes"), auth.RoleAdmin)
	if got := stranger.get("/outbox").is(t, http.StatusOK).body; strings.Contains(got, "buyer@example.org") {
		t.Error("the outbox shows another company's mail")
	}
	stranger.get(mail).is(t, http.StatusNotFound)

	for range 3 {
		o.post(path, url.Values{}).is(t, http.StatusSeeOther)
	}
	o.post(path, url.Values{}).is(t, http.StatusTooManyRequests)

	silent := o.addHome(o.person.company, o.development, houses, "15", "")
	o.get("/homes/"+silent.String()).is(t, http.StatusOK).says(t, "Enter the buyer’s e-mail address first")
	o.post("/homes/"+silent.String()+"/link", url.Values{}).is(t, http.StatusConflict)
}

func TestTheOutboxExistsInDevelopmentOnly(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for development, want := range map[bool]int{true: 3, false: 0} {
		mounted := 0
		for _, r := range routes(s.app, s.portal, development).Routes() {
			if strings.Contains(r.Pattern, "/outbox") {
				mounted++
			}
		}
		if mounted != want {
			t.Errorf("development %t: %d routes of the outbox, want %d", development, mounted, want)
		}
	}
}
