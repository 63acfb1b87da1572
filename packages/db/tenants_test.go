package db_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"openhouse.example/packages/db"
	"openhouse.example/packages/pgdev/pgtest"
)

// crowd is many callers of many companies on one small pool, some of whom misbehave.
type crowd struct {
	h       house
	p       *db.Pool
	tenants []uuid.UUID

	requests, foreign, unknown, failed atomic.Int64
	firstFailure                       atomic.Pointer[error]

	mu           sync.Mutex
	acknowledged []string
}

// Requests of many companies share connections, while backends are killed, the server restarts, callbacks panic, leave
// settings of another company behind or are abandoned: nobody sees a row of another company, and what was acknowledged
// is there once.
func TestNobodySeesAnotherCompanysRows(t *testing.T) {
	t.Parallel()
	requests := int64(6_000)
	if os.Getenv("FAULT") == "full" {
		requests = 1_000_000
	}
	h := newHouseOn(t, pgtest.Server(t))
	c := &crowd{h: h, p: open(t, settings(t, h.StaffURL(), size(10))), tenants: []uuid.UUID{h.a, h.b}}
	for range 18 {
		tenant := uuid.New()
		c.tenants = append(c.tenants, tenant)
		for i := range 3 {
			h.Exec("insert into notes values ($1, $2, $3)", tenant, uuid.New(), fmt.Sprintf("note %d of %s", i, tenant))
		}
	}
	stop := make(chan struct{})
	var trouble, callers sync.WaitGroup
	trouble.Go(func() { c.makeTrouble(t, stop) })
	for range 16 {
		callers.Go(func() {
			for c.requests.Add(1) <= requests {
				c.visit(t)
			}
		})
	}
	callers.Wait()
	close(stop)
	trouble.Wait()
	if n := c.foreign.Load(); n > 0 {
		t.Errorf("%d foreign rows were seen", n)
	}
	if n := c.failed.Load(); n > 0 {
		t.Errorf("%d requests failed, the first with %v", n, *c.firstFailure.Load())
	}
	rows := h.Count("select count(*) from notes where body like 'written %'")
	if known, most := len(c.acknowledged), len(c.acknowledged)+int(c.unknown.Load()); rows < known || rows > most {
		t.Errorf("%d rows for %d acknowledged writes and %d unknown", rows, known, c.unknown.Load())
	}
	for _, body := range c.acknowledged[:min(len(c.acknowledged), 500)] {
		if h.Count("select count(*) from notes where body = $1", body) != 1 {
			t.Errorf("%q was acknowledged and is not there", body)
		}
	}
	t.Logf("%d requests, %d writes acknowledged, %d unknown", requests, len(c.acknowledged), c.unknown.Load())
}

// makeTrouble kills backends all the time and restarts the server now and then.
func (c *crowd) makeTrouble(t *testing.T, stop <-chan struct{}) {
	for round := 1; ; round++ {
		select {
		case <-stop:
			return
		case <-time.After(50 * time.Millisecond):
		}
		if round%40 == 0 {
			if err := c.h.Server().Halt(fast); err != nil {
				t.Error(err)
			}
			if err := c.h.Server().Resume(context.Background()); err != nil {
				t.Error(err)
				return
			}
			continue
		}
		c.h.Count(killOne, c.h.Name, 1)
	}
}

// visit is one request of a random company.
func (c *crowd) visit(t *testing.T) {
	mine := c.tenants[rand.IntN(len(c.tenants))]
	other := c.tenants[rand.IntN(len(c.tenants))]
	switch dice := rand.IntN(100); {
	case dice < 70:
		notes, err := db.Read(context.Background(), c.p, scope(mine), someBodies)
		c.look(mine, notes)
		c.note(err)
	case dice < 80:
		c.write(mine)
	case dice < 85:
		err := c.p.WithClient(context.Background(), scope(mine), func(ctx context.Context, q *db.Client) error {
			notes, err := someBodies(ctx, q)
			c.look(mine, notes)
			if err == nil { // and leave a mess behind
				_, err = q.Exec(ctx, "select set_config('app.tenant_id', $1, false)", other.String())
			}
			return err
		})
		if err != nil && !errors.Is(err, db.ErrDatabaseDown) { // it is never run again
			c.note(err)
		}
	case dice < 95:
		c.misbehave(mine, dice%2 == 0)
	default:
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(rand.Int64N(int64(3*time.Millisecond))))
		defer cancel()
		notes, _ := db.Read(ctx, c.p, scope(mine), func(ctx context.Context, q db.Querier) ([]string, error) {
			return column(ctx, q, "select body from notes, pg_sleep(0.002) order by body limit 20")
		}) // that it ends early is the point
		c.look(mine, notes)
	}
}

func someBodies(ctx context.Context, q db.Querier) ([]string, error) {
	return column(ctx, q, "select body from notes order by body limit 20")
}

// misbehave ends a callback in the middle of its rows.
func (c *crowd) misbehave(mine uuid.UUID, panics bool) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = recover() }()
		_, _ = db.Read(context.Background(), c.p, scope(mine), func(ctx context.Context, q db.Querier) (int, error) {
			rows, err := q.Query(ctx, "select body from notes")
			if err != nil {
				return 0, err
			}
			rows.Next()
			if panics {
				panic("in the middle")
			}
			runtime.Goexit()
			return 0, nil
		})
	}()
	<-done
}

func (c *crowd) write(mine uuid.UUID) {
	body := "written " + uuid.NewString() + " of " + mine.String()
	_, err := db.Write(context.Background(), c.p, scope(mine), db.Intent{}, addNoteQuietly(mine, body))
	switch {
	case err == nil:
		c.mu.Lock()
		defer c.mu.Unlock()
		c.acknowledged = append(c.acknowledged, body)
	case errors.Is(err, db.ErrCommitUnknown):
		c.unknown.Add(1)
	default:
		c.note(err)
	}
}

func (c *crowd) look(mine uuid.UUID, notes []string) {
	for _, body := range notes {
		if !strings.HasSuffix(body, mine.String()) {
			c.foreign.Add(1)
		}
	}
}

func (c *crowd) note(err error) {
	if err != nil {
		c.failed.Add(1)
		c.firstFailure.CompareAndSwap(nil, &err)
	}
}
