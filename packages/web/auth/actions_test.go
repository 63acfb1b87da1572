package auth_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"openhouse.example/packages/web/auth"
)

var update = flag.Bool("update", false, "write the table in docs/SECURITY.md anew")

func TestTheTableOfActions(t *testing.T) {
	t.Parallel()
	seen := map[auth.Action]bool{}
	for _, p := range auth.Permissions() {
		switch {
		case seen[p.Action]:
			t.Errorf("%s stands there twice", p.Action)
		case len(p.Roles) == 0 || p.Means == "" || strings.Count(string(p.Action), ".") != 1:
			t.Errorf("%+v is not whole", p)
		}
		seen[p.Action] = true
		for _, role := range p.Roles {
			if role.Portal() != p.Roles[0].Portal() || !role.May(p.Action) {
				t.Errorf("%s: %s", p.Action, role)
			}
		}
		if p.Roles[0].Portal() == auth.PortalDeveloper && !auth.RoleAdmin.May(p.Action) {
			t.Errorf("%s: an administrator may not", p.Action)
		}
	}
	// What viewers and residents may is said once more, so that nobody widens it by a slip.
	may := func(r auth.Role) (list []string) {
		for _, p := range auth.Permissions() {
			if r.May(p.Action) {
				list = append(list, string(p.Action))
			}
		}
		return list
	}
	if diff := cmp.Diff([]string{"developments.see", "homes.see", "requests.see", "imports.see", "notices.see", "documents.see"}, may(auth.RoleViewer)); diff != "" {
		t.Errorf("a viewer (-want +may):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"home.see"}, may(auth.RoleResident)); diff != "" {
		t.Errorf("a resident (-want +may):\n%s", diff)
	}
	if auth.Admitted("homes.burn") != nil || auth.RoleAdmin.May("homes.burn") || auth.Role("").May(auth.SeeHomes) || auth.Role("owner").May(auth.SeeHomes) {
		t.Error("an unknown action or role may do something")
	}
	auth.Admitted(auth.SeeHomes)[0] = auth.RoleResident
	if auth.RoleResident.May(auth.SeeHomes) {
		t.Error("the table can be changed from outside")
	}
}

// The table that people read is made from the one that decides.
func TestSecurityPage(t *testing.T) {
	t.Parallel()
	const (
		name  = "../../../docs/SECURITY.md"
		begin = "<!-- Who may do what, made from packages/web/auth/actions.go: make generate. -->\n"
		end   = "<!-- End of the table. -->\n"
	)
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(text), begin)
	_, tail, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has lost the lines around its table: %q and %q", name, begin, end)
	}
	roles := slices.Concat(auth.Roles(auth.PortalDeveloper), auth.Roles(auth.PortalTenant))
	var b strings.Builder
	b.WriteString("\n| action | what it is |")
	for _, r := range roles {
		fmt.Fprintf(&b, " %s |", r)
	}
	b.WriteString("\n|---|---|" + strings.Repeat(":-:|", len(roles)) + "\n")
	for _, p := range auth.Permissions() {
		fmt.Fprintf(&b, "| `%s` | %s |", p.Action, p.Means)
		for _, r := range roles {
			mark := ""
			if r.May(p.Action) {
				mark = "✓"
			}
			fmt.Fprintf(&b, " %s |", mark)
		}
		b.WriteString("\n")
	}
	want := head + begin + b.String() + "\n" + end + tail
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(text), want); diff != "" {
		t.Errorf("docs/SECURITY.md is not what the table says (-file +table); run make generate:\n%s", diff)
	}
}
