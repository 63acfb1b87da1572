package mail

import (
	"context"
	"strings"
	"unicode/utf8"

	"openhouse.example/packages/ui/text"
)

// Claim is a claim to a home by whoever has its printed code. Nothing in its
// mails was typed by that person: anybody can have them sent to anybody.
type Claim struct {
	Company, Development string
	Home                 string // with a masked address: who reads it may be a stranger
}

// Waits tells the person that staff will decide, in the context's language.
func (c Claim) Waits(ctx context.Context) (subject, body string) {
	return text.T(ctx, "mail.claim-waits.subject", c.Home, c.Development),
		text.T(ctx, "mail.claim-waits.body", c.Home, c.Development, c.Company)
}

// Refused tells the person that enough others wait, and to call the company.
func (c Claim) Refused(ctx context.Context) (subject, body string) {
	return text.T(ctx, "mail.claim-refused.subject", c.Home, c.Development),
		text.T(ctx, "mail.claim-refused.body", c.Home, c.Development, c.Company)
}

// Told tells those who live in the home that somebody asks for it. email is that
// person's address, of which they read as much as they need to know a friend's.
func (c Claim) Told(ctx context.Context, email string) (subject, body string) {
	return text.T(ctx, "mail.claim-told.subject", c.Home),
		text.T(ctx, "mail.claim-told.body", c.Home, c.Development, c.Company, maskAddress(email))
}

// maskAddress keeps the first letter on each side and, if it is a usual one, the
// last part of the domain: "a•••@e•••.org".
func maskAddress(email string) string {
	name, domain, _ := strings.Cut(email, "@")
	masked := first(name) + "•••@" + first(domain) + "•••"
	if dot := strings.LastIndexByte(domain, '.'); dot > 0 && ending(domain[dot+1:]) {
		masked += domain[dot:]
	}
	return masked
}

// ending reports whether s is like the end of a real domain, such as "org". More
// than that could be a message from whoever typed it.
func ending(s string) bool {
	return len(s) >= 2 && len(s) <= 6 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz") == ""
}

func first(s string) string {
	_, size := utf8.DecodeRuneInString(s)
	return s[:size]
}
