package platform

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/db"
)

// Mail is a message to be sent. It is queued in the transaction that gives the
// reason for it, so that neither is there without the other.
type Mail struct {
	TenantID uuid.UUID
	Kind     string // "resident_link"; small letters and "_"
	To       string // one address
	Subject  string // one line
	Body     string // plain text; may carry a secret link
}

const (
	insertMail = `insert into mail_outbox (tenant_id, id, kind, to_email, subject, body) values ($1, $2, $3, $4, $5, $6)`

	recentMail = `select id, kind, to_email, subject, body, created_at from outbox_recent($1, $2)`
)

// Enqueue queues a message in the scope and transaction of q and returns its id.
func Enqueue(ctx context.Context, q db.Querier, m Mail) (uuid.UUID, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return uuid.Nil, fmt.Errorf("make an id: %w", err)
	}
	to := strings.ToLower(strings.TrimSpace(m.To))
	if _, err := q.Exec(ctx, insertMail, m.TenantID, id, m.Kind, to, m.Subject, m.Body); err != nil {
		return uuid.Nil, fmt.Errorf("queue a mail: %w", err)
	}
	return id, nil
}

// QueuedMail is a message as the outbox page of development shows it.
type QueuedMail struct {
	ID        uuid.UUID
	Kind      string
	To        string
	Subject   string
	Body      string
	CreatedAt time.Time
}

// RecentMail lists the newest messages of a demo company to its staff, newest
// first, 100 at most. A real company's mail is never shown: its links open homes.
func RecentMail(ctx context.Context, p *db.Pool, tenantID uuid.UUID, most int) ([]QueuedMail, error) {
	return db.Door(ctx, p, func(ctx context.Context, q db.Querier) ([]QueuedMail, error) {
		rows, err := q.Query(ctx, recentMail, tenantID, most)
		if err != nil {
			return nil, fmt.Errorf("read the outbox: %w", err)
		}
		return pgx.CollectRows(rows, pgx.RowToStructByPos[QueuedMail])
	})
}
