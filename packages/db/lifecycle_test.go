package db_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"openhouse.example/packages/db"
	"openhouse.example/packages/pgdev"
	"openhouse.example/packages/pgdev/pgtest"
)

// The seed's "normal request flow": request, query, connection assigned, executed, back to idle, response sent.
func TestRequestFlow(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	tr := &trace{}
	p := open(t, settings(t, h.StaffURL()), db.WithObserver(tr.observe))
	var idleAtResponse atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		notes, err := db.Read(r.Context(), p, scope(h.a), bodies)
		if err != nil {
			t.Error(err)
		}
		s := p.GetPoolStats()
		idleAtResponse.Store(s.TotalCount == s.IdleCount)
		_, _ = w.Write([]byte(strings.Join(notes, "\n")))
	}))
	defer server.Close()
	response, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
	want := []db.Step{db.StepAcquired, db.StepStatement, db.StepReleased}
	if diff := cmp.Diff(want, tr.steps("read")); diff != "" {
		t.Error("steps (-want +got):", diff)
	}
	if !idleAtResponse.Load() {
		t.Error("the connection was still held when the response was written")
	}
	for _, o := range tr.seen {
		if o.Op == "read" && o.Backend == 0 {
			t.Errorf("step %s names no backend", o.Step)
		}
	}
}

// The seed's "withClient flow": acquire, callback, finally release. The session is wiped between the last two.
func TestWithClientFlow(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	mine := errors.New("the callback failed")
	for _, result := range []error{nil, mine} {
		tr := &trace{}
		p := open(t, settings(t, h.StaffURL()), db.WithObserver(tr.observe))
		err := p.WithClient(t.Context(), scope(h.a), func(ctx context.Context, c *db.Client) error {
			if got := p.GetPoolStats(); got.TotalCount-got.IdleCount != 1 {
				t.Errorf("inside the callback: %+v", got)
			}
			if _, err := c.Exec(ctx, "select 1"); err != nil {
				return err
			}
			return result
		})
		if !errors.Is(err, result) {
			t.Error(err)
		}
		want := []db.Step{db.StepAcquired, db.StepStatement, db.StepCleaned, db.StepReleased}
		if diff := cmp.Diff(want, tr.steps("withclient")); diff != "" {
			t.Error("steps (-want +got):", diff)
		}
		if got := p.GetPoolStats(); got.TotalCount != got.IdleCount {
			t.Errorf("a connection is still held: %+v", got)
		}
	}
}

func TestWriteFlow(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	tr := &trace{}
	p := open(t, settings(t, h.StaffURL()), db.WithObserver(tr.observe))
	if _, err := db.Write(t.Context(), p, scope(h.a), db.Intent{}, func(ctx context.Context, tx *db.Tx) (int64, error) {
		tag, err := tx.Exec(ctx, "update notes set body = body || '.'")
		return tag.RowsAffected(), err
	}); err != nil {
		t.Fatal(err)
	}
	_, _ = db.Write(t.Context(), p, scope(h.a), db.Intent{}, func(ctx context.Context, tx *db.Tx) (int64, error) {
		_, err := tx.Exec(ctx, "delete from notes")
		return 0, errors.Join(err, errors.New("no"))
	})
	want := []db.Step{
		db.StepAcquired, db.StepStatement, db.StepCommitted, db.StepReleased,
		db.StepAcquired, db.StepStatement, db.StepRolledBack, db.StepReleased,
	}
	if diff := cmp.Diff(want, tr.steps("write")); diff != "" {
		t.Error("steps (-want +got):", diff)
	}
}

// The database is restarted under readers: they are held, and none fails.
func TestReadsAreHeldThroughARestart(t *testing.T) {
	t.Parallel()
	h := newHouseOn(t, pgtest.Server(t))
	tr := &trace{}
	p := open(t, settings(t, h.StaffURL(), size(4)), db.WithObserver(tr.observe))
	stop := make(chan struct{})
	var reads atomic.Int64
	done := make(chan struct{}, 8)
	for range cap(done) {
		go func() {
			defer func() { done <- struct{}{} }()
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := db.Read(context.Background(), p, scope(h.a), bodies); err != nil {
					t.Error(err)
					return
				}
				reads.Add(1)
			}
		}()
	}
	eventually(t, 5*time.Second, "reading", func() bool { return reads.Load() > 100 })
	if err := h.Server().Halt(pgdev.Fast); err != nil {
		t.Fatal(err)
	}
	eventually(t, 3*time.Second, "health says so", func() bool { h := p.HealthCheck(t.Context()); return !h.Healthy && h.Reason == "down" })
	if err := h.Server().Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, 2*time.Second, "healthy again", func() bool { return p.HealthCheck(t.Context()).Healthy })
	before := reads.Load()
	eventually(t, 5*time.Second, "reading again", func() bool { return reads.Load() > before+100 })
	close(stop)
	for range cap(done) {
		<-done
	}
	if !slices.Contains(tr.steps("read"), db.StepRetry) {
		t.Log("no read was under way when the server stopped")
	}
}
