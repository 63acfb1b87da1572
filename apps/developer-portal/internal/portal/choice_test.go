package portal

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/store"
)

// FuzzProved: a proof opens the accounts for which it was made, or none.
func FuzzProved(f *testing.F) {
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	p := &Portal{choiceKey: []byte("a key of this test's own, 32 byte"), now: func() time.Time { return now }}
	id := func(last byte) uuid.UUID { return uuid.UUID{15: last} } // the same in every process that fuzzes
	accounts := []store.Account{
		{TenantID: id(1), StaffID: id(2), Role: "admin", Password: &store.PasswordState{ChangedAt: &now}},
		{TenantID: id(3), StaffID: id(4), Role: "viewer", Provider: id(5)},
	}
	good, err := p.proof(accounts)
	if err != nil {
		f.Fatal(err)
	}
	if got := p.proved(good); len(got) != 2 || got[0].StaffID != accounts[0].StaffID || got[1].Provider != accounts[1].Provider {
		f.Fatalf("the proof gives back %+v", got)
	}
	other := &Portal{choiceKey: []byte("another portal's key, 32 bytes .."), now: p.now}
	foreign, err := other.proof(accounts)
	if err != nil {
		f.Fatal(err)
	}
	now = now.Add(-2 * choiceLife)
	late, err := p.proof(accounts)
	if err != nil {
		f.Fatal(err)
	}
	now = now.Add(2 * choiceLife)
	for _, bad := range []string{foreign, late, "", ".", good + ".", good[:len(good)-2], "e30." + good} {
		if got := p.proved(bad); got != nil {
			f.Fatalf("%q opens %+v", bad, got)
		}
		f.Add(bad)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, choice string) {
		for _, a := range p.proved(choice) {
			if !slices.ContainsFunc(accounts, func(b store.Account) bool {
				return a.TenantID == b.TenantID && a.StaffID == b.StaffID && a.Role == b.Role && a.Provider == b.Provider
			}) {
				t.Fatalf("%q opens %+v", choice, a)
			}
		}
	})
}
