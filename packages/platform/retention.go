package platform

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"openhouse.example/packages/db"
)

const sweepRetention = `select retention_sweep()`

// SweepRetention clears away what has had its time, of all companies: links, keys of forms, refused claims, mail that
// was sent or given up, sessions. One call takes some hundred rows of a kind and waits for nobody, so it is to be called
// again and again. It answers how many rows went. p is the worker's.
func SweepRetention(ctx context.Context, p *db.Pool) (swept int64, err error) {
	// The right is the worker's role's; which company is set doesn't matter.
	scope := db.Scope{Role: RoleWorker, TenantID: uuid.New()}
	err = p.WithClient(ctx, scope, func(ctx context.Context, c *db.Client) error {
		return c.QueryRow(ctx, sweepRetention).Scan(&swept)
	})
	if err != nil {
		return 0, fmt.Errorf("clear away what has had its time: %w", err)
	}
	return swept, nil
}
