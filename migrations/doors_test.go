package migrations_test

import (
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/migrations"
	"openhouse.example/packages/pgdev/pgtest"
)

func TestStaffSignInFindsOnlyWhoMayGetIn(t *testing.T) {
	t.Parallel()
	db := world(t)
	conn := connect(t, db.StaffURL())
	find := func(email string) []string {
		t.Helper()
		return column[string](t, conn, "select tenant_name || ' ' || full_name || ' ' || role || ' ' || password_hash from staff_sign_in($1)", email)
	}
	want := []string{"Company a admin admin not a real hash"}
	for _, email := range []string{"admin.a@example.org", " Admin.A@Example.ORG "} {
		if diff := cmp.Diff(want, find(email)); diff != "" {
			t.Errorf("%q (-want +found):\n%s", email, diff)
		}
	}
	for _, email := range []string{"", "%", "admin", "admin.a@example.or", "admin_a@example.org", "anna.a@example.org"} {
		if found := find(email); len(found) != 0 {
			t.Errorf("%q finds %v, want nobody", email, found)
		}
	}

	// The same person works for both companies, and at most five accounts are answered.
	db.Exec("update staff set email = 'both@example.org' where full_name = 'admin'")
	if diff := cmp.Diff([]string{"Company a admin admin not a real hash", "Company b admin admin not a real hash"}, find("both@example.org")); diff != "" {
		t.Errorf("two companies (-want +found):\n%s", diff)
	}
	db.Exec("insert into tenants (id, name, slug) select md5(i::text)::uuid, 'T' || i, 't' || i from generate_series(1, 9) i")
	db.Exec("insert into staff (tenant_id, id, email, role, password_hash) select md5(i::text)::uuid, md5(i::text)::uuid, 'both@example.org', 'viewer', 'h' from generate_series(1, 9) i")
	if found := find("both@example.org"); len(found) != 5 {
		t.Errorf("%d accounts, want the limit of 5", len(found))
	}

	for _, step := range []struct {
		name, sql string
		want      int
	}{
		{"enabled", "select 1", 1},
		{"disabled", "update staff set disabled_at = now() where full_name = 'developer'", 0},
		{"without a password", "update staff set disabled_at = null, password_hash = null where full_name = 'developer'", 0},
		{"company suspended", "update staff set password_hash = 'h' where full_name = 'developer'; update tenants set suspended_at = now()", 0},
		{"back again", "update tenants set suspended_at = null", 1},
	} {
		db.Exec(step.sql)
		if found := find("developer.a@example.org"); len(found) != step.want {
			t.Errorf("%s: found %v, want %d", step.name, found, step.want)
		}
	}
}

func TestRateHit(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	conn, admin := connect(t, db.ResidentURL()), connect(t, db.AdminURL())
	hit := func(bucket string, window string) bool {
		t.Helper()
		return one[bool](t, conn, "select rate_hit($1, 3, $2::interval)", bucket, window)
	}
	var got []bool
	for range 5 {
		got = append(got, hit("a", "1 hour"))
	}
	if diff := cmp.Diff([]bool{true, true, true, false, false}, got); diff != "" {
		t.Errorf("three allowed (-want +got):\n%s", diff)
	}
	if !hit("b", "1 hour") {
		t.Error("another bucket was refused")
	}
	db.Exec("update rate_limits set expires_at = clock_timestamp() - interval '1 second' where bucket = 'a'")
	if !hit("a", "1 hour") {
		t.Error("a new window was refused")
	}
	for _, sql := range []string{"select rate_hit('a', 0, '1 hour')", "select rate_hit('a', 1, '0')", "select rate_hit('', 1, '1 hour')", "select rate_hit(repeat('x', 201), 1, '1 hour')"} {
		if _, err := conn.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s was accepted", sql)
		}
	}

	// Many at once: exactly as many as allowed.
	conns := make([]*pgx.Conn, crowd)
	for i := range conns {
		conns[i] = connect(t, db.StaffURL())
	}
	var mu sync.Mutex
	allowed := 0
	err := together(func(i int) error {
		for range 10 {
			var ok bool
			if err := conns[i].QueryRow(t.Context(), "select rate_hit('crowd', 25, '1 hour')").Scan(&ok); err != nil {
				return err
			}
			if ok {
				mu.Lock()
				allowed++
				mu.Unlock()
			}
		}
		return nil
	})
	if err != nil || allowed != 25 {
		t.Errorf("%d of 80 allowed (%v), want 25", allowed, err)
	}
	if n := one[int64](t, admin, "select hits from rate_limits where bucket = 'crowd'"); n != 26 {
		t.Errorf("counted to %d, want to stop at 26", n)
	}

	// Windows that are over are cleared away in passing.
	db.Exec("insert into rate_limits select 'old ' || i, 1, now() - interval '1 hour' from generate_series(1, 300) i")
	for range 5000 {
		hit("c", "1 hour")
		if one[int64](t, admin, "select count(*) from rate_limits where bucket like 'old %'") == 0 {
			return
		}
	}
	t.Error("5,000 hits cleared nothing away")
}

func TestTheOutboxDoorShowsOneDemoCompanyOnly(t *testing.T) {
	t.Parallel()
	db := world(t)
	conn := connect(t, db.StaffURL())
	recent := func(company, limit string) []string {
		t.Helper()
		return column[string](t, conn, "select to_email from outbox_recent($1, "+limit+")", id(company, "tenant"))
	}
	if mail := recent("a", "10"); len(mail) != 0 {
		t.Errorf("mail of a real company: %v", mail)
	}
	db.Exec("update tenants set demo = true, name = 'Same Homes'")
	db.Exec("insert into mail_outbox (tenant_id, id, kind, to_email, subject, body, created_at) values ($1, $2, 'x', 'later@example.org', 's', 'b', now() + interval '1 second')", id("a", "tenant"), uuid.New())
	if diff := cmp.Diff([]string{"later@example.org", "admin.a@example.org"}, recent("a", "10")); diff != "" {
		t.Errorf("mail of the demo company, newest first (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"admin.b@example.org"}, recent("b", "10")); diff != "" {
		t.Errorf("mail of another with the same name (-want +got):\n%s", diff)
	}
	if mail := recent("a", "1"); len(mail) != 1 {
		t.Errorf("limit 1: %v", mail)
	}
	if mail := recent("a", "-1"); len(mail) != 0 {
		t.Errorf("limit -1: %v", mail)
	}
}

// A step back brings the door of before, with its owner and its callers.
func TestTheOutboxDoorOfTheVersionBefore(t *testing.T) {
	t.Parallel()
	db := world(t)
	if err := migrations.Down(t.Context(), db.AdminURL(), 13, nil); err != nil {
		t.Fatal(err)
	}
	db.Exec("update tenants set demo = true where id = $1", id("a", "tenant"))
	for who, address := range map[string]string{"staff": db.StaffURL(), "a resident": db.ResidentURL()} {
		mail := column[string](t, connect(t, address), "select to_email from outbox_recent(10)")
		if diff := cmp.Diff([]string{"admin.a@example.org"}, mail); diff != "" {
			t.Errorf("to %s (-want +got):\n%s", who, diff)
		}
	}
}
