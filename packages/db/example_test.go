package db_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/db"
)

// exampleTB lets an Example, which has no testing.TB, use the tests' databases.
type exampleTB struct {
	testing.TB
	cleanups []func()
}

func (e *exampleTB) Helper()                   {}
func (e *exampleTB) Name() string              { return "Example" }
func (e *exampleTB) Context() context.Context  { return context.Background() }
func (e *exampleTB) Cleanup(f func())          { e.cleanups = append(e.cleanups, f) }
func (e *exampleTB) Fatal(args ...any)         { panic(fmt.Sprint(args...)) }
func (e *exampleTB) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }
func (e *exampleTB) Error(args ...any)         { panic(fmt.Sprint(args...)) }
func (e *exampleTB) Errorf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }

// openExample gives a pool and a company with two notes, "keys" and "kettle".
func openExample() (pool *db.Pool, company uuid.UUID, done func()) {
	tb := &exampleTB{}
	h := newHouse(tb)
	company = uuid.New()
	for _, body := range []string{"keys", "kettle"} {
		h.Exec("insert into notes values ($1, gen_random_uuid(), $2)", company, body)
	}
	pool = open(tb, settings(tb, h.StaffURL()))
	return pool, company, func() {
		for i := len(tb.cleanups) - 1; i >= 0; i-- {
			tb.cleanups[i]()
		}
	}
}

// The seed's `db.select().from(users).where(eq(users.id, userId))`.
func ExampleRead() {
	pool, company, done := openExample()
	defer done()
	ctx := context.Background()

	notes, err := db.Read(ctx, pool, db.Scope{Role: "openhouse_staff", TenantID: company},
		func(ctx context.Context, q db.Querier) ([]string, error) {
			rows, err := q.Query(ctx, "select body from notes where tenant_id = $1 order by body", company)
			if err != nil {
				return nil, err
			}
			return pgx.CollectRows(rows, pgx.RowTo[string])
		})
	fmt.Println(notes, err)
	// Output: [kettle keys] <nil>
}

// The seed's `db.query.users.findFirst(…)`: no row is ErrNotFound.
func ExampleRead_findFirst() {
	pool, company, done := openExample()
	defer done()
	ctx := context.Background()

	_, err := db.Read(ctx, pool, db.Scope{Role: "openhouse_staff", TenantID: company},
		func(ctx context.Context, q db.Querier) (string, error) {
			var body string
			err := q.QueryRow(ctx, "select body from notes where tenant_id = $1 and body = $2", company, "spoons").Scan(&body)
			return body, err
		})
	fmt.Println(errors.Is(err, db.ErrNotFound))
	// Output: true
}

// The seed's tenant filter. Here the database enforces it: a query that forgets its WHERE, or asks for another
// company, still sees its own rows only.
func ExampleRead_tenantIsolation() {
	pool, company, done := openExample()
	defer done()
	ctx := context.Background()

	everything := func(ctx context.Context, q db.Querier) (int, error) {
		var n int
		err := q.QueryRow(ctx, "select count(*) from notes").Scan(&n)
		return n, err
	}
	own, _ := db.Read(ctx, pool, db.Scope{Role: "openhouse_staff", TenantID: company}, everything)
	strangers, _ := db.Read(ctx, pool, db.Scope{Role: "openhouse_staff", TenantID: uuid.New()}, everything)
	fmt.Println(own, strangers)
	// Output: 2 0
}

// The seed's `db.transaction(async (tx) => …)`, with a key: the same request twice is done once.
func ExampleWrite() {
	pool, company, done := openExample()
	defer done()
	ctx := context.Background()

	add := func(ctx context.Context, tx *db.Tx) (int64, error) {
		if _, err := tx.Exec(ctx, "update notes set body = 'found ' || body where tenant_id = $1", company); err != nil {
			return 0, err
		}
		tag, err := tx.Exec(ctx, "insert into notes values ($1, $2, 'spoons')", company, uuid.New())
		return tag.RowsAffected(), err
	}
	scope := db.Scope{Role: "openhouse_staff", TenantID: company}
	intent := db.Intent{Key: "0f6c0a52", Route: "POST /notes"}
	first, err := db.Write(ctx, pool, scope, intent, add)
	fmt.Println(first, err)
	again, err := db.Write(ctx, pool, scope, intent, add)
	fmt.Println(again, err)
	// Output:
	// 1 <nil>
	// 1 <nil>
}

// The seed's `withClient(async (client) => client.query(…))`.
func ExamplePool_WithClient() {
	pool, company, done := openExample()
	defer done()
	ctx := context.Background()

	err := pool.WithClient(ctx, db.Scope{Role: "openhouse_staff", TenantID: company},
		func(ctx context.Context, c *db.Client) error {
			if _, err := c.Exec(ctx, "set work_mem = '64MB'"); err != nil { // gone when the callback returns
				return err
			}
			var n int
			if err := c.QueryRow(ctx, "select count(*) from notes where tenant_id = $1", company).Scan(&n); err != nil {
				return err
			}
			fmt.Println(n, "notes")
			return nil
		})
	fmt.Println(err)
	// Output:
	// 2 notes
	// <nil>
}

// The seed's `healthCheck()`.
func ExamplePool_HealthCheck() {
	pool, _, done := openExample()
	defer done()

	health := pool.HealthCheck(context.Background())
	fmt.Println(health.Healthy, health.LatencyMs > 0, health.PoolStats.WaitingCount)
	// Output: true true 0
}

// The seed's `getPoolStats()`.
func ExamplePool_GetPoolStats() {
	pool, _, done := openExample()
	defer done()

	stats := pool.GetPoolStats()
	fmt.Printf("total %d, idle %d, waiting %d\n", stats.TotalCount, stats.IdleCount, stats.WaitingCount)
	// Output: total 2, idle 2, waiting 0
}

// The seed's `closePool()`: bounded, whatever is still held.
func ExamplePool_ClosePool() {
	pool, company, done := openExample()
	defer done()
	ctx := context.Background()

	fmt.Println(pool.ClosePool(ctx))
	_, err := db.Read(ctx, pool, db.Scope{Role: "openhouse_staff", TenantID: company}, bodies)
	fmt.Println(errors.Is(err, db.ErrClosed))
	// Output:
	// <nil>
	// true
}

// What comes before a scope: a door function that answers one question.
func ExampleDoor() {
	pool, _, done := openExample()
	defer done()

	answer, err := db.Door(context.Background(), pool, func(ctx context.Context, q db.Querier) (string, error) {
		var s string
		err := q.QueryRow(ctx, "select test_door('the door')").Scan(&s)
		return s, err
	})
	fmt.Println(answer, err)
	// Output: through the door <nil>
}
