package mail

import (
	"context"

	"openhouse.example/packages/ui/text"
)

// ClaimRejected tells somebody who said that a home is theirs to call the
// company. It says neither which home nor why: they have proved nothing.
type ClaimRejected struct {
	Company, Development string
	Contact, Phone       string // whom to call; each may be ""
}

// Text is the message, in the context's language: a line and a plain text.
func (r ClaimRejected) Text(ctx context.Context) (subject, body string) {
	call := text.T(ctx, "mail.claim-rejected.call", r.Company)
	switch {
	case r.Phone != "" && r.Contact != "":
		call = text.T(ctx, "mail.claim-rejected.call-contact", r.Contact, r.Phone)
	case r.Phone != "":
		call = text.T(ctx, "mail.claim-rejected.call-phone", r.Company, r.Phone)
	}
	return text.T(ctx, "mail.claim-rejected.subject", r.Development),
		text.T(ctx, "mail.claim-rejected.body", r.Development, call, r.Company)
}
