package platform_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"openhouse.example/packages/db"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform"
)

func TestToken(t *testing.T) {
	t.Parallel()
	secret, hash := platform.NewToken()
	raw, err := base64.RawURLEncoding.DecodeString(secret)
	if err != nil || len(raw) != 32 {
		t.Errorf("secret %q is not 256 bits in base64url: %v", secret, err)
	}
	if diff := cmp.Diff(hash, platform.HashToken(secret)); diff != "" {
		t.Errorf("the hash differs from that of the secret: %s", diff)
	}
	if other, _ := platform.NewToken(); other == secret {
		t.Error("two tokens are the same")
	}
	const want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // FIPS 180-4's example
	if got := hex.EncodeToString(platform.HashToken("abc")); got != want {
		t.Errorf("HashToken is not SHA-256: %s", got)
	}
}

// The life of a link stands in Go, for the portal of staff, and in a function of the database, for that of residents.
func TestTheDoorsLinkLivesAsLongAsOurs(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	pool := h.open(h.ResidentURL(), platform.RoleResident)
	_, hash := platform.NewToken()
	created, err := db.Door(t.Context(), pool, func(ctx context.Context, q db.Querier) (created bool, err error) {
		const door = "select resident_link_create($1, $2, 'mia@example.org', $3, 'subject', 'body', '', '')"
		err = q.QueryRow(ctx, door, h.tenant, h.unit, hash).Scan(&created)
		return created, err
	})
	if err != nil || !created {
		t.Fatalf("no link was created: %v", err)
	}
	if got := pgtest.Value[time.Duration](h.DB, "select expires_at - created_at from email_tokens"); got != platform.LinkLife {
		t.Errorf("resident_link_create makes links of %v, platform.LinkLife is %v: change both", got, platform.LinkLife)
	}
}
