package portal

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"openhouse.example/apps/tenant-portal/internal/store"
	"openhouse.example/packages/db"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/ui/mail"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

const (
	linkQueue   = 256              // requests that may wait; a mail takes a few milliseconds
	linkWorkers = 2                // connections of the pool that this may take
	linkLimit   = 30 * time.Second // for one address, waiting for a database that restarts included
	linkTries   = 3
)

var errLinksBusy = &web.Error{
	Status: http.StatusServiceUnavailable, Code: "overloaded", RetryAfter: 5 * time.Second,
	Public: text.M("signin.links-busy"),
}

// linkSender writes links and their mails after the person who asked has been answered, so that the time of the
// answer tells nothing about who lives where.
type linkSender struct {
	app   *web.App
	store *store.Store
	queue chan linkWish
	done  sync.WaitGroup
}

type linkWish struct {
	ctx   context.Context // the request's values (language, request id) without its end
	email string
}

func newLinkSender(app *web.App, s *store.Store) *linkSender {
	l := &linkSender{app: app, store: s, queue: make(chan linkWish, linkQueue)}
	for range linkWorkers {
		l.done.Go(func() {
			for wish := range l.queue {
				l.fulfil(wish)
			}
		})
	}
	return l
}

// send takes a wish, or returns false when too many are waiting.
func (l *linkSender) send(ctx context.Context, email string) bool {
	select {
	case l.queue <- linkWish{context.WithoutCancel(ctx), email}:
		return true
	default:
		return false
	}
}

// close ends the sender once every wish is fulfilled; no send may follow.
func (l *linkSender) close(ctx context.Context) error {
	close(l.queue)
	done := make(chan struct{})
	go func() { l.done.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return errors.New("links that people have asked for could not be written in time")
	}
}

func (l *linkSender) fulfil(wish linkWish) {
	ctx, cancel := context.WithTimeout(wish.ctx, linkLimit)
	defer cancel()
	homes, err := again(ctx, func() ([]store.Enterable, error) { return l.store.Enterable(ctx, wish.email) })
	if err != nil {
		l.app.Log.LogAttrs(ctx, slog.LevelError, "a link could not be written", slog.String("error", err.Error()))
		return
	}
	for _, home := range homes {
		if _, err := again(ctx, func() (bool, error) { return l.write(ctx, wish.email, home) }); err != nil {
			l.app.Log.LogAttrs(ctx, slog.LevelError, "a link could not be written",
				slog.String("error", err.Error()), slog.String("tenant_id", home.TenantID.String()))
		}
	}
}

// write makes the link of one home, and its mail.
func (l *linkSender) write(ctx context.Context, email string, home store.Enterable) (bool, error) {
	token, hash := platform.NewToken()
	subject, body := mail.Link{
		Company: home.Company, Development: home.Development, Home: home.Home,
		Address: l.app.PublicURL.Join("/link/" + token), Life: platform.LinkLife,
	}.Text(ctx)
	return l.store.CreateLink(ctx, home, email, hash, store.Mail{Subject: subject, Body: body})
}

// again repeats what failed because the database was away or busy: nobody waits for the answer, and a second mail
// does no harm.
func again[T any](ctx context.Context, do func() (T, error)) (T, error) {
	for try := 1; ; try++ {
		value, err := do()
		away := errors.Is(err, db.ErrDatabaseDown) || errors.Is(err, db.ErrPoolExhausted) || errors.Is(err, db.ErrLockTimeout)
		if !away || try == linkTries || ctx.Err() != nil {
			return value, err
		}
	}
}
