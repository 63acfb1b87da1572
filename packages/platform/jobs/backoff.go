package jobs

import "time"

const (
	firstWait = 2 * time.Second
	mostWait  = 10 * time.Minute
)

// Backoff is how long to wait after the failure of an attempt (1, 2, …): two
// seconds at first, twice as long each time, ten minutes at most.
func Backoff(attempt int) time.Duration {
	wait := firstWait
	for range attempt - 1 {
		if wait *= 2; wait >= mostWait {
			return mostWait
		}
	}
	return wait
}
