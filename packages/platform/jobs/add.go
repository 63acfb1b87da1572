package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"openhouse.example/packages/db"
)

// New is a job to be done.
type New struct {
	TenantID uuid.UUID
	Kind     string    // small letters and "_"
	Payload  any       // becomes a JSON object; nil for none
	RunAt    time.Time // not before; zero for at once
	Attempts int       // how often it may be tried; 0 for 5
}

const addJob = `insert into jobs (tenant_id, id, kind, payload, run_at, max_attempts)
	values ($1, $2, $3, $4, coalesce($5, now()), $6)`

const defaultAttempts = 5

// Add queues a job in the scope and transaction of q and returns its id.
func Add(ctx context.Context, q db.Querier, n New) (uuid.UUID, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return uuid.Nil, fmt.Errorf("make an id: %w", err)
	}
	payload := []byte("{}")
	if n.Payload != nil {
		if payload, err = json.Marshal(n.Payload); err != nil {
			return uuid.Nil, fmt.Errorf("the payload of a %s can't be written as JSON: %w", n.Kind, err)
		}
	}
	var at *time.Time
	if !n.RunAt.IsZero() {
		at = &n.RunAt
	}
	attempts := n.Attempts
	if attempts == 0 {
		attempts = defaultAttempts
	}
	if _, err := q.Exec(ctx, addJob, n.TenantID, id, n.Kind, string(payload), at, attempts); err != nil {
		return uuid.Nil, fmt.Errorf("queue a job: %w", err)
	}
	return id, nil
}
