package fault

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"openhouse.example/packages/db"
	"openhouse.example/packages/pgdev/pgtest"

	"openhouse.example/tests/stack"
)

const increments = 200

// TestCollisions is F24: 200 increments at once end at exactly 200, whether they collide because every transaction is
// serializable, or because they take two rows in crossing order and deadlock. No route of the portals takes rows in
// crossing order, so this is about packages/db alone, beside the same work on plain pgxpool.
func TestCollisions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, what, setting string
		first, second       func(i int) int // the counters that increment i takes, in this order
	}{
		{"serializable", "200 increments at once, serializable", "default_transaction_isolation = serializable", func(int) int { return 1 }, func(int) int { return 1 }},
		{"deadlocks", "200 increments at once, each of two of ten rows, in any order", "deadlock_timeout = '20ms'", func(i int) int { return 1 + i%10 }, func(i int) int { return 1 + (3*i+4)%10 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := pgtest.New(t)
			d.Exec(fmt.Sprintf("alter database %q set %s", d.Name, c.setting))
			counters(d, 10)
			// How long all this may take is a matter of the machine: only the full run keeps to the default.
			pool := openPool(t, d.StaffURL(), map[string]string{"DB_POOL_CONN_TIMEOUT_MS": stack.Scaled("30000", "5000")})
			ours := count(increments, func(i int) error {
				_, err := db.Write(t.Context(), pool, scopeOf(uuid.New()), db.Intent{}, func(ctx context.Context, tx *db.Tx) (int, error) {
					return 0, increment(ctx, tx, c.first(i), c.second(i))
				})
				return err
			})
			if got := total(t, d); ours.failed > 0 || got != 2*increments {
				t.Errorf("%d increments by 2, of which %d failed (%v), end at %d, want 0 and %d", increments, ours.failed, ours.first, got, 2*increments)
			}
			d.Exec("update counters set value = 0")
			settings, err := pgxpool.ParseConfig(d.AdminURL())
			if err != nil {
				t.Fatal(err)
			}
			settings.MaxConns = poolMax
			plain, err := pgxpool.NewWithConfig(t.Context(), settings)
			if err != nil {
				t.Fatal(err)
			}
			defer plain.Close()
			theirs := count(increments, func(i int) error {
				return pgx.BeginFunc(t.Context(), plain, func(tx pgx.Tx) error {
					return increment(t.Context(), tx, c.first(i), c.second(i))
				})
			})
			if got := total(t, d); got != 2*(increments-theirs.failed) {
				t.Errorf("the test is wrong: on plain pgxpool %d increments failed, and they end at %d", theirs.failed, got)
			}
			report.note(fact{"F24", c.what, ours.String(), theirs.String(), ""})
		})
	}
}

// increment adds one to two counters, or two to one, by reading and then writing.
func increment(ctx context.Context, q db.Querier, first, second int) error {
	for _, n := range []int{first, second} {
		var value int
		if err := q.QueryRow(ctx, "select value from counters where n = $1 for no key update", n).Scan(&value); err != nil {
			return err
		}
		if _, err := q.Exec(ctx, "update counters set value = $2 where n = $1", n, value+1); err != nil {
			return err
		}
	}
	return nil
}

// tally is how often something was tried and failed.
type tally struct {
	failed int
	first  error
	took   time.Duration
}

func (c tally) String() string {
	return fmt.Sprintf("%d of %d failed, %s", c.failed, increments, milliseconds(c.took))
}

func count(n int, do func(i int) error) (c tally) {
	var mu sync.Mutex
	var all sync.WaitGroup
	began := time.Now()
	for i := range n {
		all.Go(func() {
			if err := do(i); err != nil {
				mu.Lock()
				defer mu.Unlock()
				c.failed++
				if c.first == nil {
					c.first = err
				}
			}
		})
	}
	all.Wait()
	c.took = time.Since(began)
	return c
}

func total(t *testing.T, d *pgtest.DB) (sum int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), d.AdminURL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if err := conn.QueryRow(t.Context(), "select sum(value) from counters").Scan(&sum); err != nil && !errors.Is(err, pgx.ErrNoRows) {
		t.Fatal(err)
	}
	return sum
}
