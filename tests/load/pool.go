package load

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// PoolSample is what a portal's health route said of its pool at one moment.
type PoolSample struct {
	AtMs    int64 `json:"atMs"` // from the begin of the watch
	Total   int   `json:"total"`
	Idle    int   `json:"idle"`
	Waiting int   `json:"waiting"`
	Healthy bool  `json:"healthy"`
}

// InUse are the connections that somebody holds.
func (s PoolSample) InUse() int { return s.Total - s.Idle }

// PoolWatch asks a portal's health route again and again.
type PoolWatch struct {
	cancel context.CancelFunc
	done   chan struct{}

	mu      sync.Mutex
	samples []PoolSample
	missed  int
}

// WatchPool asks the health route of the portal at origin every so often, until Stop. It has a connection of its own, so
// that it waits for no visitor.
func WatchPool(ctx context.Context, origin string, every time.Duration) *PoolWatch {
	ctx, cancel := context.WithCancel(ctx)
	w := &PoolWatch{cancel: cancel, done: make(chan struct{})}
	transport := &http.Transport{MaxIdleConns: 1}
	client := &http.Client{Transport: transport, Timeout: 2 * time.Second}
	go func() {
		defer close(w.done)
		defer transport.CloseIdleConnections()
		begin := time.Now()
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			sample, ok := askPool(ctx, client, origin)
			sample.AtMs = time.Since(begin).Milliseconds()
			if ctx.Err() != nil {
				return
			}
			w.add(sample, ok)
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return w
}

func (w *PoolWatch) add(s PoolSample, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if ok {
		w.samples = append(w.samples, s)
	} else {
		w.missed++
	}
}

func askPool(ctx context.Context, client *http.Client, origin string) (s PoolSample, ok bool) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, origin+"/api/health/db", nil)
	if err != nil {
		return s, false
	}
	response, err := client.Do(request)
	if err != nil {
		return s, false
	}
	defer response.Body.Close()
	var body struct {
		Status    string
		PoolStats struct{ TotalCount, IdleCount, WaitingCount *int }
	}
	if err := json.NewDecoder(response.Body).Decode(&body); err != nil {
		return s, false
	}
	p := body.PoolStats
	if p.TotalCount == nil || p.IdleCount == nil || p.WaitingCount == nil {
		return s, false
	}
	return PoolSample{Total: *p.TotalCount, Idle: *p.IdleCount, Waiting: *p.WaitingCount, Healthy: body.Status == "healthy"}, true
}

// Last is the newest sample.
func (w *PoolWatch) Last() PoolSample {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.samples) == 0 {
		return PoolSample{}
	}
	return w.samples[len(w.samples)-1]
}

// Stop ends the watch and returns what was seen.
func (w *PoolWatch) Stop() Pool {
	w.cancel()
	<-w.done
	w.mu.Lock()
	defer w.mu.Unlock()
	return newPool(w.samples, w.missed)
}

// Pool is what a watch has seen.
type Pool struct {
	MostInUse   int          `json:"mostInUse"`
	MeanInUse   float64      `json:"meanInUse"`
	MostWaiting int          `json:"mostWaiting"`
	MostTotal   int          `json:"mostTotal"`
	Missed      int          `json:"missed"` // times that the route gave no answer
	Samples     []PoolSample `json:"samples"`
}

func newPool(samples []PoolSample, missed int) Pool {
	p := Pool{Missed: missed, Samples: append([]PoolSample{}, samples...)}
	for _, s := range samples {
		p.MostInUse, p.MostWaiting, p.MostTotal = max(p.MostInUse, s.InUse()), max(p.MostWaiting, s.Waiting), max(p.MostTotal, s.Total)
		p.MeanInUse += float64(s.InUse()) / float64(len(samples))
	}
	p.MeanInUse = hundredth(p.MeanInUse)
	return p
}
