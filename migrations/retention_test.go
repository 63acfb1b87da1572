package migrations_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/pgdev/pgtest"
)

// aged adds rows on both sides of the day on which each kind goes: their names say which. What is "kept" is younger by a
// minute than what goes, or of a state that never goes.
func aged(t *testing.T, db *pgtest.DB) {
	t.Helper()
	owner := connect(t, db.OwnerURL())
	tenant, park, home := id("a", "tenant"), id("a", "park"), id("a", "home-1")
	for age, name := range map[string]string{"1 minute": "gone", "-1 minute": "kept"} {
		exec(t, owner, `insert into email_tokens (tenant_id, id, purpose, token_hash, email, development_id, unit_id, created_at, expires_at)
			select $1, gen_random_uuid(), 'resident_link', sha256($4::text::bytea), $4 || '@example.org', $2, $3, e - interval '15 minutes', e
			from (select now() - interval '7 days' - $5::text::interval) x (e)`, tenant, park, home, name, age)
		exec(t, owner, `insert into idempotency_keys (tenant_id, subject_id, key, route, body_hash, expires_at)
			values ($1, gen_random_uuid(), $2, 'POST /x', '', now() - $3::text::interval)`, tenant, name, age)
		exec(t, owner, `insert into unit_claims (tenant_id, id, development_id, unit_id, email, state, decided_at)
			values ($1, gen_random_uuid(), $2, $3, $4 || '@example.org', 'rejected', now() - interval '90 days' - $5::text::interval)`, tenant, park, home, name, age)
		exec(t, owner, `insert into mail_outbox (tenant_id, id, kind, to_email, subject, body, state, sent_at, created_at)
			select $1, gen_random_uuid(), 'x', $2 || '@example.org', 's', '-', s.state, case s.state when 'sent' then now() end, now() - interval '90 days' - $3::text::interval
			from unnest(array['sent', 'failed']) s (state)`, tenant, name, age)
		exec(t, owner, `insert into sessions (tenant_id, id, kind, staff_id, created_at, expires_at, user_agent)
			select $1, gen_random_uuid(), 'staff', $2, e - interval '1 hour', e, $3
			from (select now() - interval '30 days' - $4::text::interval) x (e)`, tenant, id("a", "admin"), name, age)
	}
	// Whoever waits for an answer, and mail that still waits to be sent, is never too old.
	exec(t, owner, `insert into unit_claims (tenant_id, id, development_id, unit_id, email, state, created_at)
		values ($1, gen_random_uuid(), $2, $3, 'kept.pending@example.org', 'pending', now() - interval '2 years')`, tenant, park, home)
	exec(t, owner, `insert into unit_claims (tenant_id, id, development_id, unit_id, email, state, decided_at)
		values ($1, gen_random_uuid(), $2, $3, 'kept.verified@example.org', 'verified', now() - interval '2 years')`, tenant, park, home)
	exec(t, owner, `insert into mail_outbox (tenant_id, id, kind, to_email, subject, body, created_at)
		values ($1, gen_random_uuid(), 'x', 'kept.queued@example.org', 's', 'b', now() - interval '2 years')`, tenant)
}

// sweepAll is a sweep as the worker does it: in the scope of some company, since the right is the role's.
func sweepAll(t *testing.T, worker *pgx.Conn) (n int64) {
	t.Helper()
	inside(t, worker, workerOf("b"), func(tx pgx.Tx) {
		n = one[int64](t, tx, "select retention_sweep()")
		if err := tx.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	return n
}

const agedRows = `
	select name from (
		select 'link ' || email as name from email_tokens union all select 'key ' || key from idempotency_keys
		union all select 'claim ' || email from unit_claims union all select 'mail ' || state || ' ' || to_email from mail_outbox
		union all select 'session ' || user_agent from sessions) x
	where name ~ 'gone|kept' order by name`

// What has had its time goes, and nothing else: not what is younger by a minute, not what was never decided.
func TestWhatHasHadItsTimeGoes(t *testing.T) {
	t.Parallel()
	db := world(t)
	worker, owner := connect(t, db.WorkerURL()), connect(t, db.OwnerURL())
	everything := func() map[string]int64 {
		counts := map[string]int64{}
		for _, table := range column[string](t, owner, companyTables) {
			counts[table] = one[int64](t, owner, "select count(*) from "+table)
		}
		return counts
	}
	before := everything()
	if n := sweepAll(t, worker); n != 0 {
		t.Errorf("of what is in use %d rows went", n)
	}
	if diff := cmp.Diff(before, everything()); diff != "" {
		t.Errorf("rows (-before +after):\n%s", diff)
	}
	aged(t, db)
	if n := sweepAll(t, worker); n != 6 {
		t.Errorf("%d rows went, want 6", n)
	}
	want := []string{
		"claim kept.pending@example.org", "claim kept.verified@example.org", "claim kept@example.org", "key kept", "link kept@example.org",
		"mail failed kept@example.org", "mail queued kept.queued@example.org", "mail sent kept@example.org", "session kept",
	}
	if diff := cmp.Diff(want, column[string](t, owner, agedRows)); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	inside(t, connect(t, db.StaffURL()), staffOf("a", "admin"), func(tx pgx.Tx) {
		if _, err := tx.Exec(t.Context(), "select retention_sweep()"); code(err) != "42501" {
			t.Errorf("a portal sweeps: %v", err)
		}
	})
}

// A sweep takes a few hundred rows of a kind, and waits for nobody.
func TestASweepIsShort(t *testing.T) {
	t.Parallel()
	db := world(t)
	worker, other := connect(t, db.WorkerURL()), connect(t, db.OwnerURL())
	exec(t, other, `insert into idempotency_keys (tenant_id, subject_id, key, route, body_hash, expires_at)
		select $1, gen_random_uuid(), 'old ' || i, 'POST /x', '', now() - interval '1 day' - i * interval '1 second' from generate_series(1, 1203) i`, id("a", "tenant"))
	tx, err := other.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	if _, err := tx.Exec(t.Context(), "update idempotency_keys set answer = 'x' where key in ('old 1203', 'old 1202', 'old 1201')"); err != nil {
		t.Fatal(err)
	}
	exec(t, worker, "set lock_timeout = '5s'")
	for _, want := range []int64{500, 500, 200, 0} { // and not the three that somebody is at
		if n := sweepAll(t, worker); n != want {
			t.Errorf("%d rows went, want %d", n, want)
		}
	}
}

// Whoever asks for a link, and whoever comes in by one, leaves an entry that leads to the request.
func TestLinksAreNoted(t *testing.T) {
	t.Parallel()
	db := world(t)
	conn, owner := connect(t, db.ResidentURL()), connect(t, db.OwnerURL())
	if request(t, conn, "a", "home-1", "nobody@example.org", "refused") || !request(t, conn, "a", "home-2", "buyer-home-2.a@example.org", "secret") {
		t.Fatal("the wrong person got a link")
	}
	if got, err := enter(t.Context(), conn, "secret", uuid.New(), time.Now().Add(time.Hour)); err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	got := column[string](t, owner, `select concat_ws(' ', tenant_id, action, object, object_id, actor_kind, case when actor_id is null then 'nobody' end, from_ip, request_id)
		from audit_log where from_ip = '192.0.2.7' order by request_id`)
	of := func(action, by string) string {
		return id("a", "tenant").String() + " " + action + " unit " + id("a", "home-2").String() + " resident " + by
	}
	if diff := cmp.Diff([]string{of("resident.link_request", "nobody 192.0.2.7 request-1"), of("resident.enter", "192.0.2.7 request-2")}, got); diff != "" {
		t.Errorf("the audit log (-want +got):\n%s", diff)
	}
}
