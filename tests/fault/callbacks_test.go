package fault

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/google/uuid"

	"openhouse.example/packages/db"
	"openhouse.example/packages/pgdev/pgtest"

	"openhouse.example/tests/stack"
)

// TestCallbacksGoneWrong is F28: whatever a callback does to its connection, nobody after it notices, and none is lost.
func TestCallbacksGoneWrong(t *testing.T) {
	t.Parallel()
	const size, rounds = 3, 6
	d := pgtest.New(t)
	counters(d, 100)
	pool := openPool(t, d.StaffURL(), map[string]string{"DB_POOL_MAX": fmt.Sprint(size)})
	ctx := t.Context()
	wrong := map[string]func(q db.Querier) error{
		"panic":  func(db.Querier) error { panic("on purpose") },
		"goexit": func(db.Querier) error { runtime.Goexit(); return nil },
		"unread rows": func(q db.Querier) error {
			_, err := q.Query(ctx, "select n from counters")
			return err
		},
		"panic over rows": func(q db.Querier) error {
			rows, err := q.Query(ctx, "select n from counters")
			if err == nil && rows.Next() {
				panic("on purpose")
			}
			return err
		},
		"a mistake in SQL": func(q db.Querier) error { _, err := q.Exec(ctx, "select 1 / 0"); return err },
		"an error":         func(db.Querier) error { return errors.New("on purpose") },
	}
	for round := range rounds {
		for name, do := range wrong {
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				defer func() { _ = recover() }()
				scope := scopeOf(uuid.New())
				if round%2 == 0 {
					_, _ = db.Read(ctx, pool, scope, func(_ context.Context, q db.Querier) (int, error) { return 0, do(q) })
				} else {
					_, _ = db.Write(ctx, pool, scope, db.Intent{}, func(_ context.Context, tx *db.Tx) (int, error) {
						if _, err := tx.Exec(ctx, "update counters set value = 1 where n = 1"); err != nil {
							return 0, err
						}
						return 0, do(tx)
					})
				}
			}()
			<-ended
			company := uuid.New()
			seen, err := db.Read(ctx, pool, scopeOf(company), func(_ context.Context, q db.Querier) (seen string, err error) {
				return seen, q.QueryRow(ctx, "select current_setting('app.tenant_id') || ' ' || (select value from counters where n = 1)").Scan(&seen)
			})
			// Unread rows are no failure: their write is committed, and undone here.
			if err != nil || seen != company.String()+" 0" && name != "unread rows" {
				t.Fatalf("after %s: %q, %v", name, seen, err)
			}
			if name == "unread rows" {
				d.Exec("update counters set value = 0 where n = 1")
			}
		}
	}
	stack.Eventually(t, 10*time.Second, "every connection to be free again", func() bool { // one may be opened in place of a lost one
		s := pool.GetPoolStats()
		return s.TotalCount == s.IdleCount && s.TotalCount <= size
	})
	for range size + 1 { // as deep as the pool is wide, and once more
		began := time.Now()
		if err := nested(ctx, pool, size); !errors.Is(err, db.ErrNestedAcquire) {
			t.Fatalf("a callback that asks a full pool for another connection got %v, want ErrNestedAcquire", err)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("it took %v to say so, want at once", round(took))
		}
	}
	report.note(fact{"F28", fmt.Sprintf("%d ways to leave a connection, %d times each", len(wrong), rounds), "nobody noticed, none lost; a nested request for one from a full pool is refused at once", "", ""})
}

// nested reads inside a read inside a read, depth deep and once more.
func nested(ctx context.Context, pool *db.Pool, depth int) error {
	_, err := db.Read(ctx, pool, scopeOf(uuid.New()), func(ctx context.Context, q db.Querier) (int, error) {
		if depth == 0 {
			return 0, nil
		}
		return 0, nested(ctx, pool, depth-1)
	})
	return err
}
