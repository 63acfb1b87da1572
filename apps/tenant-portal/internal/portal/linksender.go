package portal

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"openhouse.example/apps/tenant-portal/internal/store"
	"openhouse.example/packages/db"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/ui/mail"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

const linkWorkers = 2 // connections of the pool that this may take

var errLinksBusy = &web.Error{
	Status: http.StatusServiceUnavailable, Code: "overloaded", RetryAfter: 5 * time.Second,
	Public: text.M("signin.links-busy"),
}

// linkSender writes links and their mails after the person who asked has been answered, so that the time of the
// answer tells nothing about who lives where.
type linkSender struct {
	app   *web.App
	store *store.Store
	later *web.Later[linkWish]
}

type linkWish struct {
	in    db.Intent // who has asked, for the audit log
	email string
}

func newLinkSender(app *web.App, s *store.Store) *linkSender {
	l := &linkSender{app: app, store: s}
	l.later = web.NewLater(linkWorkers, l.fulfil)
	return l
}

func (l *linkSender) fulfil(ctx context.Context, wish linkWish) {
	homes, err := web.Again(ctx, func() ([]store.Enterable, error) { return l.store.Enterable(ctx, wish.email) })
	if err != nil {
		l.app.Log.LogAttrs(ctx, slog.LevelError, "a link could not be written", slog.String("error", err.Error()))
		return
	}
	for _, home := range homes {
		if _, err := web.Again(ctx, func() (bool, error) { return l.write(ctx, wish, home) }); err != nil {
			l.app.Log.LogAttrs(ctx, slog.LevelError, "a link could not be written",
				slog.String("error", err.Error()), slog.String("tenant_id", home.TenantID.String()))
		}
	}
}

// write makes the link of one home, and its mail.
func (l *linkSender) write(ctx context.Context, wish linkWish, home store.Enterable) (bool, error) {
	token, hash := platform.NewToken()
	subject, body := mail.Link{
		Company: home.Company, Development: home.Development, Home: home.Home,
		Address: l.app.PublicURL.Join("/link/" + token), Life: platform.LinkLife,
	}.Text(ctx)
	return l.store.CreateLink(ctx, wish.in, home, wish.email, hash, store.Mail{Subject: subject, Body: body})
}
