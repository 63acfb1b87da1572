package migrations_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/migrations"
)

// lookUp is what the bearer of a code is told, all in one line.
func lookUp(t *testing.T, conn *pgx.Conn, hash []byte) string {
	t.Helper()
	list := column[string](t, conn, `select concat_ws('|', state, tenant_name, development_name, masked_address,
		case when tenant_id = '00000000-0000-0000-0000-000000000000' and invite_id = tenant_id and development_id = tenant_id and unit_id = tenant_id then 'no ids' end)
		from invite_look_up($1)`, hash)
	if len(list) != 1 {
		t.Fatalf("%d rows, want exactly one", len(list))
	}
	return list[0]
}

func inviteHash(t *testing.T, conn *pgx.Conn, company, unit string) []byte {
	t.Helper()
	return one[[]byte](t, conn, "select token_hash from unit_invites where tenant_id = $1 and unit_id = $2", id(company, "tenant"), id(company, unit))
}

func TestACodeSaysWhereItInvitesAndNothingOnceItIsDead(t *testing.T) {
	t.Parallel()
	db := world(t)
	conn, owner := connect(t, db.ResidentURL()), connect(t, db.OwnerURL())
	hash := inviteHash(t, owner, "a", "home-1")
	if got, want := lookUp(t, conn, hash), "valid|Company a|park|1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	ids := column[uuid.UUID](t, conn, "select unnest(array[tenant_id, invite_id, development_id, unit_id]) from invite_look_up($1)", hash)
	if diff := cmp.Diff([]uuid.UUID{id("a", "tenant"), id("a", "invite-home-1"), id("a", "park"), id("a", "home-1")}, ids); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
	for _, tc := range []struct{ address, want string }{
		{"14 Longview Park", "14 L••• P•••"},
		{"Apartment 3b, Ó Súilleabháin Court", "A••• 3b, Ó S••• C•••"},
		{"A", "A"},
		{"улица Мира 7", "у••• М••• 7"},
	} {
		db.Exec("update units set address_line_1 = $2 where id = $1", id("a", "home-1"), tc.address)
		if got := lookUp(t, conn, hash); got != "valid|Company a|park|"+tc.want {
			t.Errorf("%s: %q", tc.address, got)
		}
	}

	dead, unknown := "revoked|||"+"|no ids", "unknown|||"+"|no ids"
	for _, wrong := range [][]byte{nil, {}, []byte("%"), hash[:31], append(bytes.Clone(hash), 0), bytes.Repeat([]byte{7}, 32)} {
		if got := lookUp(t, conn, wrong); got != unknown {
			t.Errorf("%x: %q", wrong, got)
		}
	}
	db.Exec("update unit_invites set revoked_at = now() where tenant_id = $1", id("a", "tenant"))
	if got := lookUp(t, conn, hash); got != dead {
		t.Errorf("taken back: %q", got)
	}
	if got, want := lookUp(t, conn, inviteHash(t, owner, "b", "home-1")), "valid|Company b|park|1"; got != want {
		t.Errorf("the other company's: %q", got)
	}
	db.Exec("update tenants set suspended_at = now()")
	if got := lookUp(t, conn, inviteHash(t, owner, "b", "home-1")); got != unknown {
		t.Errorf("of a suspended company: %q", got)
	}
}

func TestScansAreCountedForOneCode(t *testing.T) {
	t.Parallel()
	db := world(t)
	conn, owner := connect(t, db.ResidentURL()), connect(t, db.OwnerURL())
	hash := inviteHash(t, owner, "a", "home-1")
	scan := func(hash []byte) bool { return one[bool](t, conn, "select invite_scan($1)", hash) }
	for range 2 {
		if !scan(hash) {
			t.Error("the living code was not found")
		}
	}
	if scan(hash[:31]) {
		t.Error("half a hash was found")
	}
	db.Exec("update unit_invites set revoked_at = now() where tenant_id = $1", id("a", "tenant"))
	if !scan(hash) {
		t.Error("an old sheet was not counted")
	}
	if n := one[int](t, owner, "select scans from unit_invites where token_hash = $1 and last_scan_at > now() - interval '1 minute'", hash); n != 3 {
		t.Errorf("%d scans, want 3", n)
	}
	if n := one[int64](t, owner, "select sum(scans) from unit_invites"); n != 3 {
		t.Errorf("%d scans altogether, want 3", n)
	}
	db.Exec("update unit_invites set scans = 2147483647")
	if !scan(hash) {
		t.Error("a full counter refuses")
	}
}

func TestFilesOfPrintsAreClearedAwayWhenTheirTimeIsOver(t *testing.T) {
	t.Parallel()
	db := world(t)
	conn, owner := connect(t, db.StaffURL()), connect(t, db.OwnerURL())
	expire := func() int64 { return one[int64](t, conn, "select invite_files_expire()") }
	left := func() []string {
		return column[string](t, owner, "select d.slug from invite_files f join developments d on d.id = f.development_id where f.tenant_id = $1 order by 1", id("a", "tenant"))
	}
	if n := expire(); n != 0 || len(left()) != 2 {
		t.Fatalf("%d pieces of living files were cleared away", n)
	}
	for _, step := range []struct {
		name, sql string
		want      int64
	}{
		{"time is over", "update invite_batches set files_until = now() - interval '1 second' where id = $1", 1},
		{"being made", "update invite_batches set state = 'working', ready_at = null, files_until = null where id = $1", 0},
		{"being made for too long", "update invite_batches set updated_at = now() - interval '2 hours' where id = $1", 1},
		{"failed", "update invite_batches set state = 'failed' where id = $1", 1},
	} {
		db.Exec(step.sql, id("a", "batch-park"))
		db.Exec("insert into invite_files (tenant_id, batch_id, kind, part, development_id, content) values ($1, $2, 'pdf', 0, $3, 'x') on conflict do nothing",
			id("a", "tenant"), id("a", "batch-park"), id("a", "park"))
		if n := expire(); n != step.want {
			t.Errorf("%s: %d pieces, want %d", step.name, n, step.want)
		}
	}
	if diff := cmp.Diff([]string{"quay"}, left()); diff != "" {
		t.Errorf("files left of company a (-want +got):\n%s", diff)
	}
}

// Codes that were there before prints were kept belong to one each afterwards.
func TestOldCodesGetTheirPrint(t *testing.T) {
	t.Parallel()
	db := world(t)
	if err := migrations.Down(t.Context(), db.AdminURL(), 16, nil); err != nil {
		t.Fatal(err)
	}
	if err := migrations.Up(t.Context(), db.AdminURL(), nil); err != nil {
		t.Fatal(err)
	}
	owner := connect(t, db.OwnerURL())
	got := column[string](t, owner, "select concat_ws(' ', d.slug, b.reach, b.state, b.homes, b.link_origin) from invite_batches b join developments d on d.id = b.development_id where b.tenant_id = $1 order by 1", id("a", "tenant"))
	if diff := cmp.Diff([]string{"park development ready 1 ", "quay development ready 1 "}, got); diff != "" {
		t.Errorf("prints (-want +got):\n%s", diff)
	}
}
