package main

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/webtest"
)

type request struct {
	ID, Name, Email string
	Home            struct{ ID, Development, AddressLine1 string }
	Buyer           *struct {
		EmailIs, NameIs, Email string
		Letters                int
	}
}

type queue struct {
	Requests []request
	Total    int
	Next     *string
}

func (c *client) queue(query string) queue {
	c.s.t.Helper()
	return webtest.Decode[queue](c.s.t, c.Get("/api/requests"+query).Is(c.s.t, http.StatusOK))
}

// addRequest has somebody ask for a home by its printed code, as the tenant portal writes it down.
func (s *site) addRequest(home uuid.UUID, name, email string) uuid.UUID {
	s.t.Helper()
	id := uuid.New()
	s.db.Exec(`insert into unit_claims (tenant_id, id, development_id, unit_id, email, full_name, state, decided_through, created_at)
		select tenant_id, $2, development_id, id, $3, $4, 'pending', 'staff', clock_timestamp() from units where id = $1`, home, id, email, name)
	return id
}

func decide(id uuid.UUID, decision string) string { return "/requests/" + id.String() + "/" + decision }

// firstHome is an office with one home, sold to Saoirse Walsh.
func firstHome(t *testing.T) (o office, home uuid.UUID) {
	t.Helper()
	o = newOffice(t)
	return o, o.addHome(o.person.company, o.development, o.addType(o.person.company, o.development, "B"), "14", "saoirse@example.org")
}

func TestTheQueueOfRequests(t *testing.T) {
	t.Parallel()
	o, home := firstHome(t)
	o.Get("/requests").Is(t, http.StatusOK).Says(t, "Nobody is waiting")
	quay := o.addDevelopment(o.person.company, "Mill Quarter")
	other := o.addHome(o.person.company, quay, o.addType(o.person.company, quay, "C"), "3", "")
	o.addRequest(home, "Sean Walsh", "saoirze@example.org")
	o.addRequest(other, "", "tom@example.org")
	o.addRequest(home, "Ana Quirke", "ana@example.org")
	// One that a link decides, and two that are decided, don't wait for staff.
	o.db.Exec(`update unit_claims set decided_through = 'link' where id = $1`, o.addRequest(home, "", "link@example.org"))
	o.db.Exec(`update unit_claims set state = 'rejected', decided_at = now() where id = $1`, o.addRequest(home, "", "gone@example.org"))

	all := o.queue("")
	if len(all.Requests) != 3 || all.Total != 3 || all.Next != nil || all.Requests[0].Email != "saoirze@example.org" || all.Requests[2].Email != "ana@example.org" {
		t.Fatalf("%+v", all)
	}
	if b := all.Requests[0].Buyer; b == nil || b.EmailIs != "near" || b.Letters != 1 || b.NameIs != "near" || b.Email != "saoirse@example.org" {
		t.Errorf("beside the buyer: %+v", b)
	}
	if b := all.Requests[1].Buyer; b == nil || b.EmailIs != "unknown" || b.NameIs != "unknown" {
		t.Errorf("beside no buyer: %+v", b)
	}
	if some := o.queue("?development=" + quay.String()); len(some.Requests) != 1 || some.Requests[0].Email != "tom@example.org" || some.Total != 1 {
		t.Errorf("%+v", some)
	}
	page := o.Get("/requests").Is(t, http.StatusOK)
	page.Says(t, "Sean Walsh", "saoirze@", "14 Longview Park", "differs from the buyer’s on record by 1 letter", "Same last name as the buyer", "Somebody without a name",
		"Mill Quarter", "Approve as owner", "Approve as occupier", `<span class="count">3</span>`)
	o.Get("/homes/"+home.String()).Is(t, http.StatusOK).Says(t, "Sean Walsh", "Ana Quirke", "/approve")
	o.Get("/requests?development="+uuid.NewString()).Is(t, http.StatusNotFound)
	o.Get("/requests?development=x").Is(t, http.StatusNotFound)
	o.Get("/requests?page=0").Is(t, http.StatusUnprocessableEntity)

	viewer := o.addStaff(o.person.company, auth.RoleViewer)
	if seen := viewer.queue(""); len(seen.Requests) != 3 || seen.Requests[0].Buyer != nil {
		t.Errorf("a viewer gets %+v", seen)
	}
	for _, path := range []string{"/requests", "/api/requests"} {
		if a := viewer.Get(path).Is(t, http.StatusOK); strings.Contains(a.Text, "saoirse@") || strings.Contains(a.Text, "/approve") {
			t.Errorf("%s shows a viewer the buyer, or a decision:\n%s", path, a.Text)
		}
	}
}

func TestALongQueueIsPaged(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	houses := o.addType(o.person.company, o.development, "B")
	home := o.addHome(o.person.company, o.development, houses, "1", "")
	o.db.Exec(`insert into unit_claims (tenant_id, id, development_id, unit_id, email, state, created_at)
		select tenant_id, gen_random_uuid(), development_id, id, 'p' || n || '@example.org', 'pending', now() - n * interval '1 minute'
		from units, generate_series(1, 60) n where id = $1`, home)
	first := o.queue("")
	if len(first.Requests) != 50 || first.Total != 60 || first.Next == nil || first.Requests[0].Email != "p60@example.org" {
		t.Fatalf("%d of %d, next %v", len(first.Requests), first.Total, first.Next)
	}
	if rest := webtest.Decode[queue](t, o.Get(*first.Next)); len(rest.Requests) != 10 || rest.Requests[9].Email != "p1@example.org" {
		t.Errorf("%+v", rest)
	}
	o.Get("/requests?page=2").Is(t, http.StatusOK).Says(t, "51–60 of 60")
	o.Get("/requests?page=9").Is(t, http.StatusOK).Says(t, "The list ends before this page")
	// The queue that comes with a refusal leads on in the queue.
	gone := o.addRequest(home, "", "gone@example.org")
	o.db.Exec(`update unit_claims set state = 'rejected', decided_at = now() where id = $1`, gone)
	o.Post(decide(gone, "reject"), nil).Is(t, http.StatusConflict).Says(t, "This request was rejected on", `href="/requests?page=2"`)
}

func TestApprove(t *testing.T) {
	t.Parallel()
	o, home := firstHome(t)
	id := o.addRequest(home, "Ana Quirke", "ana@example.org")
	o.Post(decide(id, "approve"), url.Values{"kind": {"landlord"}}).Is(t, http.StatusUnprocessableEntity).Says(t, "Nothing was changed", "Ana Quirke")
	key := uuid.NewString()
	for range 2 { // the same form twice is one approval
		a := o.Post(decide(id, "approve"), url.Values{"kind": {"occupier"}, "back": {"home"}, "idempotency_key": {key}}).Is(t, http.StatusSeeOther)
		if to := a.Header.Get("Location"); to != "/homes/"+home.String() {
			t.Errorf("it leads to %s", to)
		}
	}
	o.Get("/homes/"+home.String()).Is(t, http.StatusOK).Says(t, "A link into the home is on its way", "Ana Quirke", "ana@", "Occupier", "Has not signed in here")
	state := pgtest.Value[string](o.db, `select c.state || ' ' || (c.decided_by = $2)::text || ' ' || (c.resident_id = r.id)::text || ' ' || o.kind || ' ' || r.full_name
		from unit_claims c join residents r on r.email = c.email join occupancies o on o.resident_id = r.id and o.unit_id = c.unit_id where c.id = $1`, id, o.person.id)
	if state != "verified true true occupier Ana Quirke" {
		t.Errorf("%q", state)
	}
	mails := o.mails("resident_link", "ana@example.org")
	if len(mails) != 1 || !strings.Contains(mails[0], residents+"/link/") || !strings.Contains(mails[0], "14 Longview Park") {
		t.Fatalf("%d mails: %q", len(mails), mails)
	}
	_, secret, _ := strings.Cut(mails[0], residents+"/link/")
	m := mover{o.connect(t, o.db.ResidentURL()), platform.HashToken(strings.Fields(secret)[0])}
	if in, err := m.moveIn(t.Context()); err != nil || !in {
		t.Errorf("the link of the mail opens the home: %t, %v", in, err)
	}
	if n := pgtest.Value[int](o.db, `select count(*) from audit_log where action = 'claim.approve' and object_id = $1 and detail::text not like '%@%'`, id); n != 1 {
		t.Errorf("%d audit entries", n)
	}
	o.Post(decide(id, "reject"), nil).Is(t, http.StatusConflict).Says(t, "Nora Byrne approved this request on")

	// One who lives there already is no second person, and stays what they are.
	again := o.addRequest(home, "Ana", "ana@example.org")
	o.PostJSON("/api"+decide(again, "approve"), map[string]string{"kind": "owner"}).Is(t, http.StatusOK).Says(t, `"state":"verified"`, home.String())
	if got := pgtest.Value[string](o.db, `select string_agg(kind, ' ') || ' ' || (select full_name from residents) from occupancies`); got != "occupier Ana Quirke" {
		t.Errorf("%q", got)
	}

	// Disabled: a clear word, and nothing is done.
	shut := o.addRequest(home, "Tom", "tom@example.org")
	o.db.Exec(`insert into residents (tenant_id, id, email, disabled_at) values ($1, gen_random_uuid(), 'tom@example.org', now())`, o.person.company)
	o.Post(decide(shut, "approve"), url.Values{"kind": {"owner"}}).Is(t, http.StatusConflict).Says(t, "account is disabled")
	if a := o.PostJSON("/api"+decide(shut, "approve"), map[string]string{"kind": "owner"}).Is(t, http.StatusConflict); !strings.Contains(a.Text, `"disabled"`) {
		t.Error(a.Text)
	}
	if got := pgtest.Value[string](o.db, `select state || (select count(*) from occupancies) || (select count(*) from mail_outbox where to_email = 'tom@example.org') from unit_claims where id = $1`, shut); got != "pending10" {
		t.Errorf("%q", got)
	}
	// What a link decides is not for staff.
	o.db.Exec(`update unit_claims set decided_through = 'link' where id = $1`, shut)
	o.Post(decide(shut, "approve"), url.Values{"kind": {"owner"}}).Is(t, http.StatusNotFound)
}

func TestReject(t *testing.T) {
	t.Parallel()
	o, home := firstHome(t)
	o.db.Exec(`update developments set contact_name = 'Nora Byrne', contact_phone = '+353 1 555 0100'`)
	id := o.addRequest(home, "Ana Quirke", "ana@example.org")
	o.Post(decide(id, "reject"), nil).Is(t, http.StatusSeeOther)
	o.Get("/requests").Is(t, http.StatusOK).Says(t, "They get a mail that asks them to call you", "Nobody is waiting")
	mails := o.mails("claim_rejected", "ana@example.org")
	if len(mails) != 1 || !strings.Contains(mails[0], "Please call Nora Byrne: +353 1 555 0100") || strings.Contains(mails[0], "14") || strings.Contains(mails[0], "Saoirse") {
		t.Errorf("%q", mails)
	}
	if got := pgtest.Value[string](o.db, `select state || ' ' || (decided_by = $2)::text || ' ' || (select count(*) from occupancies) from unit_claims where id = $1`, id, o.person.id); got != "rejected true 0" {
		t.Errorf("%q", got)
	}
	if n := pgtest.Value[int](o.db, `select count(*) from audit_log where action = 'claim.reject' and object_id = $1`, id); n != 1 {
		t.Errorf("%d audit entries", n)
	}
	if a := o.PostJSON("/api"+decide(id, "approve"), map[string]string{"kind": "owner"}).Is(t, http.StatusConflict); !strings.Contains(a.Text, `"decided"`) || !strings.Contains(a.Text, "Nora Byrne rejected") {
		t.Error(a.Text)
	}
}

// TestWhoMayDecide: viewers look, another company finds nothing, limited staff see and decide theirs.
func TestWhoMayDecide(t *testing.T) {
	t.Parallel()
	o, home := firstHome(t)
	id := o.addRequest(home, "Ana Quirke", "ana@example.org")
	quay := o.addDevelopment(o.person.company, "Mill Quarter")
	houses := o.addType(o.person.company, quay, "C")
	theirs := o.addHome(o.person.company, quay, houses, "3", "")
	own := o.addRequest(theirs, "Tom Kelly", "tom@example.org")
	// The company knows both people, from the development that a limited developer doesn't see.
	for _, email := range []string{"tom@example.org", "ana@example.org"} {
		o.db.Exec(`with r as (insert into residents (tenant_id, id, email) values ($1, gen_random_uuid(), $4) returning *)
			insert into occupancies (tenant_id, id, development_id, unit_id, resident_id) select $1, gen_random_uuid(), $2, $3, id from r`,
			o.person.company, o.development, home, email)
	}
	stranger, viewer, limited := o.addStaff(o.addCompany("Meadow Homes"), auth.RoleAdmin), o.addStaff(o.person.company, auth.RoleViewer), o.addStaff(o.person.company, auth.RoleDeveloper)
	o.limit(limited, quay)

	for _, path := range []string{decide(id, "approve"), decide(id, "reject")} {
		viewer.Post(path, url.Values{"kind": {"owner"}}).Is(t, http.StatusForbidden)
		viewer.PostJSON("/api"+path, map[string]string{}).Is(t, http.StatusForbidden)
		for _, p := range []person{stranger, limited} {
			body := map[string]string{}
			if strings.HasSuffix(path, "approve") {
				body["kind"] = "owner"
			}
			got := p.PostJSON("/api"+path, body).Is(t, http.StatusNotFound)
			want := p.PostJSON("/api"+strings.Replace(path, id.String(), uuid.NewString(), 1), body).Is(t, http.StatusNotFound)
			if got.Text != want.Text {
				t.Errorf("another's request is told from one that never was:\n%s\n%s", got.Text, want.Text)
			}
		}
	}
	if q := stranger.queue(""); q.Total != 0 {
		t.Errorf("another company sees %+v", q)
	}
	if q := limited.queue(""); q.Total != 1 || q.Requests[0].ID != own.String() {
		t.Errorf("a limited developer sees %+v", q)
	}
	limited.Get("/requests").Is(t, http.StatusOK).Says(t, `<span class="count">1</span>`)
	limited.Get("/requests?development="+o.development.String()).Is(t, http.StatusNotFound)
	limited.PostJSON("/api"+decide(own, "approve"), map[string]string{"kind": "owner"}).Is(t, http.StatusOK)
	limited.Get("/homes/"+theirs.String()).Is(t, http.StatusOK).Says(t, "Tom Kelly", "tom@")
	if n := pgtest.Value[int](o.db, `select count(*) from residents where email = 'tom@example.org'`); n != 1 {
		t.Errorf("%d residents with one address", n)
	}
}

// TestTwoDecideAtOnce: one decision counts, and everybody else learns which and whose.
func TestTwoDecideAtOnce(t *testing.T) {
	t.Parallel()
	o, home := firstHome(t)
	colleagues := make([]person, 6)
	for i := range colleagues {
		colleagues[i] = o.addStaff(o.person.company, auth.RoleDeveloper)
	}
	for range 3 {
		id := o.addRequest(home, "Ana Quirke", "ana"+uuid.NewString()[:8]+"@example.org")
		answers := make([]webtest.Answer, len(colleagues))
		var all sync.WaitGroup
		for i, p := range colleagues {
			all.Go(func() {
				if i%2 == 0 {
					answers[i] = p.PostJSON("/api"+decide(id, "approve"), map[string]string{"kind": "owner"})
				} else {
					answers[i] = p.PostJSON("/api"+decide(id, "reject"), map[string]string{})
				}
			})
		}
		all.Wait()
		won := 0
		for _, a := range answers {
			switch {
			case a.StatusCode == http.StatusOK:
				won++
			case a.StatusCode != http.StatusConflict, !strings.Contains(a.Text, "Nora Byrne"):
				t.Errorf("%d %s", a.StatusCode, a.Text)
			}
		}
		mails := pgtest.Value[int](o.db, `select count(*) from mail_outbox m join unit_claims c on c.email = m.to_email where c.id = $1`, id)
		lives := pgtest.Value[bool](o.db, `select (c.state = 'verified') = exists (select 1 from occupancies o where o.resident_id = c.resident_id) from unit_claims c where c.id = $1`, id)
		if won != 1 || mails != 1 || !lives {
			t.Errorf("%d won, %d mails, decision and occupancy agree: %t", won, mails, lives)
		}
	}
}

// TestDecidedBySomebodyWithoutAName: an administrator whom the operator made without a name is known by the address, and
// a decision of theirs is not taken for that of a link.
func TestDecidedBySomebodyWithoutAName(t *testing.T) {
	t.Parallel()
	o, home := firstHome(t)
	o.db.Exec(`update staff set full_name = '' where id = $1`, o.person.id)
	email := pgtest.Value[string](o.db, `select email from staff where id = $1`, o.person.id)
	for _, decision := range []string{"approve", "reject"} {
		id, body := o.addRequest(home, "Ana Quirke", decision+"@example.org"), map[string]string{}
		if decision == "approve" {
			body["kind"] = "owner"
		}
		o.PostJSON("/api"+decide(id, decision), body).Is(t, http.StatusOK)
		o.PostJSON("/api"+decide(id, decision), body).Is(t, http.StatusConflict).Says(t, email)
	}
}

// TestApproveWhileThePersonComesIn: the request is decided by the link, while staff decide it.
func TestApproveWhileThePersonComesIn(t *testing.T) {
	t.Parallel()
	o, home := firstHome(t)
	m := o.mover(t, "14")
	id := o.addRequest(home, "Saoirse Walsh", "saoirse@example.org")
	tx, err := m.conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if in, err := m.moveIn(t.Context()); err != nil || !in {
		t.Fatal(in, err)
	}
	answer := make(chan webtest.Answer)
	go func() { answer <- o.PostJSON("/api"+decide(id, "approve"), map[string]string{"kind": "owner"}) }()
	o.waitsForLock(t)
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := <-answer; a.StatusCode != http.StatusConflict || !strings.Contains(a.Text, "This request was approved on") {
		t.Errorf("%d %s", a.StatusCode, a.Text)
	}
	if got := pgtest.Value[string](o.db, `select state || (select count(*) from occupancies where ended_at is null) || (decided_by is null)::text from unit_claims where id = $1`, id); got != "verified1true" {
		t.Errorf("%q", got)
	}
}

// TestApproveWhileTheHomeIsHeld: whoever sells the home or moves somebody out at this moment comes first, and the request
// is looked at after them.
func TestApproveWhileTheHomeIsHeld(t *testing.T) {
	t.Parallel()
	o, home := firstHome(t)
	id := o.addRequest(home, "Ana Quirke", "ana@example.org")
	tx, err := o.connect(t, o.db.AdminURL()).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `update units set purchaser_name = 'Tom Kelly' where id = $1`, home); err != nil {
		t.Fatal(err)
	}
	answer := make(chan webtest.Answer)
	go func() { answer <- o.PostJSON("/api"+decide(id, "approve"), map[string]string{"kind": "owner"}) }()
	o.waitsForLock(t)
	if _, err := tx.Exec(t.Context(), `update unit_claims set state = 'rejected', decided_at = now() where id = $1`, id); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := <-answer; a.StatusCode != http.StatusConflict || !strings.Contains(a.Text, "This request was rejected on") {
		t.Errorf("%d %s", a.StatusCode, a.Text)
	}
	if got := o.open(home); got != "0 0 0 0 0" {
		t.Errorf("open: %s", got)
	}
}
