package fault

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// event is the outcome of one request.
type event struct {
	began time.Time
	took  time.Duration
	cause string // "" = success
}

// load sends requests to one contestant until it is stopped, and remembers every outcome.
type load struct {
	client *http.Client
	url    string
	header http.Header
	cancel context.CancelFunc
	wg     sync.WaitGroup
	mu     sync.Mutex
	events []event
}

// startLoad runs workers that each wait for an answer, rest for pause and ask again.
func startLoad(client *http.Client, url string, header http.Header, workers int, pause time.Duration) *load {
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{client: client, url: url, header: header, cancel: cancel}
	for range workers {
		l.wg.Go(func() {
			for ctx.Err() == nil {
				l.one(ctx)
				select {
				case <-time.After(pause):
				case <-ctx.Done():
				}
			}
		})
	}
	return l
}

func (l *load) one(ctx context.Context) {
	began := time.Now()
	cause := l.ask()
	if ctx.Err() != nil && cause != "" {
		return // the load was over
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, event{began: began, took: time.Since(began), cause: cause})
}

// ask sends one request and names the cause of a failure. It has no deadline but the client's: how long a person
// waits is part of what is measured.
func (l *load) ask() string {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, l.url, nil)
	if err != nil {
		return err.Error()
	}
	request.Header = l.header
	response, err := l.client.Do(request)
	if err != nil {
		return "no answer"
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "cut short"
	}
	if response.StatusCode == http.StatusOK {
		return ""
	}
	var answer struct{ Error struct{ Code string } }
	if json.Unmarshal(body, &answer) == nil && answer.Error.Code != "" {
		return answer.Error.Code
	}
	return strconv.Itoa(response.StatusCode)
}

func (l *load) stop() []event {
	l.cancel()
	l.wg.Wait()
	slices.SortFunc(l.events, func(a, b event) int { return a.began.Compare(b.began) })
	return l.events
}

// Result is what one contestant's users saw of one fault.
type Result struct {
	Fault, Contestant string
	Requests, Failed  int
	Causes            map[string]int
	Worst             time.Duration // longest wait for any answer
	WorstRefusal      time.Duration // longest wait for a refusal that began when the fault was older than 5.5 s
	LateFailures      int           // requests that began after the heal and failed
	FirstSuccess      time.Duration // from the heal to the first success, 0 if there was no heal
	Steady            time.Duration // from the heal to the end of the last failure
}

// summarise counts events. began and healed are the times of the fault, healed zero if there was nothing to heal.
func summarise(faultID, contestant string, events []event, began, healed time.Time) Result {
	r := Result{Fault: faultID, Contestant: contestant, Requests: len(events), Causes: map[string]int{}}
	for _, e := range events {
		r.Worst = max(r.Worst, e.took)
		end := e.began.Add(e.took)
		if e.cause == "" {
			if !healed.IsZero() && end.After(healed) && (r.FirstSuccess == 0 || end.Sub(healed) < r.FirstSuccess) {
				r.FirstSuccess = end.Sub(healed)
			}
			continue
		}
		r.Failed++
		r.Causes[e.cause]++
		if e.began.Sub(began) > 5500*time.Millisecond && (healed.IsZero() || e.began.Before(healed)) {
			r.WorstRefusal = max(r.WorstRefusal, e.took)
		}
		if !healed.IsZero() && end.After(healed) {
			r.Steady = max(r.Steady, end.Sub(healed))
			if e.began.After(healed) {
				r.LateFailures++
			}
		}
	}
	return r
}
