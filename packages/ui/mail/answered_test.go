package mail_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"openhouse.example/packages/ui/mail"
)

func TestTheMailAboutAnAnswer(t *testing.T) {
	t.Parallel()
	subject, body := mail.Answered{
		Company: "Harbour Homes", Question: "When is bin day? 100%", Answer: "Every second Tuesday.\nGreen bins first.", Address: "https://homes.example.org/ask",
	}.Text(t.Context())
	if want := "Harbour Homes answered your question"; subject != want {
		t.Errorf("the subject is %q, want %q", subject, want)
	}
	const want = "Hello,\n\nyou asked:\n\nWhen is bin day? 100%\n\nHarbour Homes answers:\n\nEvery second Tuesday.\nGreen bins first.\n\n" +
		"It also stands beside your question:\n\nhttps://homes.example.org/ask\n\nHarbour Homes\n"
	if diff := cmp.Diff(want, body); diff != "" {
		t.Errorf("the text (-want +got):\n%s", diff)
	}
}
