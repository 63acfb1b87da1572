package platform

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/db"
)

// ClaimedMail is a message that this worker may send until its lease is over.
type ClaimedMail struct {
	TenantID, ID uuid.UUID
	Attempt      int // which claim this is, from 1
}

// OutgoingMail is what the worker has to know of a message.
type OutgoingMail struct {
	Company   string // who sends it, as people call it
	Kind      string
	To        string
	Subject   string
	Body      string
	CreatedAt time.Time
	TooLate   bool // it is not to be sent any more
}

const (
	claimMail = `select tenant_id, id, attempt from mail_claim(make_interval(secs => $1))`

	readMail = `select t.name, m.kind, m.to_email, m.subject, m.body, m.created_at, m.give_up_at <= now()
		from mail_outbox m join tenants t on t.id = m.tenant_id
		where m.tenant_id = $1 and m.id = $2 and m.attempts = $3 and m.state = 'sending'`

	mailSent = `update mail_outbox set state = 'sent', sent_at = now(), lease_until = null, last_error = '', body = '-'
		where tenant_id = $1 and id = $2 and attempts = $3 and state = 'sending'`

	mailFailed = `update mail_outbox set state = 'failed', lease_until = null, last_error = $4
		where tenant_id = $1 and id = $2 and attempts = $3 and state = 'sending'`

	// Spread by a quarter either way, so that what failed together doesn't come back together. What would come back too
	// late is a dead letter now.
	mailPostponed = `with pause as (select make_interval(secs => $5 * (0.75 + random() / 2)) as time)
		update mail_outbox m set
			state = case when now() + pause.time < m.give_up_at then 'queued' else 'failed' end,
			next_at = now() + pause.time, lease_until = null, last_error = $4
		from pause
		where m.tenant_id = $1 and m.id = $2 and m.attempts = $3 and m.state = 'sending'
		returning m.state = 'failed'`

	deadMail = `select id, tenant_name, kind, to_email, attempts, last_error, created_at from mail_dead($1)`

	retryMail = `select mail_retry($1)`
)

// ClaimMail takes the message that is due longest, of any company, for the time of
// lease. found is false if nothing is due.
func ClaimMail(ctx context.Context, p *db.Pool, lease time.Duration) (m ClaimedMail, found bool, err error) {
	m, err = db.Door(ctx, p, func(ctx context.Context, q db.Querier) (ClaimedMail, error) {
		var m ClaimedMail
		return m, q.QueryRow(ctx, claimMail, lease.Seconds()).Scan(&m.TenantID, &m.ID, &m.Attempt)
	})
	if errors.Is(err, db.ErrNotFound) {
		return ClaimedMail{}, false, nil
	}
	if err != nil {
		return ClaimedMail{}, false, fmt.Errorf("claim a mail: %w", err)
	}
	return m, true, nil
}

// Read reads the message in its company's scope; ErrLeaseLost if it is not this
// worker's any more.
func (m ClaimedMail) Read(ctx context.Context, p *db.Pool) (OutgoingMail, error) {
	return db.Read(ctx, p, m.scope(), func(ctx context.Context, q db.Querier) (OutgoingMail, error) {
		var o OutgoingMail
		err := q.QueryRow(ctx, readMail, m.TenantID, m.ID, m.Attempt).
			Scan(&o.Company, &o.Kind, &o.To, &o.Subject, &o.Body, &o.CreatedAt, &o.TooLate)
		if errors.Is(err, db.ErrNotFound) {
			return o, ErrLeaseLost
		}
		if err != nil {
			return o, fmt.Errorf("read a mail: %w", err)
		}
		return o, nil
	})
}

// Sent notes that the message was handed over; its text, which may carry a secret,
// is forgotten. ErrLeaseLost if it is not this worker's any more.
func (m ClaimedMail) Sent(ctx context.Context, p *db.Pool) error {
	_, err := db.Write(ctx, p, m.scope(), db.Intent{}, func(ctx context.Context, tx *db.Tx) (struct{}, error) {
		tag, err := tx.Exec(ctx, mailSent, m.TenantID, m.ID, m.Attempt)
		if err == nil && tag.RowsAffected() == 0 {
			err = ErrLeaseLost
		}
		tx.Audit(db.Event{Action: "mail.sent", Object: "mail", ObjectID: m.ID})
		return struct{}{}, err
	})
	return err
}

// Fail makes the message a dead letter. why is for the operator: one line, without
// addresses. ErrLeaseLost if it is not this worker's any more.
func (m ClaimedMail) Fail(ctx context.Context, p *db.Pool, why string) error {
	_, err := db.Write(ctx, p, m.scope(), db.Intent{}, func(ctx context.Context, tx *db.Tx) (struct{}, error) {
		tag, err := tx.Exec(ctx, mailFailed, m.TenantID, m.ID, m.Attempt, why)
		if err == nil && tag.RowsAffected() == 0 {
			err = ErrLeaseLost
		}
		tx.Audit(db.Event{Action: "mail.failed", Object: "mail", ObjectID: m.ID})
		return struct{}{}, err
	})
	return err
}

// Postpone puts the message back for about wait, or, if that would be too late,
// makes it a dead letter. why as for Fail.
func (m ClaimedMail) Postpone(ctx context.Context, p *db.Pool, wait time.Duration, why string) (dead bool, err error) {
	return db.Write(ctx, p, m.scope(), db.Intent{}, func(ctx context.Context, tx *db.Tx) (bool, error) {
		var dead bool
		err := tx.QueryRow(ctx, mailPostponed, m.TenantID, m.ID, m.Attempt, why, wait.Seconds()).Scan(&dead)
		if errors.Is(err, db.ErrNotFound) {
			return false, ErrLeaseLost
		}
		if dead {
			tx.Audit(db.Event{Action: "mail.failed", Object: "mail", ObjectID: m.ID})
		}
		return dead, err
	})
}

func (m ClaimedMail) scope() db.Scope { return db.Scope{Role: RoleWorker, TenantID: m.TenantID} }

// DeadMail is a message that was given up.
type DeadMail struct {
	ID        uuid.UUID
	Company   string
	Kind      string
	To        string
	Attempts  int
	Why       string
	CreatedAt time.Time
}

// DeadLetters lists the newest dead letters of all companies, newest first, 1,000
// at most. It is the operator's; p is a pool of the worker's login.
func DeadLetters(ctx context.Context, p *db.Pool, most int) ([]DeadMail, error) {
	return db.Door(ctx, p, func(ctx context.Context, q db.Querier) ([]DeadMail, error) {
		rows, err := q.Query(ctx, deadMail, most)
		if err != nil {
			return nil, fmt.Errorf("read the dead letters: %w", err)
		}
		return pgx.CollectRows(rows, pgx.RowToStructByPos[DeadMail])
	})
}

// RetryMail puts a dead letter back into the queue for another 24 hours, and writes
// that into the company's audit log as the operator's; false if there is no such
// dead letter.
func RetryMail(ctx context.Context, p *db.Pool, id uuid.UUID) (bool, error) {
	return db.Door(ctx, p, func(ctx context.Context, q db.Querier) (bool, error) {
		var found bool
		if err := q.QueryRow(ctx, retryMail, id).Scan(&found); err != nil {
			return false, fmt.Errorf("put a mail back: %w", err)
		}
		return found, nil
	})
}
