package mailing

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"openhouse.example/packages/db"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/platform/jobs"
)

const (
	// lease is longer than sending (two steps) and noting it can take together: no two workers that live send the same
	// message.
	lease = 2 * time.Minute
	// noteLimit is how long it is tried to note that a message was sent.
	noteLimit = time.Minute
)

// Queue is the outbox as a jobs.Source.
type Queue struct {
	Pool   *db.Pool // of the worker's login, with the platform's ledger
	Sender *Sender
	Log    *slog.Logger
}

// Take claims the message that is due longest.
func (q *Queue) Take(ctx context.Context) (func(context.Context), error) {
	claimed, found, err := platform.ClaimMail(ctx, q.Pool, lease)
	if err != nil || !found {
		return nil, err
	}
	return func(ctx context.Context) { q.send(ctx, claimed) }, nil
}

// send sends a claimed message and notes how that ended.
func (q *Queue) send(ctx context.Context, m platform.ClaimedMail) {
	log := q.Log.With("mail", m.ID, "tenant_id", m.TenantID, "attempt", m.Attempt)
	out, err := m.Read(ctx, q.Pool)
	if errors.Is(err, platform.ErrLeaseLost) {
		return
	}
	if err != nil {
		log.Warn("a mail can't be read; it is tried again when its lease is over", "error", err)
		return
	}
	log = log.With("kind", out.Kind)
	if out.TooLate {
		q.note(ctx, log, "mail given up: it could not be sent in time", slog.LevelError, func(ctx context.Context) error {
			return m.Fail(ctx, q.Pool, "it could not be sent in time")
		})
		return
	}
	err = q.Sender.Send(ctx, Letter{ID: m.ID, Company: out.Company, To: out.To, Subject: out.Subject, Body: out.Body, At: out.CreatedAt})
	var failure *Failure
	switch {
	case err == nil:
		q.note(ctx, log, "mail sent", slog.LevelInfo, func(ctx context.Context) error { return m.Sent(ctx, q.Pool) })
	case errors.Is(err, ErrRefused), errors.As(err, &failure) && failure.Final && !failure.Server:
		log = log.With("error", err)
		q.note(ctx, log, "mail given up: it is refused for good", slog.LevelError, func(ctx context.Context) error {
			return m.Fail(ctx, q.Pool, oneLine(err.Error(), out.To))
		})
	default:
		q.postpone(ctx, log.With("error", err), m, oneLine(err.Error(), out.To))
	}
}

func (q *Queue) postpone(ctx context.Context, log *slog.Logger, m platform.ClaimedMail, why string) {
	wait := jobs.Backoff(m.Attempt)
	var dead bool
	q.note(ctx, log, "mail not sent", slog.LevelWarn, func(ctx context.Context) (err error) {
		dead, err = m.Postpone(ctx, q.Pool, wait, why)
		return err
	})
	if dead {
		log.Error("mail given up: it could not be sent in time")
	}
}

// note writes down how an attempt ended, also while the database is away for a moment and the worker is about to end:
// what is not noted is sent again.
func (q *Queue) note(ctx context.Context, log *slog.Logger, text string, level slog.Level, write func(context.Context) error) {
	noting, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteLimit)
	defer cancel()
	for {
		err := write(noting)
		switch {
		case err == nil:
			log.Log(noting, level, text)
			return
		case errors.Is(err, platform.ErrLeaseLost): // noted already, by a try whose answer was lost, or not ours any more
			log.Log(noting, level, text, "lease", "over")
			return
		}
		select {
		case <-noting.Done():
			log.Error(text+", which can't be noted: it is tried again when its lease is over, with the same Message-ID", "cause", err)
			return
		case <-time.After(time.Second):
		}
	}
}
