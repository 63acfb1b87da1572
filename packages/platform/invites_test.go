package platform_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform"
)

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

func TestCodesAreRandomInEveryPlace(t *testing.T) {
	t.Parallel()
	const codes = 4000
	seen := map[string]bool{}
	var places [12]map[byte]int
	for range codes {
		code, hash := platform.NewInviteCode()
		if len(code) != len(places) || strings.Trim(code, crockford) != "" {
			t.Fatalf("code %q", code)
		}
		if !bytes.Equal(hash, platform.HashToken(code)) {
			t.Fatal("the hash is another code's")
		}
		if seen[code] {
			t.Fatalf("%s came twice", code)
		}
		seen[code] = true
		for i := range places {
			if places[i] == nil {
				places[i] = map[byte]int{}
			}
			places[i][code[i]]++
		}
	}
	for i, letters := range places {
		if len(letters) != len(crockford) {
			t.Errorf("place %d has %d letters of %d", i+1, len(letters), len(crockford))
		}
		for letter, n := range letters {
			if n > 4*codes/len(crockford) {
				t.Errorf("place %d is %c in %d of %d codes", i+1, letter, n, codes)
			}
		}
	}
}

func TestACodeIsReadHoweverItIsTyped(t *testing.T) {
	t.Parallel()
	const code = "K70F2M1D1TBW"
	if got := platform.FormatInviteCode(code); got != "K70F-2M1D-1TBW" {
		t.Errorf("printed as %q", got)
	}
	for _, typed := range []string{
		code, "K70F-2M1D-1TBW", "k70f-2m1d-1tbw", "k70f2m1d1tbw", " K70F 2M1D 1TBW\t\r\n", "K7OF-2MID-LTBW", "k7of-2mld-itbw",
		"K-7-0-F-2-M-1-D-1-T-B-W-", "K70F–2M1D—1TBW", "K70F‑2M1D−1TBW", "K70F\u00a02M1D\u20091TBW",
	} {
		if got, ok := platform.ParseInviteCode(typed); !ok || got != code {
			t.Errorf("%q is read as %q, %v", typed, got, ok)
		}
	}
	for _, typed := range []string{
		"", " - ", "K70F-2M1D-1TB", "K70F-2M1D-1TBWX", "U70F-2M1D-1TBW", "K70F_2M1D_1TBW", "K70F/2M1D/1TBW", "K70F-2M1D-1TB\x00", "K70F-2M1D-1TB\xff",
		"К70F-2M1D-1TBW", // a Cyrillic letter that looks the same
		"ſ70F2M1D1TBW", strings.Repeat("-", 1000) + code, strings.Repeat("K", 1000),
	} {
		if got, ok := platform.ParseInviteCode(typed); ok {
			t.Errorf("%q is read as %q", typed, got)
		}
	}
	for range 200 {
		code, _ := platform.NewInviteCode()
		confused := strings.NewReplacer("0", "o", "1", "l", "K", "k").Replace(platform.FormatInviteCode(code))
		if got, ok := platform.ParseInviteCode(confused); !ok || got != code {
			t.Errorf("%q is read as %q, want %q", confused, got, code)
		}
	}
}

func FuzzParseInviteCode(f *testing.F) {
	f.Add("K70F-2M1D-1TBW")
	f.Add("ſıİO\u2028")
	f.Fuzz(func(t *testing.T, typed string) {
		code, ok := platform.ParseInviteCode(typed)
		if !ok {
			return
		}
		if len(code) != 12 || strings.Trim(code, crockford) != "" {
			t.Fatalf("%q is read as %q", typed, code)
		}
		if again, ok := platform.ParseInviteCode(platform.FormatInviteCode(code)); !ok || again != code {
			t.Fatalf("%q is read as %q, which is read as %q", typed, code, again)
		}
	})
}

// printCode prints a code for the house's home, and takes the one before back.
func (h *house) printCode() (hash []byte, invite uuid.UUID) {
	h.t.Helper()
	batch, invite := uuid.New(), uuid.New()
	_, hash = platform.NewInviteCode()
	h.Exec(`update unit_invites set revoked_at = now() where revoked_at is null`)
	h.Exec(`insert into invite_batches (tenant_id, id, development_id, reach, state, ready_at) values ($1, $2, $3, 'development', 'ready', now())`,
		h.tenant, batch, h.development)
	h.Exec(`insert into unit_invites (tenant_id, id, development_id, unit_id, batch_id, token_hash) values ($1, $2, $3, $4, $5, $6)`,
		h.tenant, invite, h.development, h.unit, batch, hash)
	return hash, invite
}

func TestLookUpInvite(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	residents := h.open(h.ResidentURL(), platform.RoleResident)
	h.Exec(`update units set address_line_1 = '14 Longview Park'`)
	hash, id := h.printCode()
	look := func(hash []byte) platform.Invite {
		t.Helper()
		invite, err := platform.LookUpInvite(t.Context(), residents, hash)
		if err != nil {
			t.Fatal(err)
		}
		return invite
	}
	want := platform.Invite{
		State: platform.InviteValid, TenantID: h.tenant, ID: id, DevelopmentID: h.development, UnitID: h.unit,
		Company: "Meadow Homes", Development: "Longview Park", Address: "14 L••• P•••",
	}
	if diff := cmp.Diff(want, look(hash)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(platform.Invite{State: platform.InviteUnknown}, look(platform.HashToken("K70F2M1D1TBW"))); diff != "" {
		t.Errorf("a code that nobody printed (-want +got):\n%s", diff)
	}
	h.printCode()
	if diff := cmp.Diff(platform.Invite{State: platform.InviteRevoked}, look(hash)); diff != "" {
		t.Errorf("a code that was replaced (-want +got):\n%s", diff)
	}
	if _, err := platform.LookUpInvite(t.Context(), h.pool, hash); err == nil {
		t.Error("staff, who see codes under their own scope, came through the residents' door")
	}
}

func TestScansAreCountedAlsoAllAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	residents := h.open(h.ResidentURL(), platform.RoleResident)
	hash, id := h.printCode()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if found, err := platform.CountScan(t.Context(), residents, hash); err != nil || !found {
				t.Errorf("CountScan = %v, %v", found, err)
			}
		})
	}
	wg.Wait()
	if found, err := platform.CountScan(t.Context(), residents, platform.HashToken("nothing")); err != nil || found {
		t.Errorf("a code that nobody printed: %v, %v", found, err)
	}
	h.printCode()
	if found, err := platform.CountScan(t.Context(), residents, hash); err != nil || !found {
		t.Errorf("an old sheet: %v, %v", found, err)
	}
	if n := pgtest.Value[int](h.DB, `select scans from unit_invites where id = $1`, id); n != 21 {
		t.Errorf("%d scans, want 21", n)
	}
}
