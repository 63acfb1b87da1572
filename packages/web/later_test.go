package web

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"openhouse.example/packages/db"
)

func TestLaterDoesWhatWasAskedForAndRefusesACrowd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var done []string
		l := newLater(1, 1, func(ctx context.Context, what string) {
			if _, limited := ctx.Deadline(); !limited || ctx.Err() != nil {
				t.Errorf("%q: the context is %v", what, ctx)
			}
			time.Sleep(time.Second)
			done = append(done, what)
		})
		gone, cancel := context.WithCancel(t.Context())
		if !l.Add(gone, "first") {
			t.Fatal("an empty queue takes nothing")
		}
		cancel()
		synctest.Wait() // it is at the first one
		if !l.Add(t.Context(), "second") || l.Add(t.Context(), "third") {
			t.Fatal("a queue for one takes another number")
		}
		short, end := context.WithTimeout(t.Context(), time.Millisecond)
		defer end()
		if err := l.Close(short); err == nil {
			t.Error("closed in no time with two to do")
		}
		if err := l.Close(t.Context()); err != nil || len(done) != 2 {
			t.Errorf("%v, done %v", err, done)
		}
	})
}

func TestAgainTriesWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  error
		want int
	}{
		"done": {nil, 1}, "away": {db.ErrDatabaseDown, 3}, "full": {db.ErrPoolExhausted, 3}, "locked": {db.ErrLockTimeout, 3}, "wrong": {db.ErrCheck, 1},
	} {
		tries := 0
		_, err := Again(t.Context(), func() (int, error) { tries++; return 0, test.err })
		if tries != test.want || !errors.Is(err, test.err) {
			t.Errorf("%s: %d tries, %v", name, tries, err)
		}
	}
}
