package startup_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"openhouse.example/packages/db"
	"openhouse.example/packages/web/startup"
)

// answers is a check that answers one after the other, the last one for ever.
func answers(list ...error) (check startup.Check, asked *atomic.Int64) {
	asked = &atomic.Int64{}
	return func(context.Context, *db.Pool) (string, error) {
		n := min(int(asked.Add(1)), len(list)) - 1
		if errors.Is(list[n], errFound) {
			return "there is something in it: take another", nil
		}
		return "", list[n]
	}, asked
}

var errFound = errors.New("a finding")

func TestNothingIsServedBeforeTheCheck(t *testing.T) {
	t.Parallel()
	ended := errors.New("served")
	for name, c := range map[string]struct {
		answers []error
		asked   int64
		runs    bool
		wants   []error
	}{
		"nothing found":                     {[]error{nil}, 1, true, []error{ended}},
		"something found":                   {[]error{errFound}, 1, false, []error{startup.ErrRefused}},
		"it may not look":                   {[]error{db.ErrForbidden}, 1, false, []error{db.ErrForbidden}},
		"away, then nothing found":          {[]error{db.ErrDatabaseDown, db.ErrPoolExhausted, nil}, 3, true, []error{ended}},
		"away, then something found":        {[]error{db.ErrDatabaseDown, db.ErrDatabaseDown, errFound}, 3, true, []error{startup.ErrRefused, context.Canceled}},
		"away, then it may not look":        {[]error{db.ErrDatabaseDown, db.ErrForbidden}, 2, true, []error{db.ErrForbidden, context.Canceled}},
		"away for as long as it is serving": {[]error{db.ErrDatabaseDown}, 60, true, []error{ended}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				check, asked := answers(c.answers...)
				ran := false
				var lines bytes.Buffer
				err := startup.Insist(t.Context(), nil, check, slog.New(slog.NewTextHandler(&lines, nil)), func(ctx context.Context) error {
					ran = true
					select {
					case <-time.After(time.Minute - time.Millisecond):
						return ended
					case <-ctx.Done():
						return ctx.Err()
					}
				})
				if ran != c.runs || asked.Load() != c.asked {
					t.Errorf("ran: %t, asked %d times, want %d", ran, asked.Load(), c.asked)
				}
				for _, want := range c.wants {
					if !errors.Is(err, want) {
						t.Errorf("error %v, want %v", err, want)
					}
				}
				if errors.Is(err, startup.ErrRefused) && !strings.Contains(err.Error(), "take another") {
					t.Errorf("%v doesn't say what to do", err)
				}
				if told := strings.Count(lines.String(), "can't be checked yet"); (told > 0) != errors.Is(c.answers[0], db.ErrDatabaseDown) || told > 1 {
					t.Errorf("told %d times:\n%s", told, &lines)
				}
			})
		})
	}
}

// TestAPortalInDevelopmentMakesNoCheck: demo data is what it is for.
func TestAPortalInDevelopmentMakesNoCheck(t *testing.T) {
	t.Parallel()
	base := open(t, "127.0.0.1:0")
	check, asked := answers(errFound)
	base.InProduction(check)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := base.Serve(ctx, nil); err != nil || asked.Load() != 0 {
		t.Errorf("asked %d times, error %v", asked.Load(), err)
	}
}
