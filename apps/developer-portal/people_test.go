package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/webtest"
)

// livesIn has somebody live in a home, with a session and an unused link.
func (s *site) livesIn(home uuid.UUID, name, email string) (resident uuid.UUID) {
	s.t.Helper()
	resident = uuid.New()
	s.db.Exec(`insert into residents (tenant_id, id, email, full_name) select tenant_id, $2, $3, $4 from units where id = $1`, home, resident, email, name)
	s.db.Exec(`insert into occupancies (tenant_id, id, development_id, unit_id, resident_id, started_at)
		select tenant_id, gen_random_uuid(), development_id, id, $2, now() - interval '90 days' from units where id = $1`, home, resident)
	s.db.Exec(`insert into sessions (tenant_id, id, kind, resident_id, development_id, unit_id, expires_at)
		select tenant_id, gen_random_uuid(), 'resident', $2, development_id, id, now() + interval '1 hour' from units where id = $1`, home, resident)
	s.db.Exec(`insert into email_tokens (tenant_id, id, purpose, token_hash, email, development_id, unit_id, expires_at)
		select tenant_id, gen_random_uuid(), 'resident_link', sha256($2::uuid::text::bytea), $3, development_id, id, now() + interval '15 minutes' from units where id = $1`,
		home, resident, email)
	return resident
}

// open counts what opens a home: occupancies, sessions, unused links, working codes, open requests.
func (s *site) open(home uuid.UUID) string {
	s.t.Helper()
	return pgtest.Value[string](s.db, `select concat_ws(' ',
		(select count(*) from occupancies o where o.unit_id = $1 and o.ended_at is null),
		(select count(*) from sessions x where x.unit_id = $1 and x.revoked_at is null),
		(select count(*) from email_tokens e where e.unit_id = $1 and e.used_at is null),
		(select count(*) from unit_invites v where v.unit_id = $1 and v.revoked_at is null),
		(select count(*) from unit_claims c where c.unit_id = $1 and c.state = 'pending'))`, home)
}

func ofHome(home, resident uuid.UUID, what string) string {
	return "/homes/" + home.String() + "/residents/" + resident.String() + "/" + what
}

func TestMovedOutAndBack(t *testing.T) {
	t.Parallel()
	o, home := firstHome(t)
	other := o.addHome(o.person.company, o.development, o.addType(o.person.company, o.development, "C"), "15", "")
	ana, tom := o.livesIn(home, "Ana Quirke", "ana@example.org"), o.livesIn(home, "", "tom@example.org")
	// Ana also lives in another home, which stays open to her.
	o.db.Exec(`insert into occupancies (tenant_id, id, development_id, unit_id, resident_id) values ($1, gen_random_uuid(), $2, $3, $4)`, o.person.company, o.development, other, ana)
	o.db.Exec(`insert into sessions (tenant_id, id, kind, resident_id, development_id, unit_id, expires_at) values ($1, gen_random_uuid(), 'resident', $4, $2, $3, now() + interval '1 hour')`,
		o.person.company, o.development, other, ana)
	page := o.Get("/homes/"+home.String()).Is(t, http.StatusOK)
	page.Says(t, "Ana Quirke", "No name given", "tom@", "Owner", "Last here on", ofHome(home, ana, "moved-out"))
	o.Get(ofHome(home, ana, "moved-out")).Is(t, http.StatusOK).Says(t, "Has Ana Quirke moved out?", "signed out of this home at once")

	o.Post(ofHome(home, ana, "moved-out"), nil).Is(t, http.StatusSeeOther)
	if got := o.open(home) + " / " + o.open(other); got != "1 1 1 0 0 / 1 1 0 0 0" {
		t.Errorf("still open: %s", got)
	}
	o.Get("/homes/"+home.String()).Is(t, http.StatusOK).Says(t, "What they had open is closed", "Used to live here", ofHome(home, ana, "back"), ofHome(home, tom, "moved-out"))
	if got := pgtest.Value[string](o.db, `select detail::text from audit_log where action = 'resident.move_out' and object_id = $1`, ana); !strings.Contains(got, `"links": 1`) || !strings.Contains(got, `"sessions": 1`) {
		t.Errorf("the audit log says %s", got)
	}
	// Again, by somebody with an old page: nothing more happens.
	o.PostJSON("/api"+ofHome(home, ana, "moved-out"), map[string]string{}).Is(t, http.StatusOK).Says(t, `"sessions":0`)
	o.Get(ofHome(home, ana, "moved-out")).Is(t, http.StatusOK).Says(t, "They moved out on")

	for range 2 {
		o.Post(ofHome(home, ana, "back"), nil).Is(t, http.StatusSeeOther)
	}
	home1 := webtest.Decode[struct {
		Residents, FormerResidents []struct{ Name, Kind, Until string }
	}](t, o.Get("/api/homes/"+home.String()))
	if len(home1.Residents) != 2 || len(home1.FormerResidents) != 0 {
		t.Errorf("%+v", home1)
	}
	if got := o.open(home); got != "2 1 1 0 0" { // an old session or link doesn't live again
		t.Errorf("open: %s", got)
	}
	if n := pgtest.Value[int](o.db, `select count(*) from audit_log where action = 'resident.let_back_in'`); n != 1 {
		t.Errorf("%d audit entries", n)
	}

	// Who is disabled isn't let back in.
	o.Post(ofHome(home, tom, "moved-out"), nil).Is(t, http.StatusSeeOther)
	o.db.Exec(`update residents set disabled_at = now() where id = $1`, tom)
	o.Post(ofHome(home, tom, "back"), nil).Is(t, http.StatusConflict).Says(t, "account is disabled")
}

func TestTheBuyerWhoMovedOutGetsNoLink(t *testing.T) {
	t.Parallel()
	o, home := firstHome(t)
	buyer := o.livesIn(home, "Saoirse Walsh", "saoirse@example.org")
	o.Post(ofHome(home, buyer, "moved-out"), nil).Is(t, http.StatusSeeOther)
	if a := o.Get("/homes/"+home.String()).Is(t, http.StatusOK); strings.Contains(a.Text, home.String()+"/link") {
		t.Error("a link is offered that would open nothing")
	}
	o.Post("/homes/"+home.String()+"/link", nil).Is(t, http.StatusConflict).Says(t, "has moved out")
}

func TestWhoMayMovePeople(t *testing.T) {
	t.Parallel()
	o, home := firstHome(t)
	ana := o.livesIn(home, "Ana Quirke", "ana@example.org")
	elsewhere := o.livesIn(o.addHome(o.person.company, o.development, o.addType(o.person.company, o.development, "C"), "15", ""), "Tom", "tom@example.org")
	viewer, stranger, limited := o.addStaff(o.person.company, auth.RoleViewer), o.addStaff(o.addCompany("Meadow Homes"), auth.RoleAdmin), o.addStaff(o.person.company, auth.RoleDeveloper)
	o.limit(limited, o.addDevelopment(o.person.company, "Mill Quarter"))
	sale := map[string]string{"name": "Tom Kelly", "day": "2026-01-02", "version": "2026-01-02T00:00:00Z"}
	for path, body := range map[string]map[string]string{
		ofHome(home, ana, "moved-out"): {}, ofHome(home, ana, "back"): {}, "/homes/" + home.String() + "/resale": sale,
	} {
		viewer.Post(path, nil).Is(t, http.StatusForbidden)
		viewer.PostJSON("/api"+path, body).Is(t, http.StatusForbidden)
		unknown := strings.Replace(path, home.String(), uuid.NewString(), 1)
		for _, p := range []person{stranger, limited} {
			if got, want := p.PostJSON("/api"+path, body).Is(t, http.StatusNotFound), p.PostJSON("/api"+unknown, body).Is(t, http.StatusNotFound); got.Text != want.Text {
				t.Errorf("%s is told from what never was:\n%s\n%s", path, got.Text, want.Text)
			}
		}
	}
	for _, path := range []string{ofHome(home, ana, "moved-out"), "/homes/" + home.String() + "/resale"} {
		viewer.Get(path).Is(t, http.StatusForbidden)
		stranger.Get(path).Is(t, http.StatusNotFound)
		limited.Get(path).Is(t, http.StatusNotFound)
	}
	o.Post(ofHome(home, elsewhere, "moved-out"), nil).Is(t, http.StatusNotFound)
	if got := o.open(home); got != "1 1 1 0 0" {
		t.Errorf("open: %s", got)
	}
	if a := viewer.Get("/homes/"+home.String()).Is(t, http.StatusOK); strings.Contains(a.Text, "/moved-out") || strings.Contains(a.Text, "/resale") {
		t.Error("a viewer is offered what they may not do")
	}
}

// TestMovedOutWhileComingIn: a link that is being used at this moment is waited for, and what it opened ends too.
func TestMovedOutWhileComingIn(t *testing.T) {
	t.Parallel()
	o, home := firstHome(t)
	buyer := o.livesIn(home, "Saoirse Walsh", "saoirse@example.org")
	m := o.mover(t, "14")
	tx, err := m.conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if in, err := m.moveIn(t.Context()); err != nil || !in {
		t.Fatal(in, err)
	}
	answer := make(chan webtest.Answer)
	go func() { answer <- o.PostJSON("/api"+ofHome(home, buyer, "moved-out"), map[string]string{}) }()
	o.waitsForLock(t)
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := <-answer; a.StatusCode != http.StatusOK || !strings.Contains(a.Text, `"sessions":2`) {
		t.Errorf("%d %s", a.StatusCode, a.Text)
	}
	if got := o.open(home); got != "0 0 0 0 0" {
		t.Errorf("open: %s", got)
	}
}
