package db_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"openhouse.example/packages/config"
	"openhouse.example/packages/db"
	"openhouse.example/packages/pgdev"
	"openhouse.example/packages/pgdev/pgtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Wrap(m)) }

const staff = "openhouse_staff"

// tables are this package's own: it must not depend on the product's.
const tables = `
create table notes (tenant_id uuid not null, id uuid not null, body text not null check (body <> ''),
                    primary key (tenant_id, id), unique (tenant_id, body));
alter table notes enable row level security; alter table notes force row level security;
create policy notes_staff on notes for all to openhouse_staff
  using (tenant_id = (select current_setting('app.tenant_id'))::uuid) with check (tenant_id = (select current_setting('app.tenant_id'))::uuid);
grant select, insert, update, delete on notes to openhouse_staff;
create table test_ledger (tenant_id uuid not null, key text not null, route text not null, answer jsonb,
                     events jsonb, primary key (tenant_id, key));
alter table test_ledger enable row level security; alter table test_ledger force row level security;
create policy ledger_staff on test_ledger for all to openhouse_staff
  using (tenant_id = (select current_setting('app.tenant_id'))::uuid) with check (tenant_id = (select current_setting('app.tenant_id'))::uuid);
grant select, insert, update on test_ledger to openhouse_staff;
create function test_door(p text) returns text language sql security definer set search_path = public, pg_temp as $$ select 'through ' || p $$;
grant execute on function test_door(text) to public;
`

// house is a database of the test's own with two companies in it.
type house struct {
	*pgtest.DB
	a, b uuid.UUID
}

func newHouse(t testing.TB) house {
	t.Helper()
	return furnish(pgtest.New(t))
}

// newHouseOn is a house on a server of the test's own.
func newHouseOn(t testing.TB, server *pgdev.Server) house {
	t.Helper()
	return furnish(pgtest.NewOn(t, server))
}

func furnish(d *pgtest.DB) house {
	h := house{DB: d, a: uuid.New(), b: uuid.New()}
	h.Exec(tables)
	for _, tenant := range []uuid.UUID{h.a, h.b} {
		for i := range 3 {
			h.Exec("insert into notes values ($1, $2, $3)", tenant, uuid.New(), fmt.Sprintf("note %d of %s", i, tenant))
		}
	}
	return h
}

// Count returns the number that an administrator's query gives.
func (h house) Count(sql string, args ...any) (n int) {
	conn, err := pgx.Connect(context.Background(), h.AdminURL())
	if err != nil {
		panic(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if err := conn.QueryRow(context.Background(), sql, args...).Scan(&n); err != nil {
		panic(err)
	}
	return n
}

func (h house) column(sql string, args ...any) []int {
	conn, err := pgx.Connect(context.Background(), h.AdminURL())
	if err != nil {
		panic(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	rows, _ := conn.Query(context.Background(), sql, args...) // CollectRows reports its error
	out, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		panic(err)
	}
	return out
}

func scope(tenant uuid.UUID) db.Scope { return db.Scope{Role: staff, TenantID: tenant} }

// settings are the defaults with the given address.
func settings(t testing.TB, url string, change ...func(*db.Config)) db.Config {
	t.Helper()
	c, err := load(map[string]string{"DATABASE_URL": url})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range change {
		f(&c)
	}
	return c
}

func size(n int) func(*db.Config) { return func(c *db.Config) { c.Max, c.Min = n, min(c.Min, n) } }

func patience(d time.Duration) func(*db.Config) {
	return func(c *db.Config) { c.ConnTimeout = config.Millis(d) }
}

func open(t testing.TB, c db.Config, opts ...db.Option) *db.Pool {
	t.Helper()
	opts = append([]db.Option{db.WithRole(staff), db.WithLedger(ledger{}), db.WithLogger(slog.New(slog.DiscardHandler))}, opts...)
	p, err := db.Open(context.Background(), c, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.ClosePool(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return p
}

func bodies(ctx context.Context, q db.Querier) ([]string, error) {
	return column(ctx, q, "select body from notes order by body")
}

// ledger keeps keys and events in the test's own table.
type ledger struct{}

func (ledger) Claim(ctx context.Context, q db.Querier, s db.Scope, in db.Intent) ([]byte, bool, error) {
	tag, err := q.Exec(ctx, "insert into test_ledger values ($1, $2, $3) on conflict do nothing", s.TenantID, in.Key, in.Route)
	if err != nil || tag.RowsAffected() == 1 {
		return nil, false, err
	}
	var route string
	var answer []byte
	if err := q.QueryRow(ctx, "select route, answer from test_ledger where key = $1", in.Key).Scan(&route, &answer); err != nil {
		return nil, false, err
	}
	if route != in.Route {
		return nil, false, db.ErrKeyReused
	}
	return answer, true, nil
}

func (ledger) Settle(ctx context.Context, q db.Querier, s db.Scope, in db.Intent, answer []byte, events []db.Event) error {
	list, err := json.Marshal(events)
	if err != nil {
		return err
	}
	_, err = q.Exec(ctx, "update test_ledger set answer = $3, events = $4 where tenant_id = $1 and key = $2", s.TenantID, in.Key, answer, list)
	return err
}

// trace collects observations.
type trace struct {
	mu   sync.Mutex
	seen []db.Observation
}

func (tr *trace) observe(_ context.Context, o db.Observation) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.seen = append(tr.seen, o)
}

func (tr *trace) steps(op string) []db.Step {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	var steps []db.Step
	for _, o := range tr.seen {
		if o.Op == op {
			steps = append(steps, o.Step)
		}
	}
	return steps
}

// eventually waits until a condition holds.
func eventually(t testing.TB, limit time.Duration, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("after %v still not: %s", limit, what)
}
