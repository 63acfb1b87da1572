package documents

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/db"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/platform/files"
)

// Sweeper takes stored files away that no version names: those of uploads that ended in the middle, and of what was
// deleted.
type Sweeper struct {
	Pool  *db.Pool
	Files files.Storage
	Log   *slog.Logger
}

const (
	// Spared is how old a file must be. No upload takes as long as that between the file and the row that names it.
	Spared = 24 * time.Hour
	// SweepEvery is how long a worker waits between two sweeps, and before the first.
	SweepEvery = 6 * time.Hour

	namedFiles = `select distinct sha256 from document_versions where tenant_id = $1 and sha256 = any($2::bytea[])`
)

// Run sweeps again and again until ctx ends.
func (s *Sweeper) Run(ctx context.Context) {
	tick := time.NewTicker(SweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		n, err := s.Sweep(ctx, time.Now().Add(-Spared))
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			s.Log.Warn("stored files can't be swept; it is tried again", "error", err)
		case n > 0:
			s.Log.Info("stored files swept that nothing names", "files", n)
		}
	}
}

// Sweep takes the files away that were stored before a time and that no version names. It returns how many.
func (s *Sweeper) Sweep(ctx context.Context, before time.Time) (int, error) {
	return files.Sweep(ctx, s.Files, before, func(ctx context.Context, tenantID uuid.UUID, list []files.Hash) (map[files.Hash]bool, error) {
		sums := make([][]byte, len(list))
		for i, h := range list {
			sums[i] = h[:]
		}
		scope := db.Scope{Role: platform.RoleWorker, TenantID: tenantID}
		named, err := db.Read(ctx, s.Pool, scope, func(ctx context.Context, q db.Querier) ([][]byte, error) {
			rows, err := q.Query(ctx, namedFiles, tenantID, sums)
			if err != nil {
				return nil, err
			}
			return pgx.CollectRows(rows, pgx.RowTo[[]byte])
		})
		if err != nil {
			return nil, err
		}
		keep := map[files.Hash]bool{}
		for _, sum := range named {
			if h, err := files.HashOf(sum); err == nil {
				keep[h] = true
			}
		}
		return keep, nil
	})
}
