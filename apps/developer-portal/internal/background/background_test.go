package background_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"openhouse.example/apps/developer-portal/internal/background"
	"openhouse.example/packages/db"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errLeft = errors.New("another process has it")

// record is work that answers what it is told to, and counts.
type record struct {
	answers []error // of each try; the last one is repeated
	tries   int
	failed  int
}

func (r *record) work() background.Work {
	return background.Work{
		Do: func(context.Context) error {
			r.tries++
			return r.answers[min(r.tries, len(r.answers))-1]
		},
		Left:   func(err error) bool { return errors.Is(err, errLeft) },
		Failed: func(context.Context) error { r.failed++; return nil },
	}
}

func newRunner() *background.Runner { return background.New(slog.New(slog.DiscardHandler), 2) }

func end(t *testing.T, r *background.Runner) {
	t.Helper()
	if err := r.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestWorkIsDoneAgainAsLongAsItMayHelp(t *testing.T) {
	t.Parallel()
	away := fmt.Errorf("read: %w", db.ErrDatabaseDown)
	for name, tc := range map[string]struct {
		answers       []error
		tries, failed int
	}{
		"done":                      {[]error{nil}, 1, 0},
		"the database is away":      {[]error{away, away, away, nil}, 4, 0},
		"somebody else has it":      {[]error{away, errLeft}, 2, 0},
		"a mistake":                 {[]error{errors.New("a mistake"), nil}, 1, 1},
		"the database doesn't come": {[]error{away}, 126, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			r, w := newRunner(), &record{answers: tc.answers}
			id := uuid.New()
			r.Start(id, w.work())
			r.Wait(t.Context(), id, time.Hour)
			end(t, r)
			if w.tries != tc.tries || w.failed != tc.failed {
				t.Errorf("%s: %d tries, %d times given up, want %d and %d", name, w.tries, w.failed, tc.tries, tc.failed)
			}
		})
	}
}

func TestAPieceOfWorkIsDoneOnceAtATimeAndFewAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRunner()
		var now, most, all atomic.Int64
		slow := background.Work{Do: func(context.Context) error {
			most.Store(max(most.Load(), now.Add(1)))
			all.Add(1)
			time.Sleep(time.Second)
			now.Add(-1)
			return nil
		}}
		ids := []uuid.UUID{uuid.New(), uuid.New(), uuid.New(), uuid.New()}
		for _, id := range append(ids, ids...) {
			r.Start(id, slow)
		}
		for _, id := range ids {
			r.Wait(t.Context(), id, time.Hour)
		}
		if most.Load() != 2 || all.Load() != 4 {
			t.Errorf("%d at once, %d times altogether, want 2 and 4", most.Load(), all.Load())
		}
		r.Start(ids[0], slow)
		began := time.Now()
		r.Wait(t.Context(), ids[0], 10*time.Millisecond)
		if took := time.Since(began); took != 10*time.Millisecond {
			t.Errorf("waited %v for work that goes on", took)
		}
		r.Wait(t.Context(), uuid.New(), time.Hour) // nobody works on that
		end(t, r)
	})
}

func TestWorkThatIsAskedForWhileItGoesOnIsDoneOnceMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRunner()
		var all atomic.Int64
		slow := background.Work{Again: true, Do: func(context.Context) error {
			all.Add(1)
			time.Sleep(time.Second)
			return nil
		}}
		id := uuid.New()
		r.Start(id, slow)
		synctest.Wait()
		r.Start(id, slow)
		r.Start(id, slow)
		r.Wait(t.Context(), id, time.Hour)
		if all.Load() != 2 {
			t.Errorf("done %d times, want 2", all.Load())
		}
		end(t, r)
	})
}

func TestCloseCutsWorkAndTakesNoMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRunner()
		w := &record{answers: []error{nil}}
		failed := 0
		r.Start(uuid.New(), background.Work{
			Do:     func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
			Left:   func(error) bool { return false },
			Failed: func(context.Context) error { failed++; return nil },
		})
		r.Every(time.Minute, func(context.Context) error { t.Error("called before the pause"); return nil })
		synctest.Wait()
		end(t, r)
		r.Start(uuid.New(), w.work())
		r.Every(time.Nanosecond, func(context.Context) error { t.Error("called after Close"); return nil })
		time.Sleep(time.Hour)
		if w.tries != 0 || failed != 0 {
			t.Errorf("%d tries after Close; work that was cut was given up %d times", w.tries, failed)
		}
	})
}

func TestCloseDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRunner()
		r.Start(uuid.New(), background.Work{Do: func(context.Context) error { time.Sleep(time.Minute); return nil }})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		synctest.Wait()
		if err := r.Close(ctx); err == nil {
			t.Error("Close says that all is done while work goes on")
		}
		time.Sleep(time.Hour)
	})
}

func TestEveryGoesOnAfterAnError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRunner()
		calls := 0
		r.Every(10*time.Minute, func(context.Context) error { calls++; return db.ErrDatabaseDown })
		time.Sleep(time.Hour + time.Minute)
		end(t, r)
		if calls != 6 {
			t.Errorf("%d calls in an hour", calls)
		}
	})
}
