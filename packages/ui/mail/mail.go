// Package mail words the messages that both portals send, so that people get
// the same one whoever sends it. It refuses to know how a message travels.
package mail

import (
	"context"
	"time"

	"openhouse.example/packages/ui/text"
)

// Link is a one-time link to the pages of a home.
type Link struct {
	Company, Development, Home string        // as people call them
	Address                    string        // where the link leads
	Life                       time.Duration // how long it works, in whole minutes
}

// Text is the message that carries the link, in the context's language: a line
// and a plain text.
func (l Link) Text(ctx context.Context) (subject, body string) {
	return text.T(ctx, "mail.link.subject", l.Home, l.Development),
		text.T(ctx, "mail.link.body", l.Home, l.Development, l.Company, l.Address, int(l.Life.Minutes()))
}
