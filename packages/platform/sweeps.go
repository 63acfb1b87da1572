package platform

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/db"
)

const (
	sweepPlanted   = `select planted_sweep()`
	sweepRetention = `select retention_sweep()`
)

// SweepPlanted takes the companies away that a self-check has planted and, because it was killed, has not swept, once
// their time is over. It answers how many there were. p is the worker's.
func SweepPlanted(ctx context.Context, p *db.Pool) (swept int64, err error) {
	swept, err = sweep(ctx, p, func(ctx context.Context, c *db.Client) pgx.Row { return c.QueryRow(ctx, sweepPlanted) })
	if err != nil {
		return 0, fmt.Errorf("sweep what a self-check has left: %w", err)
	}
	return swept, nil
}

// SweepRetention clears away what has had its time, of all companies: links, keys of forms, refused claims, mail that
// was sent or given up, sessions. One call takes some hundred rows of a kind and waits for nobody, so it is to be called
// again and again. It answers how many rows went. p is the worker's.
func SweepRetention(ctx context.Context, p *db.Pool) (swept int64, err error) {
	swept, err = sweep(ctx, p, func(ctx context.Context, c *db.Client) pgx.Row { return c.QueryRow(ctx, sweepRetention) })
	if err != nil {
		return 0, fmt.Errorf("clear away what has had its time: %w", err)
	}
	return swept, nil
}

// sweep runs a function of the owner's that only the worker's role may call, and answers what it counted.
func sweep(ctx context.Context, p *db.Pool, call func(context.Context, *db.Client) pgx.Row) (counted int64, err error) {
	scope := db.Scope{Role: RoleWorker, TenantID: uuid.New()} // which company is set doesn't matter
	err = p.WithClient(ctx, scope, func(ctx context.Context, c *db.Client) error { return call(ctx, c).Scan(&counted) })
	return counted, err
}
