package portal

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/db"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/ui/mail"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

const (
	resetQueue = 256              // requests that may wait; a mail takes a few milliseconds
	resetLimit = 30 * time.Second // for one address, waiting for a database that restarts included
	resetTries = 3
)

var errResetsBusy = &web.Error{
	Status: http.StatusServiceUnavailable, Code: "overloaded", RetryAfter: 5 * time.Second, Public: text.M("forgot.busy"),
}

// resetSender writes links to new passwords and their mails after the person who asked has been answered, so that the
// time of the answer tells nothing about who has an account.
type resetSender struct {
	app   *web.App
	store *store.Store
	queue chan resetWish
	done  chan struct{}
	shut  sync.Once
}

type resetWish struct {
	ctx   context.Context // the request's values (language) without its end
	in    db.Intent
	email string
}

func newResetSender(app *web.App, s *store.Store) *resetSender {
	sender := &resetSender{app: app, store: s, queue: make(chan resetWish, resetQueue), done: make(chan struct{})}
	go func() {
		defer close(sender.done)
		for wish := range sender.queue {
			sender.fulfil(wish)
		}
	}()
	return sender
}

// send takes a wish, or returns false when too many are waiting.
func (s *resetSender) send(ctx context.Context, in db.Intent, email string) bool {
	select {
	case s.queue <- resetWish{context.WithoutCancel(ctx), in, email}:
		return true
	default:
		return false
	}
}

// close ends the sender once every wish is fulfilled; no send may follow.
func (s *resetSender) close(ctx context.Context) error {
	s.shut.Do(func() { close(s.queue) })
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
		return errors.New("links to new passwords that people have asked for could not be written in time")
	}
}

func (s *resetSender) fulfil(wish resetWish) {
	ctx, cancel := context.WithTimeout(wish.ctx, resetLimit)
	defer cancel()
	accounts, err := again(ctx, func() ([]store.Resettable, error) { return s.store.Resettable(ctx, wish.email) })
	if err != nil {
		s.failed(ctx, err)
		return
	}
	for _, account := range accounts {
		if _, err := again(ctx, func() (bool, error) { return s.write(ctx, wish, account) }); err != nil {
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

// again repeats what failed because the database was away or busy: nobody waits for the answer, and a second mail does
// no harm.
func again[T any](ctx context.Context, do func() (T, error)) (T, error) {
	for try := 1; ; try++ {
		value, err := do()
		away := errors.Is(err, db.ErrDatabaseDown) || errors.Is(err, db.ErrPoolExhausted) || errors.Is(err, db.ErrLockTimeout)
		if !away || try == resetTries || ctx.Err() != nil {
			return value, err
		}
	}
}
