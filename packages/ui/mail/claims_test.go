package mail_test

import (
	"strings"
	"testing"

	"openhouse.example/packages/ui/mail"
)

// Each mail says which home it is about, what happens next and whom to call, and has nothing of what was typed.
func TestTheMailsAboutClaims(t *testing.T) {
	t.Parallel()
	claim := mail.Claim{Company: "Harbour Homes", Development: "Longview Park", Home: "14 L••• P•••"}
	for name, c := range map[string]struct {
		write func() (subject, body string)
		says  []string
	}{
		"waits":   {func() (string, string) { return claim.Waits(t.Context()) }, []string{"Longview Park", "somebody there decides", "a link comes"}},
		"refused": {func() (string, string) { return claim.Refused(t.Context()) }, []string{"Longview Park", "Please call Harbour Homes"}},
		"told": {func() (string, string) { return claim.Told(t.Context(), "stranger@mail.example.org") }, []string{
			"Longview Park", "s•••@m•••.org", "tell Harbour Homes", "at most once an hour",
		}},
	} {
		subject, body := c.write()
		for _, want := range append(c.says, claim.Company, claim.Home) {
			if !strings.Contains(subject+"\n"+body, want) {
				t.Errorf("%s does not say %q:\n%s\n%s", name, want, subject, body)
			}
		}
		if strings.ContainsAny(subject, "%\n") || strings.Contains(body, "%") || !strings.Contains(subject, claim.Home) {
			t.Errorf("%s: %q\n%s", name, subject, body)
		}
		if strings.Contains(body, "stranger") || strings.Contains(body, "mail.example") {
			t.Errorf("%s shows the address:\n%s", name, body)
		}
	}
}

func TestAMaskedAddressIsNeverTheWhole(t *testing.T) {
	t.Parallel()
	claim := mail.Claim{Company: "Harbour Homes", Development: "Longview Park", Home: "14 L••• P•••"}
	for email, want := range map[string]string{
		"a@b.org": "a•••@b•••.org", "ada@example.org": "a•••@e•••.org", "ólafur@hús.example.org": "ó•••@h•••.org",
		"ada@localhost": "a•••@l•••", "ada@.org": "a•••@.•••", "": "•••@•••",
		// Whoever types an address can't have a message of theirs brought by us.
		"a@b.call-0900-123456": "a•••@b•••", "a@b.yourmoneyisgone": "a•••@b•••", "a@b.": "a•••@b•••", "a@[10.0.0.1]": "a•••@[•••",
	} {
		if _, body := claim.Told(t.Context(), email); !strings.Contains(body, "like this: "+want+"\n") {
			t.Errorf("%q is not shown as %q:\n%s", email, want, body)
		}
	}
}
