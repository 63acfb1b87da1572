package mail

import (
	"context"

	"openhouse.example/packages/ui/text"
)

// Answered tells a resident what the company answers to a question. It doesn't
// say which member of staff did.
type Answered struct {
	Company          string
	Question, Answer string // as they were written
	Address          string // where both stand
}

// Text is the message, in the context's language: a line and a plain text.
func (a Answered) Text(ctx context.Context) (subject, body string) {
	return text.T(ctx, "mail.answered.subject", a.Company),
		text.T(ctx, "mail.answered.body", a.Question, a.Company, a.Answer, a.Address)
}
