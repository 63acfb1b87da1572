package mail_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"openhouse.example/packages/ui/mail"
)

func TestTheMailWithALink(t *testing.T) {
	t.Parallel()
	subject, body := mail.Link{
		Company: "Harbour Homes", Development: "Longview Park", Home: "14 Longview Park",
		Address: "https://homes.example.org/link/abc", Life: 15 * time.Minute,
	}.Text(t.Context())
	if want := "Your link to 14 Longview Park, Longview Park"; subject != want {
		t.Errorf("the subject is %q, want %q", subject, want)
	}
	const want = `Hello,

this link opens the pages of your home, 14 Longview Park in Longview Park:

https://homes.example.org/link/abc

It works once, within 15 minutes.

If you did not expect it, leave it alone: nobody gets in without it.

Harbour Homes
`
	if diff := cmp.Diff(want, body); diff != "" {
		t.Errorf("the text (-want +got):\n%s", diff)
	}
}
