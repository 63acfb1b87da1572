package migrations_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// claim comes with the code of a home and a link whose secret is the address.
func claim(ctx context.Context, conn *pgx.Conn, code []byte, email string) (taken bool, err error) {
	err = conn.QueryRow(ctx, `select onboarding_claim($1, gen_random_uuid(), $2, 'Una Gale', $3, true, 'l', 'link', 'w', 'waits', 'r', 'refused', 't', 'told', '', '')`,
		code, email, hash(email+uuid.NewString())).Scan(&taken)
	return taken, err
}

// The rule of one home and that of the list of homes are the same rule.
func TestWhoMayEnterIsAskedInOneWay(t *testing.T) {
	t.Parallel()
	db := world(t)
	conn := connect(t, db.AdminURL())
	exec(t, conn, "update residents set disabled_at = now() where full_name = 'ben' and tenant_id = $1", id("b", "tenant"))
	exec(t, conn, "update units set purchaser_email = 'eve.a@example.org' where id = $1", id("a", "home-1")) // who has moved out
	exec(t, conn, "update units set purchaser_email = 'eve.a@example.org' where id = $1", id("a", "home-2")) // of another home
	for _, suspended := range []bool{false, true} {
		if suspended {
			exec(t, conn, "update tenants set suspended_at = now() where id = $1", id("a", "tenant"))
		}
		got := column[string](t, conn, `
			with people as (select email from residents union select purchaser_email from units union select email from staff union select '' union select 'nobody@example.org')
			select p.email || ' ' || u.tenant_id || ' ' || u.unit_number
			from people p, units u
			where resident_may_enter(u.tenant_id, u.id, p.email)
			   <> exists (select 1 from resident_link_request(p.email) m where m.tenant_id = u.tenant_id and m.unit_id = u.id)`)
		if len(got) > 0 {
			t.Errorf("the two differ for %v", got)
		}
		if n := one[int64](t, conn, "select count(*) from residents r, units u where resident_may_enter(u.tenant_id, u.id, r.email)"); n < 3 {
			t.Errorf("only %d may enter: the test compares nothing", n)
		}
	}
}

// A code that is taken back, or of a company that is suspended, takes nothing.
func TestOnlyALivingCodeTakesAClaim(t *testing.T) {
	t.Parallel()
	db := world(t)
	conn, owner := connect(t, db.ResidentURL()), connect(t, db.OwnerURL())
	code, other := inviteHash(t, owner, "a", "home-1"), inviteHash(t, owner, "b", "home-1")
	before := one[int64](t, owner, "select count(*) from unit_claims")
	for _, step := range []struct {
		name, sql string
		code      []byte
		want      bool
	}{
		{"living", "select 1", code, true},
		{"unknown", "select 1", hash("nothing"), false},
		{"half of it", "select 1", code[:31], false},
		{"taken back", "update unit_invites set revoked_at = now() where tenant_id = (select id from tenants where slug = 'company-a')", code, false},
		{"the other company's", "select 1", other, true},
		{"suspended", "update tenants set suspended_at = now()", other, false},
	} {
		db.Exec(step.sql)
		if taken, err := claim(t.Context(), conn, step.code, "una@example.org"); err != nil || taken != step.want {
			t.Errorf("%s: %t, %v", step.name, taken, err)
		}
	}
	if n := one[int64](t, owner, "select count(*) from unit_claims") - before; n != 2 {
		t.Errorf("%d claims were written, want 2", n)
	}
}

// A claim waits for a code that is being replaced, and then finds it dead.
func TestAClaimWaitsForACodeThatIsBeingReplaced(t *testing.T) {
	t.Parallel()
	db := world(t)
	conn, owner := connect(t, db.ResidentURL()), connect(t, db.OwnerURL())
	code := inviteHash(t, owner, "a", "home-1")
	tx, err := owner.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "update unit_invites set revoked_at = now() where token_hash = $1", code); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		taken, err := claim(t.Context(), conn, code, "una@example.org")
		if taken {
			err = fmt.Errorf("a dead code took it")
		}
		done <- err
	}()
	awaitWaiting(t, connect(t, db.AdminURL()), "onboarding_claim")
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// Many strangers at once: three wait, the others are refused.
func TestThreeWaitHoweverManyComeAtOnce(t *testing.T) {
	t.Parallel()
	db := world(t)
	owner := connect(t, db.OwnerURL())
	exec(t, owner, "delete from unit_claims")
	code := inviteHash(t, owner, "a", "home-1")
	conns := make([]*pgx.Conn, crowd)
	for i := range conns {
		conns[i] = connect(t, db.ResidentURL())
	}
	if err := together(func(i int) error {
		for range 3 {
			if _, err := claim(t.Context(), conns[i], code, fmt.Sprintf("stranger%d@example.org", i)); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if n := one[int64](t, owner, "select count(*) from unit_claims where state = 'pending'"); n != 3 {
		t.Errorf("%d wait, want 3", n)
	}
	if n := one[int64](t, owner, "select count(*) from mail_outbox where kind = 'claim_told' and to_email = 'anna.a@example.org'"); n != 1 {
		t.Errorf("who lives there was told %d times, want once", n)
	}
}

// Staff approve a claim in the moment in which the person enters by a link. One decides it; both get through.
func TestApprovedWhileEntering(t *testing.T) {
	t.Parallel()
	db := world(t)
	owner, resident := connect(t, db.OwnerURL()), connect(t, db.ResidentURL())
	code := inviteHash(t, owner, "a", "home-1")
	for round := range 10 {
		email := fmt.Sprintf("una%d@example.org", round)
		if _, err := claim(t.Context(), resident, code, email); err != nil {
			t.Fatal(err)
		}
		exec(t, owner, "update unit_claims set state = 'pending', decided_at = null where email = $1", email) // also from the fourth on
		exec(t, owner, "update units set purchaser_email = $1 where id = $2", email, id("a", "home-1"))
		if !request(t, resident, "a", "home-1", email, email) {
			t.Fatal("no link")
		}
		var wait sync.WaitGroup
		var entered, approved error
		wait.Go(func() {
			got, err := enter(t.Context(), resident, email, uuid.New(), time.Now().Add(time.Hour))
			if err == nil && len(got) != 1 {
				err = fmt.Errorf("%d rows", len(got))
			}
			entered = err
		})
		wait.Go(func() { approved = approve(t.Context(), owner, email) })
		wait.Wait()
		if entered != nil || approved != nil {
			t.Fatalf("round %d: entered %v, approved %v", round, entered, approved)
		}
		got := column[string](t, owner, `select c.state || ' ' || (c.resident_id = r.id) || ' ' || count(o.id)
			from unit_claims c join residents r on r.tenant_id = c.tenant_id and r.email = c.email join occupancies o on o.resident_id = r.id and o.ended_at is null
			where c.email = $1 group by c.state, c.resident_id, r.id`, email)
		if diff := cmp.Diff([]string{"verified true 1"}, got); diff != "" {
			t.Errorf("round %d (-want +got):\n%s", round, diff)
		}
	}
}

// The address on record changes while its first owner enters: whoever has the new one waits for them, and lives there too.
func TestAHomeGetsOneOwner(t *testing.T) {
	t.Parallel()
	db := world(t)
	first, second, owner := connect(t, db.ResidentURL()), connect(t, db.ResidentURL()), connect(t, db.OwnerURL())
	exec(t, owner, "delete from occupancies where unit_id = $1", id("a", "home-2"))
	ask := func(email string) {
		exec(t, owner, "update units set purchaser_email = $1 where id = $2", email, id("a", "home-2"))
		if !request(t, owner, "a", "home-2", email, email) {
			t.Fatal("no link")
		}
	}
	ask("first@example.org")
	tx, err := first.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := enter(t.Context(), tx.Conn(), "first@example.org", uuid.New(), time.Now().Add(time.Hour)); err != nil || len(got) != 1 {
		t.Fatalf("the first: %v, %v", got, err)
	}
	ask("second@example.org")
	done := make(chan error, 1)
	go func() {
		_, err := enter(t.Context(), second, "second@example.org", uuid.New(), time.Now().Add(time.Hour))
		done <- err
	}()
	awaitWaiting(t, connect(t, db.AdminURL()), "resident_enter")
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	got := column[string](t, owner, "select r.email || ' ' || o.kind from occupancies o join residents r using (tenant_id) where r.id = o.resident_id and o.unit_id = $1 order by 1", id("a", "home-2"))
	if diff := cmp.Diff([]string{"first@example.org owner", "second@example.org occupier"}, got); diff != "" {
		t.Errorf("in the home live (-want +got):\n%s", diff)
	}
}

// awaitWaiting returns once a call of a door waits for a lock.
func awaitWaiting(t *testing.T, conn *pgx.Conn, door string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if one[int64](t, conn, "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%' || $1 || '(%' and datname = current_database()", door) > 0 {
			return
		}
	}
	t.Fatalf("%s waits for nobody", door)
}

// approve is what staff do, in their order: the claim, the person, the home.
func approve(ctx context.Context, conn *pgx.Conn, email string) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, "select 1 from unit_claims where email = $1 and state = 'pending' for update", email)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		for _, sql := range []string{
			"insert into residents (tenant_id, id, email) select tenant_id, gen_random_uuid(), email from unit_claims where email = $1 and state = 'pending' on conflict do nothing",
			"insert into occupancies (tenant_id, id, development_id, unit_id, resident_id) select c.tenant_id, gen_random_uuid(), c.development_id, c.unit_id, r.id from unit_claims c join residents r using (tenant_id, email) where c.email = $1 and c.state = 'pending' on conflict do nothing",
			"update unit_claims c set state = 'verified', decided_at = now(), resident_id = r.id from residents r where c.email = $1 and c.state = 'pending' and r.tenant_id = c.tenant_id and r.email = c.email",
		} {
			if _, err := tx.Exec(ctx, sql, email); err != nil {
				return err
			}
		}
		return nil
	})
}
