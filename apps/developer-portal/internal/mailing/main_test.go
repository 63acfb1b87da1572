package mailing_test

import (
	"context"
	"log/slog"
	"maps"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"openhouse.example/apps/developer-portal/internal/mailing"
	"openhouse.example/apps/developer-portal/internal/mailing/smtptest"
	"openhouse.example/packages/config"
	"openhouse.example/packages/db"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Wrap(m)) }

var quiet = slog.New(slog.DiscardHandler)

// patience is how long something may take on a busy machine.
const patience = time.Minute

// load reads settings as the worker does.
func load(vars map[string]string) (mailing.Config, error) {
	var c mailing.Config
	err := config.LoadFrom(&c, func(name string) (string, bool) { v, ok := vars[name]; return v, ok }, nil)
	return c, err
}

// sender sends through the server; changes are made to the settings that lead there.
func sender(t testing.TB, s *smtptest.Server, changes map[string]string) *mailing.Sender {
	t.Helper()
	vars := s.Vars()
	maps.Copy(vars, changes)
	cfg, err := load(vars)
	if err != nil {
		t.Fatal(err)
	}
	out, err := mailing.NewSender(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// letter is one that could be sent.
func letter() mailing.Letter {
	return mailing.Letter{
		ID: uuid.MustParse("0198f1c2-0000-7000-8000-000000000014"), Company: "Harbour Homes", To: "mia@example.org",
		Subject: "Your link", Body: "Hello,\n\nhttps://homes.example.org/link/abc\n", At: time.Date(2026, 5, 4, 10, 20, 30, 0, time.UTC),
	}
}

// post is a database with an outbox and two companies.
type post struct {
	*pgtest.DB
	t         testing.TB
	companies [2]uuid.UUID
}

func newPost(t testing.TB) *post {
	t.Helper()
	p := &post{DB: pgtest.New(t), t: t, companies: [2]uuid.UUID{uuid.New(), uuid.New()}}
	for i, name := range []string{"Harbour Homes", "Wiśniowy Sad"} {
		p.Exec(`insert into tenants (id, name, slug) values ($1, $2, 'company-' || $3::int)`, p.companies[i], name, i)
	}
	return p
}

// add queues a mail.
func (p *post) add(company uuid.UUID, to string) uuid.UUID {
	p.t.Helper()
	id := uuid.New()
	p.Exec(`insert into mail_outbox (tenant_id, id, kind, to_email, subject, body) values ($1, $2, 'resident_link', $3, 'Your link', 'https://homes.example.org/link/abc')`, company, id, to)
	return id
}

// pool is one worker's.
func (p *post) pool() *db.Pool {
	p.t.Helper()
	var c db.Config
	set := map[string]string{"DATABASE_URL": p.WorkerURL(), "DB_POOL_MAX": "6", "DB_POOL_MIN": "0"}
	if err := config.LoadFrom(&c, func(name string) (string, bool) { v, ok := set[name]; return v, ok }, nil); err != nil {
		p.t.Fatal(err)
	}
	pool, err := db.Open(context.Background(), c, db.WithRole(platform.RoleWorker), db.WithLedger(platform.Ledger{}), db.WithLogger(quiet))
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		if err := pool.ClosePool(context.Background()); err != nil {
			p.t.Error(err)
		}
	})
	return pool
}

// once takes and does one mail.
func once(t testing.TB, q *mailing.Queue) {
	t.Helper()
	do, err := q.Take(context.Background())
	if err != nil || do == nil {
		t.Fatalf("nothing was taken: %v", err)
	}
	do(context.Background())
}
