package platform

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"openhouse.example/packages/db"
)

const sweepPlanted = `select planted_sweep()`

// SweepPlanted takes the companies away that a self-check has planted and, because it was killed, has not swept, once
// their time is over. It answers how many there were. p is the worker's.
func SweepPlanted(ctx context.Context, p *db.Pool) (swept int64, err error) {
	// The right is the worker's role's; which company is set doesn't matter.
	scope := db.Scope{Role: RoleWorker, TenantID: uuid.New()}
	err = p.WithClient(ctx, scope, func(ctx context.Context, c *db.Client) error {
		return c.QueryRow(ctx, sweepPlanted).Scan(&swept)
	})
	if err != nil {
		return 0, fmt.Errorf("sweep what a self-check has left: %w", err)
	}
	return swept, nil
}
