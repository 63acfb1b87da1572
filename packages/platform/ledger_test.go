package platform_test

import (
	"context"
	"errors"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"openhouse.example/packages/db"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform"
)

func (h *house) intent(key string) db.Intent {
	return db.Intent{
		Subject: h.staff, Key: key, Route: "POST /developments", BodyHash: []byte("one body"),
		From: netip.MustParseAddr("192.0.2.7"), RequestID: "edge-12345678",
	}
}

// counted is work that answers how often it was done, and leaves a trace.
func counted(done *atomic.Int64) func(context.Context, *db.Tx) (int64, error) {
	return func(_ context.Context, tx *db.Tx) (int64, error) {
		tx.Audit(db.Event{Action: "development.create", Object: "development"})
		return done.Add(1), nil
	}
}

func (h *house) events() int64 { return pgtest.Value[int64](h.DB, "select count(*) from audit_log") }

func TestRepetitionGetsTheFirstAnswer(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var done atomic.Int64
	for range 3 {
		got, err := write(h, h.intent("k"), counted(&done))
		if err != nil || got != 1 {
			t.Fatalf("answer %d, %v; want the first one", got, err)
		}
	}
	if done.Load() != 1 || h.events() != 1 {
		t.Errorf("done %d times with %d events, want once", done.Load(), h.events())
	}
}

func TestKeyIsBoundToRequestAndPerson(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var done atomic.Int64
	if _, err := write(h, h.intent("k"), counted(&done)); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*db.Intent){
		"another body":  func(in *db.Intent) { in.BodyHash = []byte("another body") },
		"no body":       func(in *db.Intent) { in.BodyHash = nil },
		"another route": func(in *db.Intent) { in.Route = "POST /homes" },
	} {
		in := h.intent("k")
		change(&in)
		if _, err := write(h, in, counted(&done)); !errors.Is(err, db.ErrKeyReused) {
			t.Errorf("%s: %v, want ErrKeyReused", name, err)
		}
	}
	ben := h.intent("k")
	ben.Subject, ben.Route = h.other, "POST /homes"
	if got, err := db.Write(t.Context(), h.pool, h.scope(h.other), ben, counted(&done)); err != nil || got != 2 {
		t.Errorf("the same key of another person: %d, %v; want it done", got, err)
	}
}

func TestKeyLivesForADay(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var done atomic.Int64
	if _, err := write(h, h.intent("k"), counted(&done)); err != nil {
		t.Fatal(err)
	}
	life := pgtest.Value[time.Duration](h.DB, "select expires_at - created_at from idempotency_keys")
	if life != 24*time.Hour {
		t.Errorf("a key lives %v, want 24 h", life)
	}
	h.Exec("update idempotency_keys set created_at = created_at - interval '25 hours', expires_at = expires_at - interval '25 hours'")
	in := h.intent("k")
	in.BodyHash = []byte("another body")
	if got, err := write(h, in, counted(&done)); err != nil || got != 2 {
		t.Errorf("a day later: %d, %v; want it done anew", got, err)
	}
	if got, err := write(h, in, counted(&done)); err != nil || got != 2 {
		t.Errorf("its repetition: %d, %v; want the new answer", got, err)
	}
}

func TestFailedWorkLeavesTheKeyFree(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	bang := errors.New("bang")
	_, err := write(h, h.intent("k"), func(_ context.Context, tx *db.Tx) (int64, error) {
		tx.Audit(db.Event{Action: "development.create"})
		return 0, bang
	})
	if !errors.Is(err, bang) || h.events() != 0 {
		t.Fatalf("%v with %d events", err, h.events())
	}
	var done atomic.Int64
	if got, err := write(h, h.intent("k"), counted(&done)); err != nil || got != 1 {
		t.Errorf("the second try: %d, %v", got, err)
	}
}

// first starts a write that stays inside until leave is closed, and returns when
// it is there.
func first(h *house, leave <-chan struct{}, err error) <-chan error {
	inside, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		_, e := write(h, h.intent("k"), func(context.Context, *db.Tx) (string, error) {
			close(inside)
			<-leave
			return "first", err
		})
		ended <- e
	}()
	<-inside
	return ended
}

// waits returns when somebody waits for a lock.
func (h *house) waits() {
	h.t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		n := pgtest.Value[int64](h.DB, "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")
		if n > 0 {
			return
		}
		if time.Now().After(end) {
			h.t.Fatal("waited 10 s for somebody to wait for a lock")
		}
	}
}

func TestSecondWaitsForTheFirst(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		over bool // the key was used before, more than a day ago
		err  error
		want string
	}{
		"which commits":                   {false, nil, "first"},
		"which rolls back":                {false, errors.New("no"), "second"},
		"which takes over and commits":    {true, nil, "first"},
		"which takes over and rolls back": {true, errors.New("no"), "second"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			if c.over {
				h.Exec(`insert into idempotency_keys (tenant_id, subject_id, key, route, body_hash, answer, expires_at)
					values ($1, $2, 'k', 'POST /homes', '', '"old"', now() - interval '1 second')`, h.tenant, h.staff)
			}
			leave := make(chan struct{})
			ended := first(h, leave, c.err)
			second := make(chan string, 1)
			go func() {
				got, err := write(h, h.intent("k"), func(context.Context, *db.Tx) (string, error) { return "second", nil })
				if err != nil {
					got = err.Error()
				}
				second <- got
			}()
			h.waits()
			close(leave)
			if err := <-ended; !errors.Is(err, c.err) {
				t.Errorf("the first: %v", err)
			}
			if got := <-second; got != c.want {
				t.Errorf("the second got %q, want %q", got, c.want)
			}
		})
	}
}

func TestSecondGivesUpWaiting(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	leave := make(chan struct{})
	ended := first(h, leave, nil)
	_, err := write(h, h.intent("k"), func(context.Context, *db.Tx) (string, error) { return "second", nil })
	if !errors.Is(err, db.ErrKeyBusy) || errors.Is(err, db.ErrLockTimeout) {
		t.Errorf("after lock_timeout: %v, want ErrKeyBusy alone", err)
	}
	close(leave)
	if err := <-ended; err != nil {
		t.Errorf("the first: %v", err)
	}
}

func TestLedgerRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var done atomic.Int64
	nobody, somebody := h.intent("k"), h.intent("k")
	nobody.Subject, somebody.Subject = uuid.Nil, h.other
	if _, err := write(h, nobody, counted(&done)); err == nil {
		t.Error("a key of nobody was taken")
	}
	if _, err := write(h, somebody, counted(&done)); !errors.Is(err, db.ErrForbidden) {
		t.Errorf("a key in another person's name: %v, want it refused by policy", err)
	}
	_, err := write(h, h.intent(""), func(_ context.Context, tx *db.Tx) (int, error) {
		tx.Audit(db.Event{Action: "development.create", Detail: map[string]any{"odd": func() {}}})
		return 0, nil
	})
	if err == nil {
		t.Error("a detail that is no JSON was taken")
	}
	if err := (platform.Ledger{}).Settle(t.Context(), nil, db.Scope{Role: "openhouse_owner"}, db.Intent{}, nil, nil); err == nil {
		t.Error("an unknown role was taken for an actor")
	}
	if done.Load() != 0 {
		t.Errorf("work was done %d times", done.Load())
	}
}
