package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/web/webtest"
)

// The buyer comes with the card and is at home: card, form, mail, button.
func TestTheBuyerScansAndIsAtHome(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	home := s.addHome("14", "buyer14@example.org")
	code := s.addCode(home)
	c := s.client()
	c.Get("/onboarding/"+code).Is(t, http.StatusOK)
	c.Post("/onboarding/"+code, claimForm("Buyer14@Example.org")).Is(t, http.StatusOK).
		Says(t, "If this is the address your company has, a link is on its way; otherwise they have been asked.", "press the button", "15 minutes")
	link := s.lastLink("buyer14@example.org")
	if strings.Contains(s.body("buyer14@example.org"), "Una Gale") {
		t.Error("the mail has what was typed")
	}

	// A mail scanner opens every link in the mail, again and again: nothing is used up.
	before := s.rows()
	for range 5 {
		s.client().Get(link).Is(t, http.StatusOK).Says(t, "Open my home", `method="post"`)
		s.client().Send(http.MethodHead, link, "", nil).Is(t, http.StatusOK)
	}
	if more := s.added(before); len(more) > 0 || pgtest.Value[int](s.db, `select count(*) from email_tokens where used_at is not null`) != 0 {
		t.Fatalf("opening the link wrote %v or used it up", more)
	}

	c.Post(link, nil).Is(t, http.StatusSeeOther)
	c.Get("/").Is(t, http.StatusOK).Says(t, "14 Longview Park", "Buyer of 14")
	s.client().Post(link, nil).Is(t, http.StatusGone)
	if got := s.claims(home); !cmp.Equal(got, []string{"buyer14@example.org, verified, link"}) {
		t.Errorf("claims %v", got)
	}
	if n := pgtest.Value[int](s.db, `select count(*) from unit_claims c join occupancies o on o.resident_id = c.resident_id and o.unit_id = c.unit_id
		where c.decided_at is not null and c.decided_by is null and o.kind = 'owner' and o.ended_at is null`); n != 1 {
		t.Error("the claim does not name the owner who lives there")
	}
	if got := pgtest.Value[[]string](s.db, `select array_agg(action || ' ' || object || ' ' || detail order by at) from audit_log`); len(got) != 2 ||
		got[0] != "claim.request unit_claim {}" || !strings.HasPrefix(got[1], `resident.enter unit {"claim": `) {
		t.Errorf("the audit log has %v", got)
	}
}

// Where the sales record has no name, the one given with the card is used.
func TestTheNameFromTheCardFillsAGap(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	code := s.addCode(s.addHome("14", "buyer14@example.org"))
	s.db.Exec(`update units set purchaser_name = ''`)
	s.claim(code, "buyer14@example.org").Is(t, http.StatusOK)
	c := s.client()
	c.Post(s.lastLink("buyer14@example.org"), nil).Is(t, http.StatusSeeOther)
	c.Get("/").Is(t, http.StatusOK).Says(t, "Una Gale")
}

// Whoever has a photo of the card neither gets in nor learns whose home it is.
func TestAStrangerWaitsForStaff(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	home := s.addHome("14", "buyer14@example.org")
	code := s.addCode(home)
	s.claim(code, "stranger@example.org").Is(t, http.StatusOK)
	if got := s.claims(home); !cmp.Equal(got, []string{"stranger@example.org, pending, staff"}) {
		t.Errorf("claims %v", got)
	}
	if kinds := s.mail("stranger@example.org"); !cmp.Equal(kinds, []string{"claim_waits"}) {
		t.Errorf("mail %v", kinds)
	}
	body := s.body("stranger@example.org")
	for _, secret := range []string{"http", "14 Longview Park", "buyer", "Buyer", "Una Gale"} {
		if strings.Contains(body, secret) {
			t.Errorf("the mail tells %q:\n%s", secret, body)
		}
	}
	if n := pgtest.Value[int](s.db, `select count(*) from email_tokens where used_at is null`); n != 0 {
		t.Error("a stranger's link lives")
	}
	// Nor by asking for a link.
	s.client().Post("/sign-in", url.Values{"email": {"stranger@example.org"}}).Is(t, http.StatusOK)
	s.askSomebodyElse()
	if n := pgtest.Value[int](s.db, `select count(*) from mail_outbox where to_email = 'stranger@example.org'`); n != 1 {
		t.Errorf("%d mails, want the one about the claim", n)
	}
}

// Status, headers and body are the same for everybody, and so is what is written.
func TestNobodyLearnsWhoseTheHomeIs(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	home := s.addHome("14", "buyer14@example.org")
	code := s.addCode(home)
	s.addResident(home, "occupier", "occupant@example.org")
	gone := s.addResident(home, "occupier", "gone@example.org")
	s.db.Exec(`update occupancies set ended_at = now() where resident_id = $1`, gone)
	s.db.Exec(`update residents set disabled_at = now() where id = $1`, s.addResident(home, "occupier", "disabled@example.org"))
	s.addHome("15", "neighbour@example.org")
	s.claim(code, "first@example.org").Is(t, http.StatusOK) // so that those who live there have been told
	for range 5 {
		s.claim(code, "flooded@example.org").Is(t, http.StatusOK)
	}

	type answer struct {
		Status int
		Header http.Header
		Body   string
	}
	plain := func(a webtest.Answer) answer {
		for _, name := range []string{"X-Request-Id", "Date"} {
			a.Header.Del(name)
		}
		return answer{a.StatusCode, a.Header, a.Text}
	}
	ask := func(email string) (asked []answer, wrote map[string]int) {
		before := s.rows()
		asked = append(asked, plain(s.claim(code, email).Is(t, http.StatusOK)))
		wrote = s.added(before)
		return append(asked, plain(s.client().PostJSON("/api/onboarding/"+code, map[string]string{"fullName": "Una Gale", "email": email}).Is(t, http.StatusAccepted))), wrote
	}
	want, wrote := ask("buyer14@example.org")
	if want := map[string]int{"unit_claims": 1, "email_tokens": 1, "mail_outbox": 1, "audit_log": 1}; !cmp.Equal(wrote, want) {
		t.Errorf("for the buyer %v rows were written, want %v", wrote, want)
	}
	for _, who := range []string{"stranger", "occupant", "gone", "disabled", "neighbour", "flooded", "fourth"} {
		got, rows := ask(who + "@example.org")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-buyer +%s):\n%s", who, who, diff)
		}
		if who != "flooded" && !cmp.Equal(rows, wrote) {
			t.Errorf("for %s %v rows were written, for the buyer %v", who, rows, wrote)
		}
	}
	if kinds := s.mail("occupant@example.org"); !cmp.Equal(kinds, []string{"claim_told", "resident_link", "resident_link"}) {
		t.Errorf("who lives there got %v", kinds)
	}
	if n := len(s.mail("flooded@example.org")); n != 5 {
		t.Errorf("%d mails to one address within the window, want 5", n)
	}
	for _, who := range []string{"gone", "disabled", "neighbour"} {
		if kinds := s.mail(who + "@example.org"); strings.Contains(strings.Join(kinds, " "), "link") {
			t.Errorf("%s got %v", who, kinds)
		}
	}
	if said := webtest.Decode[map[string]string](t, s.client().PostJSON("/api/onboarding/"+code, map[string]string{"fullName": "Una Gale", "email": "last@example.org"}).Is(t, http.StatusAccepted)); !strings.HasPrefix(said["message"], "If this is the address") {
		t.Errorf("a program is told %v", said)
	}
}

// The same person again: one request for staff, a fresh link for the buyer, and one form is carried out once.
func TestTheSamePersonAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	home := s.addHome("14", "buyer14@example.org")
	code := s.addCode(home)
	for range 2 {
		s.claim(code, "buyer14@example.org").Is(t, http.StatusOK)
		s.claim(code, "stranger@example.org").Is(t, http.StatusOK)
	}
	if got := s.claims(home); !cmp.Equal(got, []string{"buyer14@example.org, pending, link", "stranger@example.org, pending, staff"}) {
		t.Errorf("claims %v", got)
	}
	if kinds := s.mail("buyer14@example.org"); !cmp.Equal(kinds, []string{"resident_link", "resident_link"}) {
		t.Errorf("the buyer got %v", kinds)
	}
	s.client().Post(s.lastLink("buyer14@example.org"), nil).Is(t, http.StatusSeeOther)

	before := s.rows()
	for range 3 { // a double click, a browser that sends again
		s.claim(code, "other@example.org", "Idempotency-Key", "one-form").Is(t, http.StatusOK)
	}
	if more := s.added(before); more["mail_outbox"] != 2 || more["unit_claims"] != 1 || more["email_tokens"] != 1 || more["audit_log"] != 1 {
		t.Errorf("one form sent three times wrote %v, want the claim once, its mail, and that to who lives there", more)
	}
	s.claim(code, "another@example.org", "Idempotency-Key", "one-form").Is(t, http.StatusOK)
	if kinds := s.mail("another@example.org"); len(kinds) != 1 {
		t.Error("another address under the same key was taken for the same form")
	}
	renamed := claimForm("another@example.org")
	renamed.Set("fullName", "Una Gael")
	s.client().Post("/onboarding/"+code, renamed, "Idempotency-Key", "one-form").Is(t, http.StatusOK)
	if kinds := s.mail("another@example.org"); len(kinds) != 2 {
		t.Errorf("another name under the same key: mail %v, want that of a form of its own as well", kinds)
	}
	// What a name was when staff read it, it stays.
	form := claimForm("other@example.org")
	form.Set("fullName", "Somebody Else")
	s.client().Post("/onboarding/"+code, form).Is(t, http.StatusOK)
	if name := pgtest.Value[string](s.db, `select full_name from unit_claims where email = 'other@example.org'`); name != "Una Gale" {
		t.Errorf("the name in the queue became %q", name)
	}
}

// Three wait for a home; whoever comes after them is told to call, and nobody else is.
func TestTheFourthIsToldToCall(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	home, next := s.addHome("14", "buyer14@example.org"), s.addHome("15", "buyer15@example.org")
	codes := s.addCodes(home, next)
	for i := range 5 {
		s.claim(codes[0], fmt.Sprintf("stranger%d@example.org", i)).Is(t, http.StatusOK)
	}
	s.claim(codes[0], "stranger0@example.org").Is(t, http.StatusOK) // waits already: no fourth
	s.claim(codes[0], "buyer14@example.org").Is(t, http.StatusOK)
	s.claim(codes[1], "stranger4@example.org").Is(t, http.StatusOK)
	want := []string{
		"stranger0@example.org, pending, staff", "stranger1@example.org, pending, staff", "stranger2@example.org, pending, staff",
		"stranger3@example.org, rejected, staff", "stranger4@example.org, rejected, staff", "buyer14@example.org, pending, link",
	}
	if diff := cmp.Diff(want, s.claims(home)); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	for who, want := range map[string][]string{
		"stranger0": {"claim_waits", "claim_waits"}, "stranger3": {"claim_refused"}, "stranger4": {"claim_refused", "claim_waits"}, "buyer14": {"resident_link"},
	} {
		if kinds := s.mail(who + "@example.org"); !cmp.Equal(kinds, want) {
			t.Errorf("%s got %v, want %v", who, kinds, want)
		}
	}
	if body := s.body("stranger3@example.org"); !strings.Contains(body, "Please call Harbour Homes") {
		t.Errorf("the fourth reads\n%s", body)
	}
	// One of the three is decided: there is room again.
	s.db.Exec(`update unit_claims set state = 'rejected', decided_at = now() where email = 'stranger1@example.org'`)
	s.claim(codes[0], "stranger3@example.org").Is(t, http.StatusOK)
	if kinds := s.mail("stranger3@example.org"); kinds[len(kinds)-1] != "claim_waits" {
		t.Errorf("with room again the fourth got %v", kinds)
	}
}

// Those who live in a home are told that somebody asks for it: not who, and not more than once an hour.
func TestThoseWhoLiveThereAreTold(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	home, other := s.addHome("14", "buyer14@example.org"), s.addHome("15", "buyer15@example.org")
	codes := s.addCodes(home, other)
	anna, ben := "anna@example.org", "ben@example.org"
	annaID := s.addResident(home, "owner", anna)
	s.addResident(home, "occupier", ben)
	s.db.Exec(`update occupancies set ended_at = now() where resident_id = $1`, s.addResident(home, "occupier", "moved.out@example.org"))
	s.db.Exec(`insert into occupancies (tenant_id, id, development_id, unit_id, resident_id) values ($1, gen_random_uuid(), $2, $3, $4)`, s.company, s.development, other, annaID)
	told := func(email string) int {
		return pgtest.Value[int](s.db, `select count(*) from mail_outbox where kind = 'claim_told' and to_email = $1`, email)
	}
	s.claim(codes[0], anna).Is(t, http.StatusOK)
	if a, b := told(anna), told(ben); a != 0 || b != 1 {
		t.Errorf("Anna asks herself: she was told %d times, Ben %d times, want 0 and 1", a, b)
	}
	s.db.Exec(`update unit_claims set told_at = now() - interval '61 minutes'`)
	for i := range 3 {
		s.claim(codes[0], fmt.Sprintf("stranger%d@mail.example.org", i)).Is(t, http.StatusOK)
	}
	if a, b := told(anna), told(ben); a != 1 || b != 2 {
		t.Errorf("three strangers: Anna was told %d times, Ben %d times, want 1 and 2", a, b)
	}
	s.claim(codes[1], "stranger9@mail.example.org").Is(t, http.StatusOK)
	if a := told(anna); a != 2 {
		t.Errorf("of her other home Anna was told %d times, want once", a-1)
	}
	if told("moved.out@example.org") != 0 {
		t.Error("somebody who has moved out was told")
	}
	body := s.body(ben)
	for _, want := range []string{"14 L••• P•••", "Longview Park", "s•••@m•••.org", "tell Harbour Homes"} {
		if !strings.Contains(body, want) {
			t.Errorf("the mail does not say %q:\n%s", want, body)
		}
	}
	for _, secret := range []string{"stranger0", "Una Gale", "mail.example"} {
		if strings.Contains(body, secret) {
			t.Errorf("the mail tells %q:\n%s", secret, body)
		}
	}
}

// Staff mend the buyer's address between a claim and its link, in both directions.
func TestTheBuyersAddressIsMendedMeanwhile(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	home := s.addHome("14", "wrong@example.org")
	code := s.addCode(home)
	s.claim(code, "wrong@example.org").Is(t, http.StatusOK)
	s.claim(code, "right@example.org").Is(t, http.StatusOK)
	s.db.Exec(`update units set purchaser_email = 'right@example.org'`)
	s.client().Post(s.lastLink("wrong@example.org"), nil).Is(t, http.StatusGone)
	for _, email := range []string{"wrong@example.org", "right@example.org"} {
		s.claim(code, email).Is(t, http.StatusOK)
	}
	if got := s.claims(home); !cmp.Equal(got, []string{"wrong@example.org, pending, staff", "right@example.org, pending, link"}) {
		t.Errorf("claims %v", got)
	}
	s.client().Post(s.lastLink("right@example.org"), nil).Is(t, http.StatusSeeOther)
	if got := s.claims(home); !cmp.Equal(got, []string{"wrong@example.org, pending, staff", "right@example.org, verified, link"}) {
		t.Errorf("claims %v", got)
	}
}

// Who waits for a link, and is no longer the buyer when they ask again, waits for staff like anybody else: if three wait
// already they are refused, and don't stand in the queue as the fourth.
func TestAMendedAddressDoesNotJumpTheQueue(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	home := s.addHome("14", "wrong@example.org")
	code := s.addCode(home)
	s.claim(code, "wrong@example.org").Is(t, http.StatusOK)
	for i := range 3 {
		s.claim(code, fmt.Sprintf("stranger%d@example.org", i)).Is(t, http.StatusOK)
	}
	s.db.Exec(`update units set purchaser_email = 'right@example.org'`)
	s.claim(code, "wrong@example.org").Is(t, http.StatusOK)
	want := []string{
		"wrong@example.org, pending, link", // which staff don't see
		"stranger0@example.org, pending, staff", "stranger1@example.org, pending, staff", "stranger2@example.org, pending, staff",
		"wrong@example.org, rejected, staff",
	}
	if diff := cmp.Diff(want, s.claims(home)); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	if kinds := s.mail("wrong@example.org"); !cmp.Equal(kinds, []string{"resident_link", "claim_refused"}) {
		t.Errorf("mail %v", kinds)
	}
	// One who stands in the queue stays there, however full it is.
	s.claim(code, "stranger1@example.org").Is(t, http.StatusOK)
	if diff := cmp.Diff(want, s.claims(home)); diff != "" {
		t.Errorf("claims after one of the three came again (-want +got):\n%s", diff)
	}
}

// A link that was asked for on the sign-in page, or that staff have sent, decides a claim that waits as well.
func TestAnyLinkDecidesTheClaim(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	home := s.addHome("14", "buyer14@example.org")
	code := s.addCode(home)
	s.claim(code, "una@example.org").Is(t, http.StatusOK)
	s.db.Exec(`update units set purchaser_email = 'una@example.org'`)
	s.client().Post(s.askLink("una@example.org", 1)[0], nil).Is(t, http.StatusSeeOther)
	if got := s.claims(home); !cmp.Equal(got, []string{"una@example.org, verified, staff"}) {
		t.Errorf("claims %v", got)
	}
}

// Somebody with more homes than a sign-in mail names, and a couple in one home.
func TestSeveralHomesAndSeveralPeople(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var homes []uuid.UUID
	for i := range 7 {
		homes = append(homes, s.addHome(fmt.Sprint(20+i), "many@example.org"))
	}
	for i, code := range s.addCodes(homes...) {
		if i == 5 { // five mails within the window have been sent
			s.db.Exec(`delete from rate_limits`)
		}
		s.claim(code, "many@example.org").Is(t, http.StatusOK)
		c := s.client()
		c.Post(s.lastLink("many@example.org"), nil).Is(t, http.StatusSeeOther)
		c.Get("/").Is(t, http.StatusOK).Says(t, fmt.Sprintf("%d Longview Park", 20+i))
	}
	if n := pgtest.Value[int](s.db, `select count(*) from residents`); n != 1 {
		t.Errorf("%d residents, want one person with seven homes", n)
	}
	// The second of a couple was approved by staff, and has a code of no use: claims lead in as for any who live there.
	s.addResident(homes[0], "occupier", "partner@example.org")
	code := s.addCode(s.addHome("30", ""))
	s.db.Exec(`update unit_invites set unit_id = $1 where unit_id <> all ($2)`, s.addHome("31", "third@example.org"), homes)
	s.claim(code, "partner@example.org").Is(t, http.StatusOK)
	if kinds := s.mail("partner@example.org"); !cmp.Equal(kinds, []string{"claim_waits"}) {
		t.Errorf("with the card of a neighbour the partner got %v", kinds)
	}
	c := s.client()
	c.Post(s.askLink("partner@example.org", 1)[0], nil).Is(t, http.StatusSeeOther)
	c.Get("/").Is(t, http.StatusOK).Says(t, "20 Longview Park")
	if kinds := pgtest.Value[[]string](s.db, `select array_agg(kind order by kind) from occupancies where unit_id = $1 and ended_at is null`, homes[0]); !cmp.Equal(kinds, []string{"occupier", "owner"}) {
		t.Errorf("in the home live %v", kinds)
	}
}

func TestTheClaimFormSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	code := s.addCode(s.addHome("14", "buyer14@example.org"))
	before := s.rows()
	for _, c := range []struct{ name, fullName, email, field, says string }{
		{"no name", " ", "a@example.org", "fullName", "Enter your name"},
		{"a name on two lines", "Una\nGale", "a@example.org", "fullName", "Put this on one line"},
		{"a long name", strings.Repeat("a", 121), "a@example.org", "fullName", "At most 120"},
		{"a NUL", "Una\x00", "a@example.org", "fullName", "characters that can"},
		{"no address", "Una Gale", "", "email", "Enter your e-mail address"},
		{"no at", "Una Gale", "example.org", "email", "like name@example.org"},
		{"a blank that is none", "Una Gale", "a\u00a0b@example.org", "email", "like name@example.org"},
		{"two", "Una Gale", "a@example.org,b@example.org", "email", "like name@example.org"},
		{"a header", "Una Gale", "a@example.org\r\nBcc: all@example.org", "email", "Put this on one line"},
		{"long", "Una Gale", strings.Repeat("a", 250) + "@example.org", "email", "At most 254"},
		{"markup", `"><script>x`, `"><script>x@example.org`, "email", "like name@example.org"},
	} {
		form := url.Values{"fullName": {c.fullName}, "email": {c.email}}
		page := s.client().Post("/onboarding/"+code, form).Is(t, http.StatusUnprocessableEntity).Says(t, "Longview Park", "14 L••• P•••").Text
		if !strings.Contains(page, c.says) || strings.Contains(page, "<script>x") {
			t.Errorf("%s: the page does not say %q, or has what was typed as markup:\n%s", c.name, c.says, page)
		}
		said := webtest.Decode[struct {
			Error struct{ Fields map[string]string }
		}](t,
			s.client().PostJSON("/api/onboarding/"+code, map[string]string{"fullName": c.fullName, "email": c.email}).Is(t, http.StatusUnprocessableEntity))
		if !strings.Contains(said.Error.Fields[c.field], c.says) {
			t.Errorf("%s: a program is told %v", c.name, said)
		}
	}
	s.client().PostJSON("/api/onboarding/"+code, map[string]string{"fullName": "Una Gale", "email": "a@example.org", "unit": "14"}).Is(t, http.StatusUnprocessableEntity)
	s.client().Post("/onboarding/"+code, claimForm("a@example.org"), "Sec-Fetch-Site", "cross-site").Is(t, http.StatusForbidden)
	if more := s.added(before); len(more) > 0 {
		t.Errorf("rows were written: %v", more)
	}
}

func TestLimitsOfClaims(t *testing.T) {
	t.Parallel()
	s := newSiteBehindAProxy(t)
	var homes []uuid.UUID
	for i := range 100 {
		homes = append(homes, s.addHome(fmt.Sprint(i+1), fmt.Sprintf("buyer%d@example.org", i+1)))
	}
	codes := s.addCodes(homes...)
	show, other := []string{"X-Forwarded-For", "203.0.113.7"}, []string{"X-Forwarded-For", "203.0.113.8"}
	for i, code := range codes { // everybody in the show home on one day
		s.claim(code, fmt.Sprintf("buyer%d@example.org", i+1), show...).Is(t, http.StatusOK)
	}
	if n := pgtest.Value[int](s.db, `select count(*) from mail_outbox where kind = 'resident_link'`); n != 100 {
		t.Errorf("%d links, want 100", n)
	}
	full := func(bucket string, most int) {
		s.db.Exec(`insert into rate_limits (bucket, hits, expires_at) values ($1, $2, now() + interval '10 minutes')
			on conflict (bucket) do update set hits = excluded.hits`, bucket, most)
	}
	before := s.rows()
	full(platform.Bucket("claim-from", "203.0.113.7"), 300)
	full(platform.Bucket("claim-code", codes[1]), 30)
	for _, a := range []webtest.Answer{s.claim(codes[0], "una@example.org", show...), s.claim(codes[1], "una@example.org", other...)} {
		saysWhenToTryAgain(t, a)
	}
	if more := s.added(before); len(more) > 0 {
		t.Errorf("rows were written: %v", more)
	}
	s.claim(codes[2], "una@example.org", other...).Is(t, http.StatusOK)
	if buckets := pgtest.Value[string](s.db, `select string_agg(bucket, ' ') from rate_limits`); strings.Contains(buckets, "buyer") || strings.Contains(buckets, codes[1]) || strings.Contains(buckets, "203.0.113") {
		t.Errorf("the table of limits holds addresses or codes: %s", buckets)
	}
}

// What nobody can count is not taken.
func TestWithoutLimitsNothingIsTaken(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	code := s.addCode(s.addHome("14", "buyer14@example.org"))
	before := s.rows()
	for _, gone := range []string{"rate_hit(text, integer, interval)", "rate_spent(text, integer)"} {
		name, _, _ := strings.Cut(gone, "(")
		s.db.Exec(`alter function ` + gone + ` rename to gone`)
		for _, a := range []webtest.Answer{
			s.claim(code, "buyer14@example.org"),
			s.client().PostJSON("/api/onboarding/"+code, map[string]string{"fullName": "Una Gale", "email": "buyer14@example.org"}),
		} {
			if a.Is(t, http.StatusServiceUnavailable).Header.Get("Retry-After") == "" || strings.Contains(a.Text, "on its way") {
				t.Errorf("without %s: Retry-After %q, %s", name, a.Header.Get("Retry-After"), a.Text)
			}
		}
		s.db.Exec(`alter function ` + strings.Replace(gone, name, "gone", 1) + ` rename to ` + name)
	}
	if more := s.added(before); len(more) > 0 {
		t.Errorf("rows were written: %v", more)
	}
	s.claim(code, "buyer14@example.org").Is(t, http.StatusOK)
}
