package migrations_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Eight POSTs of the same link at once: one gets in.
func TestALinkIsConsumedExactlyOnce(t *testing.T) {
	t.Parallel()
	db := world(t)
	conns := make([]*pgx.Conn, crowd)
	for i := range conns {
		conns[i] = connect(t, db.ResidentURL())
	}
	owner := connect(t, db.OwnerURL())
	for round := range 10 {
		secret := fmt.Sprint("secret ", round)
		unit := []string{"home-1", "home-2", "home-3"}[round%3]
		if !request(t, conns[0], "a", unit, "buyer-"+unit+".a@example.org", secret) {
			t.Fatal("no link")
		}
		before := one[int64](t, owner, "select count(*) from sessions")
		var mu sync.Mutex
		won := 0
		err := together(func(i int) error {
			got, err := enter(t.Context(), conns[i], secret, uuid.New(), time.Now().Add(time.Hour))
			mu.Lock()
			defer mu.Unlock()
			won += len(got)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if won != 1 {
			t.Errorf("round %d: %d got in, want 1", round, won)
		}
		if made := one[int64](t, owner, "select count(*) from sessions") - before; made != 1 {
			t.Errorf("round %d: %d sessions, want 1", round, made)
		}
	}
}

// A person's eight links used at once: eight sessions, one person, one occupancy.
func TestEightLinksOfOnePersonAtOnce(t *testing.T) {
	t.Parallel()
	db := world(t)
	conns := make([]*pgx.Conn, crowd)
	for i := range conns {
		conns[i] = connect(t, db.ResidentURL())
		if !request(t, conns[i], "a", "home-2", "buyer-home-2.a@example.org", fmt.Sprint(i)) {
			t.Fatal("no link")
		}
	}
	err := together(func(i int) error {
		got, err := enter(t.Context(), conns[i], fmt.Sprint(i), uuid.New(), time.Now().Add(time.Hour))
		if err == nil && len(got) != 1 {
			err = fmt.Errorf("%d rows", len(got))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := one[int64](t, connect(t, db.OwnerURL()), `
		select count(*) from occupancies o join residents r using (tenant_id) where r.id = o.resident_id and r.email = 'buyer-home-2.a@example.org'`); n != 1 {
		t.Errorf("%d occupancies, want 1", n)
	}
}
