package mailing

import (
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"
	gomail "github.com/wneessen/go-mail"

	"openhouse.example/packages/ui/mail"
)

// Letter is a message before it is put into its envelope.
type Letter struct {
	ID      uuid.UUID // of the row in the outbox; becomes the Message-ID
	Company string    // shown as the sender
	To      string
	Subject string
	Body    string // plain text
	At      time.Time
}

// ErrRefused says that a letter can't be sent as it is, however often it is tried.
var ErrRefused = errors.New("the letter can't be sent")

// build makes the message. The same letter becomes the same bytes, so that a mail server or a reader who gets it twice
// can tell.
func (s *Sender) build(l Letter) (*gomail.Msg, error) {
	for name, value := range map[string]string{"company's name": l.Company, "address": l.To, "subject": l.Subject} {
		if hasControl(value) {
			return nil, fmt.Errorf("%w: its %s has a line break or another control character", ErrRefused, name)
		}
	}
	if !bareAddress(l.To) {
		return nil, fmt.Errorf("%w: its recipient is not one address", ErrRefused)
	}
	html, err := mail.HTML(l.Subject, l.Body)
	if err != nil {
		return nil, fmt.Errorf("make the page of a mail: %w", err)
	}
	_, domain, _ := strings.Cut(s.cfg.From, "@")
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithBoundary("part-"+l.ID.String()))
	m.FromMailAddress(&netmail.Address{Name: l.Company, Address: s.cfg.From})
	for _, err := range []error{m.EnvelopeFrom(s.cfg.From), m.To(l.To)} {
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrRefused, err)
		}
	}
	if s.cfg.ReplyTo != "" {
		if err := m.ReplyTo(s.cfg.ReplyTo); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrRefused, err)
		}
	}
	m.Subject(l.Subject)
	m.SetMessageIDWithValue(l.ID.String() + "@" + domain)
	m.SetDateWithValue(l.At)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // no out-of-office replies, please
	m.SetBodyString(gomail.TypeTextPlain, l.Body)
	m.AddAlternativeString(gomail.TypeTextHTML, html)
	return m, nil
}

func hasControl(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' })
}
