package startup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"openhouse.example/packages/db"
)

// askAgain is how long after a check that could not be made it is made again.
const askAgain = time.Second

// Check looks into the database for what a portal must not serve. finding says what it found and what to do about it,
// "" if there is nothing; err says that it could not look.
type Check func(ctx context.Context, p *db.Pool) (finding string, err error)

// ErrRefused is what a Check has found.
var ErrRefused = errors.New("refuses to serve")

// Insist calls run only if check finds nothing. A database that is away is no reason not to run, since nothing can be
// served from it: then check is made again until it can be, and if it finds something run's context ends. The error is
// run's, or wraps ErrRefused.
func Insist(ctx context.Context, p *db.Pool, check Check, log *slog.Logger, run func(context.Context) error) error {
	err := ask(ctx, p, check)
	if final(err) {
		return err
	}
	working, end := context.WithCancelCause(ctx)
	defer end(nil)
	var asking sync.WaitGroup
	if err != nil {
		log.WarnContext(ctx, "what the database holds can't be checked yet: it is checked when it can be", "error", err)
		asking.Go(func() {
			for err != nil && !final(err) && pause(working, askAgain) {
				err = ask(working, p, check)
			}
			if final(err) {
				end(err)
			}
		})
	}
	ran := run(working)
	cause := context.Cause(working)
	end(nil)
	asking.Wait()
	if final(cause) {
		return errors.Join(cause, ran)
	}
	return ran
}

func ask(ctx context.Context, p *db.Pool, check Check) error {
	finding, err := check(ctx, p)
	if finding != "" {
		return fmt.Errorf("%w: %s", ErrRefused, finding)
	}
	return err
}

// final says that to ask again would be of no use.
func final(err error) bool { return errors.Is(err, ErrRefused) || errors.Is(err, db.ErrForbidden) }

// pause waits and reports whether ctx still lives.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
