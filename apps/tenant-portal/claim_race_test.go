package main

import (
	"net/http"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"openhouse.example/packages/pgdev/pgtest"
)

// The buyer, a stranger and the same stranger again, eight at once: one owner, one request.
func TestEightClaimsAtOnceMakeOneOwnerAndOneRequest(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	home := s.addHome("14", "buyer14@example.org")
	code := s.addCode(home)
	atOnce(8, func(i int) {
		email := []string{"buyer14@example.org", "stranger@example.org"}[i%2]
		s.claim(code, email).Is(t, http.StatusOK)
	})
	if got := pgtest.Value[[]string](s.db, `select array_agg(email || ', ' || state || ', ' || decided_through order by email) from unit_claims`); !cmp.Equal(got, []string{
		"buyer14@example.org, pending, link", "stranger@example.org, pending, staff",
	}) {
		t.Fatalf("claims %v", got)
	}

	// Each of the buyer's links is used by two at once, while staff end the code and approve the stranger.
	links := pgtest.Value[[]string](s.db, `select array_agg(substring(body from '/link/\S+')) from mail_outbox where kind = 'resident_link'`)
	if len(links) != 4 {
		t.Fatalf("%d links, want 4", len(links))
	}
	var mu sync.Mutex
	statuses := map[int]int{}
	atOnce(10, func(i int) {
		switch {
		case i < 8:
			a := s.client().Post(links[i/2], nil)
			mu.Lock()
			defer mu.Unlock()
			statuses[a.StatusCode]++
		case i == 8:
			s.db.Exec(`update unit_invites set revoked_at = now()`)
		default:
			if a := s.claim(code, "late@example.org"); a.StatusCode != http.StatusOK && a.StatusCode != http.StatusGone {
				t.Errorf("a claim while the code is replaced: %d", a.StatusCode)
			}
		}
	})
	if want := map[int]int{http.StatusSeeOther: 4, http.StatusGone: 4}; !cmp.Equal(statuses, want) {
		t.Errorf("answers %v, want %v", statuses, want)
	}
	s.addResident(home, "occupier", "stranger@example.org")
	if got := pgtest.Value[[]string](s.db, `select array_agg(r.email || ' ' || o.kind order by r.email) from occupancies o join residents r on r.id = o.resident_id where o.ended_at is null`); !cmp.Equal(got, []string{
		"buyer14@example.org owner", "stranger@example.org occupier",
	}) {
		t.Errorf("in the home live %v", got)
	}
	if n := pgtest.Value[int](s.db, `select count(*) from unit_claims where state = 'verified' and email = 'buyer14@example.org'`); n != 1 {
		t.Errorf("%d claims of the buyer were decided, want 1", n)
	}
}

// atOnce runs do n times at the same moment, and waits for all.
func atOnce(n int, do func(i int)) {
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() { <-start; do(i) })
	}
	close(start)
	all.Wait()
}
