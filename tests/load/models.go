package load

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// Planned is how many visits Open begins.
func Planned(rate float64, length time.Duration) int { return int(math.Round(rate * length.Seconds())) }

// Open begins rate visits a second for the given length, each at its own moment, whatever is still going on, and returns
// when the last one has ended. If ctx ends no further visits begin, and those on their way see it.
func Open(ctx context.Context, rate float64, length time.Duration, visit Visit, r *Recorder) {
	planned := Planned(rate, length)
	begin := time.Now()
	r.open(begin, length, planned)
	defer r.close()
	var all sync.WaitGroup
	defer all.Wait()
	// One timer for all: at high rates a timer for each visit would be the load.
	timer := time.NewTimer(0)
	defer timer.Stop()
	for n := range planned {
		meant := begin.Add(time.Duration(float64(n) / rate * float64(time.Second)))
		timer.Reset(time.Until(meant))
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		all.Go(func() { r.visit(ctx, Turn{Number: n, Client: n}, meant, visit) })
	}
}

// Closed has clients make requests visits between them: all are released at once, and each begins its next visit when
// its last one has ended.
func Closed(ctx context.Context, clients, requests int, visit Visit, r *Recorder) {
	closed(ctx, clients, requests, 0, visit, r)
}

func closed(ctx context.Context, clients, requests, first int, visit Visit, r *Recorder) {
	gate := make(chan struct{})
	var next atomic.Int64
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			<-gate
			for ctx.Err() == nil {
				n := int(next.Add(1)) - 1
				if n >= requests {
					return
				}
				r.visit(ctx, Turn{Number: first + n, Client: client}, time.Now(), visit)
			}
		})
	}
	r.open(time.Now(), 0, requests)
	close(gate)
	all.Wait()
	r.close()
}

// Level is one step of a ladder.
type Level struct {
	Clients int
	Result  *Recorder
}

// Climb makes requests visits on each level, that is with so many clients, one level after the other. Visits are
// numbered through all levels.
func Climb(ctx context.Context, levels []int, requests int, visit Visit) []Level {
	climbed := make([]Level, len(levels))
	for i, clients := range levels {
		climbed[i] = Level{clients, NewRecorder()}
		closed(ctx, clients, requests, i*requests, visit, climbed[i].Result)
	}
	return climbed
}
