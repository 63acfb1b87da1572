package mail_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"openhouse.example/packages/ui/mail"
)

func TestTheMailAboutARejectedRequest(t *testing.T) {
	t.Parallel()
	const before = "Hello,\n\nyou asked to be let into the pages of a home in Longview Park. We could not do that.\n\n"
	for name, c := range map[string]struct {
		contact, phone, call string
	}{
		"nothing is known":    {"", "", "Please call Harbour Homes."},
		"a number":            {"", "+353 1 555 0100", "Please call Harbour Homes: +353 1 555 0100."},
		"a person, no number": {"Nora Byrne", "", "Please call Harbour Homes."},
		"both":                {"Nora Byrne", "+353 1 555 0100", "Please call Nora Byrne: +353 1 555 0100."},
	} {
		subject, body := mail.ClaimRejected{
			Company: "Harbour Homes", Development: "Longview Park", Contact: c.contact, Phone: c.phone,
		}.Text(t.Context())
		if want := "Your request for a home in Longview Park"; subject != want {
			t.Errorf("%s: the subject is %q, want %q", name, subject, want)
		}
		if diff := cmp.Diff(before+c.call+"\n\nHarbour Homes\n", body); diff != "" {
			t.Errorf("%s: the text (-want +got):\n%s", name, diff)
		}
	}
}
