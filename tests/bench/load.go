package bench

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Target is one of the servers that are compared.
type Target struct {
	Name   string
	URL    string
	Header http.Header
}

// Sample is what one round at one target gave.
type Sample struct {
	Requests  int
	PerSecond float64
	Median    time.Duration // latency of a request
}

// Load sends requests to t from clients that each wait for their answer (a closed model) for about the given time.
// Any answer but 200, or an empty one, is an error: a fast server that fails is not fast.
func Load(ctx context.Context, client *http.Client, t Target, clients int, length time.Duration) (Sample, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var mu sync.Mutex
	var total Sample
	var all []time.Duration
	var first error
	var wg sync.WaitGroup
	start := time.Now()
	end := start.Add(length)
	for range clients {
		wg.Go(func() {
			var took []time.Duration
			for time.Now().Before(end) {
				began := time.Now()
				if err := get(ctx, client, t); err != nil {
					mu.Lock()
					if first == nil {
						first = err
					}
					mu.Unlock()
					cancel()
					return
				}
				took = append(took, time.Since(began))
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, took...)
		})
	}
	wg.Wait()
	if first != nil {
		return total, fmt.Errorf("%s: %w", t.Name, first)
	}
	total.Requests = len(all)
	if total.Requests == 0 {
		return total, fmt.Errorf("%s: no request was finished in %v", t.Name, length)
	}
	total.PerSecond = float64(total.Requests) / time.Since(start).Seconds()
	slices.Sort(all)
	total.Median = all[len(all)/2] // not the mean: one pause of a busy machine must not decide a round
	return total, nil
}

func get(ctx context.Context, client *http.Client, t Target) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, t.URL, nil)
	if err != nil {
		return err
	}
	request.Header = t.Header
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	n, err := io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK || n == 0 {
		return fmt.Errorf("answered %d with %d bytes", response.StatusCode, n)
	}
	return nil
}
