package mail_test

import (
	"strings"
	"testing"
	"time"

	"openhouse.example/packages/ui/mail"
)

// Each mail to staff says which company and which account it is about, where to go, and how long that works; nothing
// is left to be filled in.
func TestTheMailsToStaff(t *testing.T) {
	t.Parallel()
	const company, email, address = "Harbour Homes", "nora@example.org", "https://staff.example.org/password/abc"
	for name, c := range map[string]struct {
		subject, body string
		says          []string
	}{
		"invitation": {says: []string{"You are invited", "within 72 hours"}},
		"reset":      {says: []string{"Choose a new password", "within 15 minutes", "your password stays as it is"}},
		"changed":    {says: []string{"was changed on 24 Nov 2027, 14:05 UTC", "every session of this account was ended"}},
	} {
		switch name {
		case "invitation":
			c.subject, c.body = mail.StaffInvite{Company: company, Email: email, Address: address, Life: 72 * time.Hour}.Text(t.Context())
		case "reset":
			c.subject, c.body = mail.StaffReset{Company: company, Email: email, Address: address, Life: 15 * time.Minute}.Text(t.Context())
		case "changed":
			c.subject, c.body = mail.PasswordChanged{
				Company: company, Email: email, Address: address, At: time.Date(2027, 11, 24, 14, 5, 0, 0, time.UTC),
			}.Text(t.Context())
		}
		for _, want := range append(c.says, company, email, "\n\n"+address+"\n\n") {
			if !strings.Contains(c.subject+"\n"+c.body, want) {
				t.Errorf("%s does not say %q:\n%s\n%s", name, want, c.subject, c.body)
			}
		}
		if strings.ContainsAny(c.subject, "%\n") || strings.Contains(c.body, "%") || !strings.Contains(c.subject, company) {
			t.Errorf("%s: %q\n%s", name, c.subject, c.body)
		}
	}
}
