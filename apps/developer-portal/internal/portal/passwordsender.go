package portal

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/db"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/ui/mail"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

var errResetsBusy = &web.Error{
	Status: http.StatusServiceUnavailable, Code: "overloaded", RetryAfter: 5 * time.Second, Public: text.M("forgot.busy"),
}

// resetSender writes links to new passwords and their mails after the person who asked has been answered, so that the
// time of the answer tells nothing about who has an account.
type resetSender struct {
	app   *web.App
	store *store.Store
	later *web.Later[resetWish]
}

type resetWish struct {
	in    db.Intent
	email string
}

func newResetSender(app *web.App, s *store.Store) *resetSender {
	sender := &resetSender{app: app, store: s}
	sender.later = web.NewLater(1, sender.fulfil)
	return sender
}

func (s *resetSender) fulfil(ctx context.Context, wish resetWish) {
	accounts, err := web.Again(ctx, func() ([]store.Resettable, error) { return s.store.Resettable(ctx, wish.email) })
	if err != nil {
		s.failed(ctx, err)
		return
	}
	for _, account := range accounts {
		if _, err := web.Again(ctx, func() (bool, error) { return s.write(ctx, wish, account) }); err != nil {
			s.failed(ctx, err, slog.String("tenant_id", account.TenantID.String()))
		}
	}
}

func (s *resetSender) failed(ctx context.Context, err error, more ...slog.Attr) {
	s.app.Log.LogAttrs(ctx, slog.LevelError, "a link to a new password could not be written", append(more, slog.String("error", err.Error()))...)
}

// write makes the link of one account, and its mail.
func (s *resetSender) write(ctx context.Context, wish resetWish, account store.Resettable) (bool, error) {
	secret, hash := platform.NewToken()
	var m store.LinkMailText
	m.Subject, m.Body = mail.StaffReset{
		Company: account.Company, Email: wish.email, Address: s.app.PublicURL.Join(passwordPath(secret)), Life: platform.LinkLife,
	}.Text(ctx)
	return s.store.CreateReset(ctx, account, wish.in, wish.email, hash, m)
}
