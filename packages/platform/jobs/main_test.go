package jobs_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"openhouse.example/packages/config"
	"openhouse.example/packages/db"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/platform/jobs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Wrap(m)) }

// patience is how long something may take on a busy machine.
const patience = time.Minute

// works is a database with two companies.
type works struct {
	*pgtest.DB
	t         testing.TB
	companies [2]uuid.UUID
}

func newWorks(t testing.TB) *works {
	t.Helper()
	w := &works{DB: pgtest.New(t), t: t, companies: [2]uuid.UUID{uuid.New(), uuid.New()}}
	for i, id := range w.companies {
		w.Exec(`insert into tenants (id, name, slug) values ($1, 'Meadow Homes', 'meadow-' || $2::int)`, id, i)
	}
	return w
}

// pool is one worker's.
func (w *works) pool() *db.Pool {
	w.t.Helper()
	var c db.Config
	set := map[string]string{"DATABASE_URL": w.WorkerURL(), "DB_POOL_MAX": "6", "DB_POOL_MIN": "0"}
	if err := config.LoadFrom(&c, func(name string) (string, bool) { v, ok := set[name]; return v, ok }, nil); err != nil {
		w.t.Fatal(err)
	}
	p, err := db.Open(context.Background(), c, db.WithRole(platform.RoleWorker), db.WithLedger(platform.Ledger{}), db.WithLogger(quiet))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := p.ClosePool(context.Background()); err != nil {
			w.t.Error(err)
		}
	})
	return p
}

var quiet = slog.New(slog.DiscardHandler)

// add queues a job as the worker itself may.
func (w *works) add(p *db.Pool, n jobs.New) uuid.UUID {
	w.t.Helper()
	id, err := db.Write(context.Background(), p, db.Scope{Role: platform.RoleWorker, TenantID: n.TenantID}, db.Intent{},
		func(ctx context.Context, tx *db.Tx) (uuid.UUID, error) { return jobs.Add(ctx, tx, n) })
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// run runs a loop until the test, or the function returned, stops it; that one returns what Run returned.
func (w *works) run(q *jobs.Queue, atOnce int, stop time.Duration) func() error {
	q.Log = quiet
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	loop := &jobs.Loop{Name: "jobs", Source: q, AtOnce: atOnce, Log: quiet, Poll: 10 * time.Millisecond, Stop: stop}
	go func() { ended <- loop.Run(ctx) }()
	var result error
	stopped := false
	end := func() error {
		if !stopped {
			stopped = true
			cancel()
			result = <-ended
		}
		return result
	}
	w.t.Cleanup(func() { _ = end() })
	return end
}

// row is a job as the table has it.
type row struct {
	State       string
	Attempts    int
	MaxAttempts int
	LastError   string
	InSeconds   float64 // until it may be claimed
}

func (w *works) row(id uuid.UUID) row {
	w.t.Helper()
	text := pgtest.Value[string](w.DB, `select json_build_object('State', state, 'Attempts', attempts, 'MaxAttempts', max_attempts,
		'LastError', last_error, 'InSeconds', extract(epoch from run_at - now()))::text from jobs where id = '`+id.String()+`'`)
	var r row
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		w.t.Fatal(err)
	}
	return r
}

// until waits for a condition.
func (w *works) until(what string, done func() bool) {
	w.t.Helper()
	for limit := time.Now().Add(patience); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			w.t.Fatalf("never: %s", what)
		}
	}
}

// effects counts what the jobs of a test have changed.
func (w *works) effects() int64 {
	return pgtest.Value[int64](w.DB, `select count(*) from audit_log where action = 'test.effect'`)
}

// leave is an effect that can be counted.
func leave(j jobs.Job) jobs.Effect {
	return func(_ context.Context, tx *db.Tx) error {
		tx.Audit(db.Event{Action: "test.effect", Object: "job", ObjectID: j.ID})
		return nil
	}
}
