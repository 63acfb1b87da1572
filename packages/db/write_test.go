package db_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"openhouse.example/packages/db"
)

type made struct{ ID uuid.UUID }

func addNote(tenant uuid.UUID, body string) func(context.Context, *db.Tx) (made, error) {
	return func(ctx context.Context, tx *db.Tx) (made, error) {
		id := uuid.New()
		tx.Audit(db.Event{Action: "note.create", Object: "note", ObjectID: id})
		_, err := tx.Exec(ctx, "insert into notes values ($1, $2, $3)", tenant, id, body)
		return made{id}, err
	}
}

func TestWriteWithAKeyIsDoneOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := open(t, settings(t, h.StaffURL()))
	in := db.Intent{Key: "form-1", Route: "POST /notes"}
	const n = 8
	var wg sync.WaitGroup
	answers := make([]made, n)
	errs := make([]error, n)
	for i := range n {
		wg.Go(func() {
			answers[i], errs[i] = db.Write(t.Context(), p, scope(h.a), in, addNote(h.a, fmt.Sprintf("try %d", i)))
		})
	}
	wg.Wait()
	for i := range n {
		if errs[i] != nil || answers[i] != answers[0] || answers[i].ID == uuid.Nil {
			t.Errorf("answer %d: %v %v, want the first one's %v", i, answers[i], errs[i], answers[0])
		}
	}
	if n := h.Count("select count(*) from notes where body like 'try %'"); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
	if n := h.Count("select count(*) from test_ledger where key = 'form-1' and events->0->>'Action' = 'note.create'"); n != 1 {
		t.Errorf("%d audit entries, want 1", n)
	}
	_, err := db.Write(t.Context(), p, scope(h.a), db.Intent{Key: "form-1", Route: "POST /other"}, addNote(h.a, "x"))
	if !errors.Is(err, db.ErrKeyReused) {
		t.Errorf("the key for another route: %v, want ErrKeyReused", err)
	}
	if _, err := db.Write(t.Context(), p, scope(h.b), in, addNote(h.b, "try b")); err != nil {
		t.Errorf("another company's same key: %v", err)
	}
}

func TestWriteLeavesNothingOfAFailure(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := open(t, settings(t, h.StaffURL(), size(1)))
	mine := errors.New("the callback's own")
	insert := addNote(h.a, "half")
	for name, fn := range map[string]func(context.Context, *db.Tx) (made, error){
		"error": func(ctx context.Context, tx *db.Tx) (made, error) {
			if _, err := insert(ctx, tx); err != nil {
				return made{}, err
			}
			return made{}, mine
		},
		"panic": func(ctx context.Context, tx *db.Tx) (made, error) {
			if _, err := insert(ctx, tx); err != nil {
				return made{}, err
			}
			panic("broken")
		},
		"goexit": func(ctx context.Context, tx *db.Tx) (made, error) {
			if _, err := insert(ctx, tx); err != nil {
				return made{}, err
			}
			runtime.Goexit()
			return made{}, nil
		},
		"unread rows": func(ctx context.Context, tx *db.Tx) (made, error) {
			if _, err := insert(ctx, tx); err != nil {
				return made{}, err
			}
			if _, err := tx.Query(ctx, "select body from notes"); err != nil {
				return made{}, err
			}
			return made{}, mine
		},
	} {
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer func() { _ = recover() }()
			if _, err := db.Write(t.Context(), p, scope(h.a), db.Intent{Key: name}, fn); !errors.Is(err, mine) {
				t.Errorf("%s: %v, want the callback's own error", name, err)
			}
		}()
		<-done
		if n := h.Count("select (select count(*) from notes where body = 'half') + (select count(*) from test_ledger)"); n != 0 {
			t.Errorf("%s: %d rows were left", name, n)
		}
		if _, err := db.Read(t.Context(), p, scope(h.b), bodies); err != nil {
			t.Errorf("%s: the next borrower got %v", name, err)
		}
	}
}

func TestWriteNamesTheConstraint(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := open(t, settings(t, h.StaffURL()))
	if _, err := db.Write(t.Context(), p, scope(h.a), db.Intent{Key: "1"}, addNote(h.a, "same")); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		tenant     uuid.UUID
		body       string
		want       error
		constraint string
	}{
		{h.a, "same", db.ErrUnique, "notes_tenant_id_body_key"},
		{h.a, "", db.ErrCheck, "notes_body_check"},
		{h.b, "foreign", db.ErrForbidden, ""},
	} {
		_, err := db.Write(t.Context(), p, scope(h.a), db.Intent{Key: uuid.NewString()}, addNote(test.tenant, test.body))
		var ours *db.Error
		if !errors.Is(err, test.want) || !errors.As(err, &ours) || ours.Constraint != test.constraint {
			t.Errorf("%q: %v, want %v on %q", test.body, err, test.want, test.constraint)
		}
		if strings.Contains(fmt.Sprint(err), "Key (") {
			t.Errorf("the error shows values: %v", err)
		}
	}
}

func TestWriteRestartsAfterADeadlock(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	tr := &trace{}
	p := open(t, settings(t, h.StaffURL()), db.WithObserver(tr.observe))
	ids := []uuid.UUID{uuid.New(), uuid.New()}
	for _, id := range ids {
		h.Exec("insert into notes values ($1, $2, $3)", h.a, id, id.String())
	}
	var both sync.WaitGroup // each has locked its first row before either asks for its second
	both.Add(2)
	var wg sync.WaitGroup
	for i := range 2 {
		wg.Go(func() {
			attempt := 0
			_, err := db.Write(t.Context(), p, scope(h.a), db.Intent{}, func(ctx context.Context, tx *db.Tx) (int, error) {
				attempt++
				for n, id := range []uuid.UUID{ids[i], ids[1-i]} {
					if _, err := tx.Exec(ctx, "update notes set body = body || '+' where id = $1", id); err != nil {
						return 0, err
					}
					if n == 0 && attempt == 1 {
						both.Done()
						both.Wait()
					}
				}
				return 0, nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := h.Count("select count(*) from notes where body like '%++'"); n != 2 {
		t.Errorf("%d rows were updated twice, want 2", n)
	}
	if !slices.Contains(tr.steps("write"), db.StepRetry) {
		t.Error("nothing was run again: the test made no deadlock")
	}
}

func TestWriteWhoseCallbackHidesAFailureIsAnError(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := open(t, settings(t, h.StaffURL()))
	_, err := db.Write(t.Context(), p, scope(h.a), db.Intent{}, func(ctx context.Context, tx *db.Tx) (int, error) {
		_, _ = tx.Exec(ctx, "insert into notes values ($1, $2, 'kept')", h.a, uuid.New())
		_, _ = tx.Exec(ctx, "insert into notes values ($1, $2, '')", h.a, uuid.New())
		return 1, nil
	})
	if !errors.Is(err, db.ErrCheck) {
		t.Errorf("%v, want the hidden ErrCheck", err)
	}
	if n := h.Count("select count(*) from notes where body = 'kept'"); n != 0 {
		t.Error("half of it was committed")
	}
}

func TestAHandleIsDeadAfterItsCallback(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := open(t, settings(t, h.StaffURL()))
	var kept db.Querier
	if _, err := db.Read(t.Context(), p, scope(h.a), func(ctx context.Context, q db.Querier) (int, error) {
		kept = q
		return 0, nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := kept.Exec(t.Context(), "select 1"); !errors.Is(err, db.ErrHandleClosed) {
		t.Errorf("Exec: %v, want ErrHandleClosed", err)
	}
	if _, err := bodies(t.Context(), kept); !errors.Is(err, db.ErrHandleClosed) {
		t.Errorf("Query: %v, want ErrHandleClosed", err)
	}
	var n int
	if err := kept.QueryRow(t.Context(), "select 1").Scan(&n); !errors.Is(err, db.ErrHandleClosed) {
		t.Errorf("QueryRow: %v, want ErrHandleClosed", err)
	}
}

func TestADoorRunsAsTheLogin(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := open(t, settings(t, h.StaffURL()))
	got, err := db.Door(t.Context(), p, func(ctx context.Context, q db.Querier) (string, error) {
		var s string
		err := q.QueryRow(ctx, "select test_door($1)", "the door").Scan(&s)
		return s, err
	})
	if err != nil || got != "through the door" {
		t.Errorf("%q, %v", got, err)
	}
}
