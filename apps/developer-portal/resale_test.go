package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/web/webtest"
)

// saleForm is the form of a resale as the page offers it, filled in.
func (o office) saleForm(home uuid.UUID) url.Values {
	o.t.Helper()
	body := o.Get("/homes/"+home.String()+"/resale").Is(o.t, http.StatusOK).Text
	_, rest, _ := strings.Cut(body, `name="version" value="`)
	version, _, ok := strings.Cut(rest, `"`)
	if !ok {
		o.t.Fatalf("no version in the form:\n%s", body)
	}
	return url.Values{
		"name": {"Tom Kelly"}, "email": {"Tom@example.org"}, "phone": {"+353 1 555 0123"}, "day": {time.Now().UTC().Format(time.DateOnly)}, "version": {version},
	}
}

func (o office) printedCode(home uuid.UUID) {
	o.t.Helper()
	o.db.Exec(`insert into invite_batches (tenant_id, id, development_id, reach, state, ready_at, files_until) select tenant_id, id, development_id, 'development', 'ready', now(), now() + interval '30 minutes' from units where id = $1`, home)
	o.db.Exec(`insert into invite_files (tenant_id, batch_id, kind, part, development_id, content) select tenant_id, id, 'pdf', 0, development_id, 'x' from units where id = $1`, home)
	o.db.Exec(`insert into unit_invites (tenant_id, id, development_id, unit_id, batch_id, token_hash) select tenant_id, gen_random_uuid(), development_id, id, id, sha256(id::text::bytea) from units where id = $1`, home)
}

func TestResale(t *testing.T) {
	t.Parallel()
	o, home := firstHome(t)
	path := "/homes/" + home.String() + "/resale"
	buyer := o.livesIn(home, "Saoirse Walsh", "saoirse@example.org")
	o.livesIn(home, "Ana Quirke", "ana@example.org")
	o.printedCode(home)
	waits := o.addRequest(home, "Bea", "bea@example.org")
	o.db.Exec(`update unit_claims set decided_through = 'link' where id = $1`, o.addRequest(home, "Saoirse", "saoirse@example.org"))
	o.Get(path).Is(t, http.StatusOK).Says(t, "New buyer of 14 Longview Park", "Saoirse Walsh", "2 people who live here", "1 open request is rejected", "The printed code stops working")

	for field, value := range map[string]string{"name": "", "email": "tom", "phone": "call", "day": time.Now().Add(72 * time.Hour).Format(time.DateOnly), "version": "x"} {
		form := o.saleForm(home)
		form.Set(field, value)
		a := o.Post(path, form).Is(t, http.StatusUnprocessableEntity)
		if field != "version" {
			a.Says(t, `href="#f-`+field+`"`)
		}
	}
	if got := o.open(home); got != "2 2 2 1 2" {
		t.Fatalf("refused forms have changed something: %s", got)
	}

	form := o.saleForm(home)
	form.Set("idempotency_key", uuid.NewString())
	for range 2 {
		o.Post(path, form).Is(t, http.StatusSeeOther)
	}
	if got := o.open(home); got != "0 0 0 0 0" {
		t.Errorf("open: %s", got)
	}
	o.Get("/homes/"+home.String()).Is(t, http.StatusOK).Says(t, "Tom Kelly", "tom@", "The new buyer is on record", "Print a code", "Everybody who lived here has moved out", "Used to live here", "Ana Quirke")
	if got := pgtest.Value[string](o.db, `select purchaser_name || ' ' || purchaser_email || ' ' || purchaser_phone from units where id = $1`, home); got != "Tom Kelly tom@example.org +353 1 555 0123" {
		t.Errorf("%q", got)
	}
	if got := pgtest.Value[string](o.db, `select state || ' ' || (decided_by = $2)::text from unit_claims where id = $1`, waits, o.person.id); got != "rejected true" {
		t.Errorf("%q", got)
	}
	if told, silent := o.mails("claim_rejected", "bea@example.org"), o.mails("claim_rejected", "saoirse@example.org"); len(told) != 1 || len(silent) != 0 {
		t.Errorf("%d and %d mails about rejections", len(told), len(silent))
	}
	if n := pgtest.Value[int](o.db, `select count(*) from invite_files`); n != 0 {
		t.Error("the file with the ended code can still be had")
	}
	if got := pgtest.Value[string](o.db, `select detail::text from audit_log where action = 'home.resell' and object_id = $1`, home); !strings.Contains(got, `"residents": 2`) || strings.Contains(got, "@") {
		t.Errorf("the audit log says %s", got)
	}
	// The old buyer's address finds nothing, the new one's the home.
	for email, want := range map[string]int{"saoirse@example.org": 0, "tom@example.org": 1} {
		var n int
		if err := o.connect(t, o.db.ResidentURL()).QueryRow(t.Context(), `select count(*) from resident_link_request($1)`, email).Scan(&n); err != nil || n != want {
			t.Errorf("%s may enter %d homes, want %d (%v)", email, n, want, err)
		}
	}
	// Sold back to the old buyer, who has left the home and comes in as its owner all the same.
	form = o.saleForm(home)
	form.Set("email", "saoirse@example.org")
	form.Set("day", "2026-01-02")
	o.Post(path, form).Is(t, http.StatusSeeOther)
	if got := pgtest.Value[string](o.db, `select o.kind || (o.resident_id = $2)::text from occupancies o where o.unit_id = $1 and o.ended_at is null`, home, buyer); got != "ownertrue" {
		t.Errorf("%q", got)
	}
}

// TestResaleOfAHomeThatHasChanged: of two who record a sale, or of a sale and an edit, the second looks again.
func TestResaleOfAHomeThatHasChanged(t *testing.T) {
	t.Parallel()
	o, home := firstHome(t)
	path := "/homes/" + home.String() + "/resale"
	old := o.saleForm(home)
	first := o.saleForm(home)
	first.Set("name", "Bea Kelly")
	first.Set("email", "bea@example.org")
	o.Post(path, first).Is(t, http.StatusSeeOther)
	bea := o.livesIn(home, "Bea Kelly", "bea@example.org")
	a := o.Post(path, old).Is(t, http.StatusConflict).Says(t, "Somebody else has changed this home meanwhile", "Bea Kelly", `value="Tom Kelly"`)
	if strings.Contains(a.Text, old.Get("version")) {
		t.Error("the form would be refused again")
	}
	o.PostJSON("/api"+path, map[string]string{"name": "Tom Kelly", "day": "2026-01-02", "version": old.Get("version")}).Is(t, http.StatusConflict).Says(t, `"changed"`)
	if got := pgtest.Value[string](o.db, `select purchaser_name || ' ' || (select count(*) from occupancies where ended_at is null and resident_id = $2) from units where id = $1`, home, bea); got != "Bea Kelly 1" {
		t.Errorf("%q", got)
	}
}

// TestResaleWhileTheOldBuyerComesIn: whoever comes in at this moment is out with the others.
func TestResaleWhileTheOldBuyerComesIn(t *testing.T) {
	t.Parallel()
	o, home := firstHome(t)
	form := o.saleForm(home)
	m, late := o.mover(t, "14"), o.mover(t, "14")
	tx, err := m.conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if in, err := m.moveIn(t.Context()); err != nil || !in {
		t.Fatal(in, err)
	}
	answer := make(chan webtest.Answer)
	go func() { answer <- o.Post("/homes/"+home.String()+"/resale", form) }()
	o.waitsForLock(t)
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := <-answer; a.StatusCode != http.StatusSeeOther {
		t.Errorf("%d %s", a.StatusCode, a.Text)
	}
	if in, err := late.moveIn(t.Context()); err != nil || in {
		t.Errorf("the old buyer's other link opens the home: %t, %v", in, err)
	}
	if got := o.open(home); got != "0 0 0 0 0" {
		t.Errorf("open: %s", got)
	}
}

// TestResaleWaitsAtTheEntrance: somebody comes in by a link that was written after the resale has ended all others.
func TestResaleWaitsAtTheEntrance(t *testing.T) {
	t.Parallel()
	o, home := firstHome(t)
	form := o.saleForm(home)
	tx, err := o.connect(t, o.db.AdminURL()).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `select pg_advisory_xact_lock(hashtextextended('enter ' || tenant_id || id, 0)) from units where id = $1`, home); err != nil {
		t.Fatal(err)
	}
	answer := make(chan webtest.Answer)
	go func() { answer <- o.Post("/homes/"+home.String()+"/resale", form) }()
	o.waitsForLock(t)
	if _, err := tx.Exec(t.Context(), `with r as (insert into residents (tenant_id, id, email) select tenant_id, gen_random_uuid(), 'late@example.org' from units where id = $1 returning *)
		insert into occupancies (tenant_id, id, development_id, unit_id, resident_id) select u.tenant_id, gen_random_uuid(), u.development_id, u.id, r.id from units u, r where u.id = $1`, home); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := <-answer; a.StatusCode != http.StatusSeeOther {
		t.Errorf("%d %s", a.StatusCode, a.Text)
	}
	if got := o.open(home); got != "0 0 0 0 0" {
		t.Errorf("open: %s", got)
	}
}
