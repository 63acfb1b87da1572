package mail

import (
	"context"
	"time"

	"openhouse.example/packages/ui/text"
)

// StaffInvite is a one-time link with which somebody joins a company's team.
type StaffInvite struct {
	Company string
	Email   string        // the account's
	Address string        // where the link leads
	Life    time.Duration // how long it works, in whole hours
}

// Text is the message that carries the link, in the context's language: a line
// and a plain text.
func (i StaffInvite) Text(ctx context.Context) (subject, body string) {
	return text.T(ctx, "mail.staff-invite.subject", i.Company),
		text.T(ctx, "mail.staff-invite.body", i.Company, i.Email, i.Address, int(i.Life.Hours()))
}

// StaffReset is a one-time link to choose a new password.
type StaffReset struct {
	Company string
	Email   string        // the account's
	Address string        // where the link leads
	Life    time.Duration // how long it works, in whole minutes
}

// Text is the message that carries the link, in the context's language.
func (r StaffReset) Text(ctx context.Context) (subject, body string) {
	return text.T(ctx, "mail.staff-reset.subject", r.Company),
		text.T(ctx, "mail.staff-reset.body", r.Company, r.Email, r.Address, int(r.Life.Minutes()))
}

// PasswordChanged tells somebody that their password is another one now.
type PasswordChanged struct {
	Company string
	Email   string    // the account's
	Address string    // where a new link can be asked for
	At      time.Time // when it was changed
}

// Text is the message, in the context's language.
func (p PasswordChanged) Text(ctx context.Context) (subject, body string) {
	return text.T(ctx, "mail.password-changed.subject", p.Company),
		text.T(ctx, "mail.password-changed.body", p.Company, p.Email, p.Address, text.DateTime(ctx, p.At))
}
