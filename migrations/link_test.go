package migrations_test

import (
	"context"
	"crypto/sha256"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

func hash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

func TestResidentLinkRequestFindsTheHomesOfAnAddress(t *testing.T) {
	t.Parallel()
	db := world(t)
	conn := connect(t, db.ResidentURL())
	find := func(email string) []string {
		t.Helper()
		return column[string](t, conn, "select tenant_name || ', ' || development_name || ', ' || unit_label from resident_link_request($1)", email)
	}
	db.Exec("update units set address_line_1 = '2 Park Road' where id = $1", id("a", "home-2"))
	for _, tc := range []struct {
		name, email string
		want        []string
	}{
		{"the buyer", "buyer-home-1.a@example.org", []string{"Company a, park, 1"}},
		{"the buyer, otherwise written", " Buyer-Home-2.A@EXAMPLE.org", []string{"Company a, park, 2 Park Road"}},
		{"who lives there", "anna.a@example.org", []string{"Company a, park, 1"}},
		{"who has moved out", "eve.a@example.org", nil},
		{"a stranger", "stranger.a@example.org", nil},
		{"staff", "admin.a@example.org", nil},
		{"nothing", "", nil},
		{"a pattern", "%@example.org", nil},
	} {
		if diff := cmp.Diff(tc.want, find(tc.email)); diff != "" {
			t.Errorf("%s (-want +found):\n%s", tc.name, diff)
		}
	}

	db.Exec("update units set purchaser_email = 'anna.a@example.org'")
	if found := find("anna.a@example.org"); len(found) != 5 {
		t.Errorf("an address with six homes in two companies: %v, want the limit of 5", found)
	}
	db.Exec("update residents set disabled_at = now() where full_name = 'anna'")
	if diff := cmp.Diff([]string{"Company b, park, 1", "Company b, park, 2", "Company b, quay, 1"}, find("anna.a@example.org")); diff != "" {
		t.Errorf("disabled in company a only, whose address it is (-want +found):\n%s", diff)
	}
	// A buyer who moved out does not return through the sales record.
	db.Exec("update units set purchaser_email = 'eve.a@example.org' where id = $1", id("a", "home-1"))
	if found := find("eve.a@example.org"); found != nil {
		t.Errorf("a buyer who moved out: %v, want no home", found)
	}
	db.Exec("update tenants set suspended_at = now()")
	if found := find("ben.a@example.org"); found != nil {
		t.Errorf("a suspended company: %v, want no home", found)
	}
}

// request makes a link as the tenant portal does.
func request(t *testing.T, conn *pgx.Conn, company, unit, email, secret string) bool {
	t.Helper()
	return one[bool](t, conn, "select resident_link_create($1, $2, $3, $4, 'Your link', $5, '192.0.2.7', 'request-1')", id(company, "tenant"), id(company, unit), email, hash(secret), "open "+secret)
}

func peek(t *testing.T, conn *pgx.Conn, secret string) string {
	t.Helper()
	return one[string](t, conn, "select state || '|' || tenant_name || '|' || development_name from resident_link_peek($1)", hash(secret))
}

type entered struct {
	TenantID, ResidentID, UnitID, DevelopmentID uuid.UUID
	FullName                                    string
}

func enter(ctx context.Context, conn *pgx.Conn, secret string, session uuid.UUID, expires time.Time) ([]entered, error) {
	rows, err := conn.Query(ctx, "select * from resident_enter($1, $2, $3, '192.0.2.7', 'request-2')", hash(secret), session, expires)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (entered, error) {
		var tenant, resident, unit, development [16]byte
		var e entered
		err := row.Scan(&tenant, &resident, &unit, &development, &e.FullName)
		e.TenantID, e.ResidentID, e.UnitID, e.DevelopmentID = tenant, resident, unit, development
		return e, err
	})
}

func TestALinkFromRequestToHome(t *testing.T) {
	t.Parallel()
	db := world(t)
	conn, owner := connect(t, db.ResidentURL()), connect(t, db.OwnerURL())
	email := "buyer-home-2.a@example.org"
	if !request(t, conn, "a", "home-2", "Buyer-Home-2.A@example.org ", "secret") {
		t.Fatal("the buyer got no link")
	}
	if mail := column[string](t, owner, "select kind || '|' || subject || '|' || body || '|' || state from mail_outbox where to_email = $1", email); len(mail) != 1 || mail[0] != "resident_link|Your link|open secret|queued" {
		t.Errorf("mail %v", mail)
	}
	if got := one[time.Duration](t, owner, "select expires_at - created_at from email_tokens where email = $1", email); got != 15*time.Minute {
		t.Errorf("a link lives %v, want 15m", got)
	}
	for range 2 { // looking changes nothing
		if got := peek(t, conn, "secret"); got != "valid|Company a|park" {
			t.Errorf("peek: %s", got)
		}
	}
	if got := peek(t, conn, "another"); got != "unknown||" {
		t.Errorf("peek at an unknown link: %s", got)
	}

	session := uuid.New()
	got, err := enter(t.Context(), conn, "secret", session, time.Now().Add(24*time.Hour))
	if err != nil || len(got) != 1 {
		t.Fatalf("enter: %v, %v", got, err)
	}
	e := got[0]
	if e.TenantID != id("a", "tenant") || e.UnitID != id("a", "home-2") || e.DevelopmentID != id("a", "park") || e.FullName != "Buyer of home-2" {
		t.Errorf("entered %+v", e)
	}
	if got := peek(t, conn, "secret"); got != "used|Company a|park" {
		t.Errorf("peek after: %s", got)
	}
	for what, sql := range map[string]string{
		"session":   "select count(*) from sessions where id = $2 and resident_id = $1 and kind = 'resident' and from_ip = '192.0.2.7' and revoked_at is null",
		"occupancy": "select count(*) from occupancies where resident_id = $1 and ended_at is null and $2 = $2",
		"audit":     "select count(*) from audit_log where actor_id = $1 and action = 'resident.enter' and actor_kind = 'resident' and $2 = $2",
	} {
		if n := one[int64](t, owner, sql, e.ResidentID, session); n != 1 {
			t.Errorf("%d rows of %s, want 1", n, what)
		}
	}
	// What was opened is a scope that sees the home.
	inside(t, conn, scope{"openhouse_resident", map[string]string{
		"app.tenant_id": e.TenantID.String(), "app.resident_id": e.ResidentID.String(), "app.unit_id": e.UnitID.String(),
	}}, func(tx pgx.Tx) {
		if homes := column[string](t, tx, "select unit_number from units"); len(homes) != 1 || homes[0] != "2" {
			t.Errorf("sees homes %v, want 2", homes)
		}
	})

	// A second link: the same person, the same occupancy, another session.
	if !request(t, conn, "a", "home-2", email, "again") {
		t.Fatal("no second link")
	}
	again, err := enter(t.Context(), conn, "again", uuid.New(), time.Now().Add(365*24*time.Hour))
	if err != nil || len(again) != 1 || again[0].ResidentID != e.ResidentID {
		t.Fatalf("second time: %v, %v, want resident %s", again, err, e.ResidentID)
	}
	if n := one[int64](t, owner, "select count(*) from occupancies where resident_id = $1", e.ResidentID); n != 1 {
		t.Errorf("%d occupancies, want 1", n)
	}
	if n := one[int64](t, owner, "select count(*) from sessions where resident_id = $1 and expires_at > now() + interval '30 days'", e.ResidentID); n != 0 {
		t.Error("a session lives longer than 30 days")
	}
}

func TestALinkIsMadeOnlyForWhoMayEnter(t *testing.T) {
	t.Parallel()
	db := world(t)
	conn, owner := connect(t, db.ResidentURL()), connect(t, db.OwnerURL())
	before := one[int64](t, owner, "select (select count(*) from email_tokens) + (select count(*) from mail_outbox)")
	for _, tc := range []struct{ company, unit, email string }{
		{"a", "home-1", "buyer-home-2.a@example.org"}, // another home's buyer
		{"b", "home-1", "buyer-home-1.a@example.org"}, // another company's
		{"a", "home-1", "eve.a@example.org"},          // moved out
		{"a", "no-such-home", "buyer-home-1.a@example.org"},
		{"a", "home-1", ""},
	} {
		if request(t, conn, tc.company, tc.unit, tc.email, "s"+tc.email) {
			t.Errorf("%+v got a link", tc)
		}
	}
	if after := one[int64](t, owner, "select (select count(*) from email_tokens) + (select count(*) from mail_outbox)"); after != before {
		t.Errorf("%d rows written for nobody", after-before)
	}
}

func TestALinkThatOpensNothing(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, spoil string
		peek        string
	}{
		{"expired", "update email_tokens set created_at = now() - interval '1 hour', expires_at = now() - interval '1 second'", "expired"},
		{"used", "update email_tokens set used_at = now()", "used"},
		{"a reset of staff", "update email_tokens set purpose = 'staff_reset', staff_id = (select s.id from staff s where s.tenant_id = email_tokens.tenant_id limit 1), development_id = null, unit_id = null", "unknown"},
		{"the address was mended since", "update units set purchaser_email = 'other@example.org'", "valid"},
		{"the person was disabled since", "insert into residents (tenant_id, id, email, disabled_at) select tenant_id, id, email, now() from email_tokens", "valid"},
		{"the person moved out since", `with r as (insert into residents (tenant_id, id, email) select tenant_id, id, email from email_tokens where purpose = 'resident_link' returning *)
			insert into occupancies (tenant_id, id, development_id, unit_id, resident_id, ended_at) select tenant_id, id, development_id, unit_id, id, now() from email_tokens where purpose = 'resident_link'`, "valid"},
		{"the company was suspended since", "update tenants set suspended_at = now()", "valid"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			db := world(t)
			conn, owner := connect(t, db.ResidentURL()), connect(t, db.OwnerURL())
			exec(t, owner, "delete from email_tokens")
			if !request(t, conn, "a", "home-2", "buyer-home-2.a@example.org", "secret") {
				t.Fatal("no link")
			}
			before := one[int64](t, owner, "select (select count(*) from sessions) + (select count(*) from occupancies)")
			db.Exec(tc.spoil)
			spoilt := one[int64](t, owner, "select count(*) from occupancies where ended_at = now() or ended_at > now() - interval '1 minute'")
			got, err := enter(t.Context(), conn, "secret", uuid.New(), time.Now().Add(time.Hour))
			if err != nil || len(got) != 0 {
				t.Errorf("enter: %v, %v, want no row and no error", got, err)
			}
			if after := one[int64](t, owner, "select (select count(*) from sessions) + (select count(*) from occupancies)"); after != before+spoilt {
				t.Errorf("%d sessions and occupancies were made", after-before-spoilt)
			}
			if tc.peek != "valid" {
				if state := one[string](t, conn, "select state from resident_link_peek($1)", hash("secret")); state != tc.peek {
					t.Errorf("peek says %s, want %s", state, tc.peek)
				}
			}
		})
	}
}
