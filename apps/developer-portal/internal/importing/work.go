package importing

import (
	"bytes"
	"context"
	"encoding/json"
	"sync/atomic"
	"time"

	"openhouse.example/apps/developer-portal/internal/homecsv"
	"openhouse.example/apps/developer-portal/internal/store"
)

const (
	stageRows = 500             // rows a step: some 20 ms, so that the bar moves
	beatEvery = 1 * time.Second // between two signs of life of a commit
)

// stage reads the file and stages its rows.
func (r *Runner) stage(ctx context.Context, j job, i store.Import) error {
	version, err := r.store.BeginStaging(ctx, j.who, i.ID, i.Version)
	if err != nil {
		return err
	}
	file, err := r.store.ImportFile(ctx, j.who, i.ID)
	if err != nil {
		return err
	}
	stock, err := r.store.Stock(ctx, j.who, i.DevelopmentID)
	if err != nil {
		return err
	}
	mapping, err := ReadMapping(file.Mapping)
	if err != nil {
		return err
	}
	parsed, err := homecsv.Parse(bytes.NewReader(file.Bytes), homecsv.Options{
		Size: int64(len(file.Bytes)), Mapping: mapping, DateOrder: homecsv.DateOrder(file.DateOrder), KnownTypes: knownTypes(stock.Types),
	})
	if err != nil {
		return err
	}
	out := store.Staged{Ready: parsed.Ready(), Encoding: string(parsed.Encoding), Delimiter: parsed.Delimiter}
	findings := findingsOf(parsed)
	if parsed.Ready() {
		c, err := compare(parsed.Rows, stock)
		if err != nil {
			return err
		}
		findings.NewTypes = c.types
		out.New, out.Changed, out.Unchanged, out.Bad = c.added, c.changed, c.unchanged, c.bad
		for from := 0; from < len(c.rows); from += stageRows {
			to := min(from+stageRows, len(c.rows))
			if version, err = r.store.StageRows(ctx, j.who, i, version, c.rows[from:to], to, len(c.rows)); err != nil {
				return err
			}
		}
	}
	if out.Findings, err = json.Marshal(findings); err != nil {
		return err
	}
	return r.store.FinishStaging(ctx, j.who, i.ID, version, out)
}

// commit writes the good rows into the homes.
func (r *Runner) commit(ctx context.Context, j job, i store.Import) error {
	version, err := r.store.Beat(ctx, j.who, i.ID, i.Version, 0, i.Total)
	if err != nil {
		return err
	}
	var done atomic.Int64
	stop := r.beat(ctx, j, i, version, &done)
	defer stop()
	return r.store.CommitImport(ctx, j.who, j.in, i.ID, stillTrue, func(n int) { done.Store(int64(n)) })
}

// beat gives signs of life, with the rows done, until stop is called. One that fails is no harm: the next may not,
// and if none gets through for the length of the lease, another process waits for this one's transaction to end.
func (r *Runner) beat(ctx context.Context, j job, i store.Import, version time.Time, done *atomic.Int64) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(beatEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			if next, err := r.store.Beat(ctx, j.who, i.ID, version, int(done.Load()), i.Total); err == nil {
				version = next
			}
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}
