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

	"openhouse.example/migrations"
	"openhouse.example/packages/pgdev/pgtest"
)

func TestAResetIsForWhoeverMayComeIn(t *testing.T) {
	t.Parallel()
	db := world(t)
	conn := connect(t, db.StaffURL())
	find := func(email string) []string {
		t.Helper()
		return column[string](t, conn, "select tenant_name from staff_reset_request($1)", email)
	}
	db.Exec("update staff set password_hash = null where full_name = 'limited'")
	for _, tc := range []struct {
		name, email string
		want        []string
	}{
		{"somebody", "admin.a@example.org", []string{"Company a"}},
		{"otherwise written", " Admin.A@EXAMPLE.org", []string{"Company a"}},
		{"the invited", "limited.b@example.org", []string{"Company b"}},
		{"a resident", "anna.a@example.org", nil},
		{"nobody", "nobody@example.org", nil},
		{"a pattern", "%", nil},
		{"nothing", "", nil},
	} {
		if diff := cmp.Diff(tc.want, find(tc.email)); diff != "" {
			t.Errorf("%s (-want +found):\n%s", tc.name, diff)
		}
	}
	db.Exec("update staff set email = 'both@example.org' where full_name = 'admin'")
	if diff := cmp.Diff([]string{"Company a", "Company b"}, find("both@example.org")); diff != "" {
		t.Errorf("of two companies (-want +found):\n%s", diff)
	}
	db.Exec("update staff set disabled_at = now() where full_name = 'admin' and tenant_id = $1", id("a", "tenant"))
	db.Exec("update tenants set suspended_at = now() where id = $1", id("b", "tenant"))
	if found := find("both@example.org"); found != nil {
		t.Errorf("disabled here and the company suspended there: %v", found)
	}
}

// reset makes a link as the developer portal does.
func reset(t *testing.T, conn *pgx.Conn, company, who, email, secret string) bool {
	t.Helper()
	return one[bool](t, conn, "select staff_reset_create($1, $2, $3, $4, 'Your link', $5, '192.0.2.7', 'request-1')",
		id(company, "tenant"), id(company, who), email, hash(secret), "open "+secret)
}

// invitation writes a link as an administrator's invitation does.
func invitation(t *testing.T, db *pgtest.DB, company, who, secret string) {
	t.Helper()
	db.Exec(`insert into email_tokens (tenant_id, id, purpose, token_hash, email, staff_id, expires_at)
		values ($1, $2, 'staff_invite', $3, 'x@example.org', $4, now() + interval '72 hours')`,
		id(company, "tenant"), uuid.New(), hash(secret), id(company, who))
}

func peekStaff(t *testing.T, conn *pgx.Conn, secret string) string {
	t.Helper()
	return one[string](t, conn, "select state || '|' || purpose || '|' || tenant_name || '|' || email from staff_link_peek($1)", hash(secret))
}

func use(ctx context.Context, conn *pgx.Conn, secret, password string) (int, error) {
	rows, err := conn.Query(ctx, "select tenant_id, staff_id from staff_link_use($1, $2, 'Changed', 'Your password', '192.0.2.7', 'request-1')", hash(secret), password)
	if err != nil {
		return 0, err
	}
	list, err := pgx.CollectRows(rows, func(pgx.CollectableRow) (struct{}, error) { return struct{}{}, nil })
	return len(list), err
}

func TestAResetFromRequestToPassword(t *testing.T) {
	t.Parallel()
	db := world(t)
	conn, owner := connect(t, db.StaffURL()), connect(t, db.OwnerURL())
	for _, tc := range [][3]string{
		{"a", "admin", "developer.a@example.org"}, {"b", "admin", "admin.a@example.org"}, {"a", "nobody", "admin.a@example.org"}, {"a", "admin", ""},
	} {
		if reset(t, conn, tc[0], tc[1], tc[2], "x") {
			t.Errorf("%v got a link", tc)
		}
	}
	email := "admin.a@example.org"
	if !reset(t, conn, "a", "admin", " Admin.a@example.ORG", "secret") || !reset(t, conn, "a", "admin", email, "second") {
		t.Fatal("no link")
	}
	if got := one[time.Duration](t, owner, "select expires_at - created_at from email_tokens where token_hash = $1", hash("secret")); got != 15*time.Minute {
		t.Errorf("a link lives %v, want 15m", got)
	}
	if mail := column[string](t, owner, "select kind || '|' || subject || '|' || body from mail_outbox where to_email = $1 and subject = 'Your link' and body = 'open secret'", email); len(mail) != 1 {
		t.Errorf("mail %v", mail)
	}
	for range 2 { // looking changes nothing
		if got, want := peekStaff(t, conn, "secret"), "valid|staff_reset|Company a|"+email; got != want {
			t.Errorf("peek: %s, want %s", got, want)
		}
	}
	if got := peekStaff(t, conn, "another"); got != "unknown|||" {
		t.Errorf("peek at an unknown link: %s", got)
	}
	other := one[int64](t, owner, "select count(*) from sessions where staff_id is null and revoked_at is null")

	if n, err := use(t.Context(), conn, "secret", "the new hash"); err != nil || n != 1 {
		t.Fatalf("use: %d, %v", n, err)
	}
	if got := one[string](t, owner, "select password_hash from staff where id = $1 and password_changed_at is not null", id("a", "admin")); got != "the new hash" {
		t.Errorf("the password is %q", got)
	}
	if got := one[int64](t, owner, "select count(*) from staff where password_hash = 'the new hash'"); got != 1 {
		t.Errorf("%d people have it", got)
	}
	for secret, want := range map[string]string{"secret": "used", "second": "used"} { // one link used, all are over
		if got := peekStaff(t, conn, secret); got != want+"|staff_reset|Company a|"+email {
			t.Errorf("peek at %s after: %s", secret, got)
		}
	}
	if n, err := use(t.Context(), conn, "secret", "again"); err != nil || n != 0 {
		t.Errorf("a second time: %d, %v", n, err)
	}
	if n := one[int64](t, owner, "select count(*) from sessions where staff_id = $1 and revoked_at is null", id("a", "admin")); n != 0 {
		t.Errorf("%d sessions of the person live on", n)
	}
	if n := one[int64](t, owner, "select count(*) from sessions where staff_id = $1 and revoked_at is null", id("b", "admin")); n != 1 {
		t.Error("another company's session was ended")
	}
	if n := one[int64](t, owner, "select count(*) from sessions where staff_id is null and revoked_at is null"); n != other {
		t.Errorf("%d of %d sessions of residents live on", n, other)
	}
	if n := one[int64](t, owner, "select count(*) from mail_outbox where kind = 'password_changed' and to_email = $1 and subject = 'Changed'", email); n != 1 {
		t.Errorf("%d mails say that it was changed", n)
	}
	want := []string{"staff.reset " + id("a", "admin").String(), "staff.reset_request -", "staff.reset_request -"}
	got := column[string](t, owner, `select action || ' ' || coalesce(actor_id::text, '-') from audit_log
		where object = 'staff' and object_id = $1 and from_ip = '192.0.2.7' and request_id = 'request-1' order by 1`, id("a", "admin"))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the audit log (-want +got):\n%s", diff)
	}
}

// Who had no password is not told that it was changed.
func TestAnInvitationSetsTheFirstPassword(t *testing.T) {
	t.Parallel()
	db := world(t)
	conn, owner := connect(t, db.StaffURL()), connect(t, db.OwnerURL())
	db.Exec("update staff set password_hash = null where full_name = 'limited'")
	invitation(t, db, "a", "limited", "secret")
	if got := peekStaff(t, conn, "secret"); got != "valid|staff_invite|Company a|limited.a@example.org" {
		t.Errorf("peek: %s", got)
	}
	if n, err := use(t.Context(), conn, "secret", "first"); err != nil || n != 1 {
		t.Fatalf("use: %d, %v", n, err)
	}
	if n := one[int64](t, owner, "select count(*) from mail_outbox where kind = 'password_changed'"); n != 0 {
		t.Errorf("%d mails about a change", n)
	}
	if got := one[string](t, owner, "select action from audit_log where object_id = $1", id("a", "limited")); got != "staff.join" {
		t.Errorf("the audit log says %s", got)
	}
	if !one[bool](t, owner, "select has_password from staff where id = $1", id("a", "limited")) {
		t.Error("the team page would still say invited")
	}
}

func TestAStaffLinkThatOpensNothing(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ spoil, peek string }{
		"expired":                 {"update email_tokens set created_at = now() - interval '1 hour', expires_at = now() - interval '1 second'", "expired"},
		"used":                    {"update email_tokens set used_at = now()", "used"},
		"of a resident":           {"update email_tokens set purpose = 'resident_link', staff_id = null, development_id = u.development_id, unit_id = u.id from units u where u.tenant_id = email_tokens.tenant_id and u.unit_number = '2'", "unknown"},
		"the account disabled":    {"update staff set disabled_at = now()", "unknown"},
		"the company suspended":   {"update tenants set suspended_at = now()", "unknown"},
		"the account taken away":  {"delete from staff where full_name = 'developer'", "unknown"},
		"another link was sooner": {"select 1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := world(t)
			conn, owner := connect(t, db.StaffURL()), connect(t, db.OwnerURL())
			exec(t, owner, "delete from email_tokens")
			invitation(t, db, "a", "developer", "secret")
			if tc.peek == "" {
				invitation(t, db, "a", "developer", "sooner")
				if n, err := use(t.Context(), conn, "sooner", "sooner"); err != nil || n != 1 {
					t.Fatalf("%d, %v", n, err)
				}
				tc.peek = "used"
			}
			db.Exec(tc.spoil)
			if n, err := use(t.Context(), conn, "secret", "stolen"); err != nil || n != 0 {
				t.Errorf("use: %d, %v, want no row and no error", n, err)
			}
			if n := one[int64](t, owner, "select count(*) from staff where password_hash = 'stolen'"); n != 0 {
				t.Error("the password was set")
			}
			if state := one[string](t, conn, "select state from staff_link_peek($1)", hash("secret")); state != tc.peek {
				t.Errorf("peek says %s, want %s", state, tc.peek)
			}
		})
	}
}

// Eight at once, of the same link or each of another one of the same person: one password is set, nobody waits for ever.
func TestAStaffLinkIsConsumedExactlyOnce(t *testing.T) {
	t.Parallel()
	db := world(t)
	owner := connect(t, db.OwnerURL())
	conns := make([]*pgx.Conn, crowd)
	for i := range conns {
		conns[i] = connect(t, db.StaffURL())
	}
	for round := range 10 {
		secret := func(i int) string {
			if round%2 == 0 {
				return fmt.Sprint("round ", round)
			}
			return fmt.Sprint("round ", round, " of ", i)
		}
		for i := range conns {
			if round%2 == 1 || i == 0 {
				invitation(t, db, "a", "developer", secret(i))
			}
		}
		var mu sync.Mutex
		won, winner := 0, ""
		err := together(func(i int) error {
			password := fmt.Sprint("hash ", round, " ", i)
			n, err := use(t.Context(), conns[i], secret(i), password)
			mu.Lock()
			defer mu.Unlock()
			if won += n; n > 0 {
				winner = password
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := one[string](t, owner, "select password_hash from staff where id = $1", id("a", "developer")); won != 1 || got != winner {
			t.Errorf("round %d: %d set a password; it is %q, the winner's is %q", round, won, got, winner)
		}
	}
}

// A session that is being opened while the password is replaced is either ended with the others, or comes after and can
// see that its password is no longer the one.
func TestASessionWaitsForANewPassword(t *testing.T) {
	t.Parallel()
	db := world(t)
	invitation(t, db, "a", "developer", "secret")
	signingIn, resetting, admin := connect(t, db.StaffURL()), connect(t, db.StaffURL()), connect(t, db.AdminURL())
	done := make(chan error, 1)
	inside(t, signingIn, staffOf("a", "developer"), func(tx pgx.Tx) {
		session := uuid.New()
		if _, err := tx.Exec(t.Context(), "insert into sessions (tenant_id, id, kind, staff_id, expires_at) values ($1, $2, 'staff', $3, now() + interval '1 hour')",
			id("a", "tenant"), session, id("a", "developer")); err != nil {
			t.Fatal(err)
		}
		go func() {
			_, err := use(context.WithoutCancel(t.Context()), resetting, "secret", "new")
			done <- err
		}()
		for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			if one[int64](t, admin, "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") > 0 {
				break
			}
			if time.Now().After(end) {
				t.Fatal("the new password did not wait for the session")
			}
		}
		if err := tx.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if n := one[int64](t, admin, "select count(*) from sessions where id = $1 and revoked_at is null", session); n != 0 {
			t.Error("the session of the old password lives on")
		}
	})
}

// Only an administrator's invitation lets somebody set a password; the rest of staff can't write such a link, whatever
// a handler would let them do.
func TestOnlyAdminsWriteLinksForStaff(t *testing.T) {
	t.Parallel()
	db := world(t)
	conn := connect(t, db.StaffURL())
	const link = `insert into email_tokens (tenant_id, id, purpose, token_hash, email, staff_id, expires_at) values ($1, $2, $3, $4, 'x@example.org', $5, now() + interval '1 hour')`
	for _, tc := range []struct {
		who, purpose, refused string
	}{
		{"admin", "staff_invite", ""},
		{"admin", "staff_reset", "42501"},
		{"developer", "staff_invite", "42501"},
		{"limited", "staff_invite", "42501"},
	} {
		inside(t, conn, staffOf("a", tc.who), func(tx pgx.Tx) {
			_, err := tx.Exec(t.Context(), link, id("a", "tenant"), uuid.New(), tc.purpose, hash(tc.who), id("a", "developer"))
			if code(err) != tc.refused {
				t.Errorf("%s writes %s: %v, want %q", tc.who, tc.purpose, err, tc.refused)
			}
		})
	}
	inside(t, conn, staffOf("a", "admin"), func(tx pgx.Tx) {
		if _, err := tx.Exec(t.Context(), "update staff set password_hash = 'x'"); code(err) != "42501" {
			t.Errorf("an administrator sets a password: %v", err)
		}
	})
}

// A step back leaves sign-in as it was before.
func TestSignInOfTheVersionBeforeStaffLinks(t *testing.T) {
	t.Parallel()
	db := world(t)
	if err := migrations.Down(t.Context(), db.AdminURL(), 15, nil); err != nil {
		t.Fatal(err)
	}
	found := column[string](t, connect(t, db.StaffURL()), "select full_name || ' ' || password_hash from staff_sign_in('admin.a@example.org')")
	if diff := cmp.Diff([]string{"admin not a real hash"}, found); diff != "" {
		t.Errorf("sign-in (-want +found):\n%s", diff)
	}
}
