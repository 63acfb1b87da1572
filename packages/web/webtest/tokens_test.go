package webtest_test

import (
	"testing"

	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/webtest"
)

// TestHostileTokens: the token that they are made of passes, put together again, and none of them does.
func TestHostileTokens(t *testing.T) {
	t.Parallel()
	for portal, role := range map[string]auth.Role{auth.PortalDeveloper: auth.RoleDeveloper, auth.PortalTenant: auth.RoleResident} {
		keys := webtest.NewPortal(t, portal, "https://"+portal+".example.org")
		foreign, _, err := auth.GenerateKey()
		if err != nil {
			t.Fatal(err)
		}
		good := webtest.TakeApart(t, keys.Token(t, role), keys.Key)
		if _, err := keys.Verifier.Verify(good.Signed()); err != nil {
			t.Fatalf("%s: the unspoilt token is refused: %v", portal, err)
		}
		list := webtest.HostileTokens(t, good, foreign)
		if len(list) < 100 {
			t.Errorf("%d tokens", len(list))
		}
		for name, token := range list {
			if who, err := keys.Verifier.Verify(token); err == nil {
				t.Errorf("%s: %q passes for %+v", portal, name, who)
			}
		}
	}
}
