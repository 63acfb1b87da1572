package main

import (
	"net/http"
	"testing"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/web/webtest"
)

// TestResaleWhileSomebodyClaims: a claim holds the printed code and then the person's request. A resale takes the two in
// the same order and so waits for the claim; the other way round, each would wait for the other.
func TestResaleWhileSomebodyClaims(t *testing.T) {
	t.Parallel()
	o, home := firstHome(t)
	o.printedCode(home)
	waits := o.addRequest(home, "Bea", "bea@example.org")
	form := o.saleForm(home)
	tx, err := o.connect(t, o.db.AdminURL()).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// Of two that wait for each other, the claim would be the one that is told.
	if _, err := tx.Exec(t.Context(), `set local deadlock_timeout = '10ms'`); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `select 1 from unit_invites where unit_id = $1 for no key update`, home); err != nil {
		t.Fatal(err)
	}
	answer := make(chan webtest.Answer)
	go func() { answer <- o.Post("/homes/"+home.String()+"/resale", form) }()
	o.waitsForLock(t)
	var taken bool
	if err := tx.QueryRow(t.Context(), `select onboarding_claim(sha256($1::text::bytea), gen_random_uuid(), 'bea@example.org', 'Bea', sha256('link'), true,
		'link', 'text', 'waits', 'text', 'refused', 'text', 'told', 'text', '', '')`, home.String()).Scan(&taken); err != nil || !taken {
		t.Errorf("the claim: %t, %v", taken, err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Error(err)
	}
	if a := <-answer; a.StatusCode != http.StatusSeeOther {
		t.Errorf("%d %s", a.StatusCode, a.Text)
	}
	if got := o.open(home); got != "0 0 0 0 0" {
		t.Errorf("open: %s", got)
	}
	if got := pgtest.Value[string](o.db, `select state from unit_claims where id = $1`, waits); got != "rejected" {
		t.Errorf("the request is %s", got)
	}
}
