package fault

import (
	"bytes"
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

// load sends requests until it is stopped, and remembers every outcome.
type load struct {
	cancel context.CancelFunc
	wg     sync.WaitGroup
	mu     sync.Mutex
	events []event
}

// startLoad runs workers that each wait for an answer, rest for pause and ask again. ask sends one request and names
// the cause of a failure. It has no deadline but the client's: how long a person waits is part of what is measured.
func startLoad(workers int, pause time.Duration, ask func() (cause string)) *load {
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{cancel: cancel}
	for range workers {
		l.wg.Go(func() {
			for ctx.Err() == nil {
				began := time.Now()
				cause := ask()
				l.add(event{began: began, took: time.Since(began), cause: cause})
				select {
				case <-time.After(pause):
				case <-ctx.Done():
				}
			}
		})
	}
	return l
}

func (l *load) add(e event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, e)
}

// stop ends the load, waits for the answers to what was asked and returns every outcome, in the order in which the
// requests began.
func (l *load) stop() []event {
	l.cancel()
	l.wg.Wait()
	slices.SortFunc(l.events, func(a, b event) int { return a.began.Compare(b.began) })
	return l.events
}

// Causes of failures that are not codes of the portal's.
const (
	noAnswer    = "no answer"
	cutShort    = "cut short"
	wrongAnswer = "wrong answer"
	noRetry     = "refused without Retry-After"
)

// answer is what a server said.
type answer struct {
	status int
	header http.Header
	body   []byte
	cause  string // "" = a success
}

// send sends one request and reads the whole answer.
func send(client *http.Client, method, url string, header http.Header, body string) answer {
	return sendIn(context.Background(), client, method, url, header, body)
}

func sendIn(ctx context.Context, client *http.Client, method, url string, header http.Header, body string) answer {
	var content io.Reader
	if body != "" {
		content = bytes.NewReader([]byte(body))
	}
	request, err := http.NewRequestWithContext(ctx, method, url, content)
	if err != nil {
		return answer{cause: err.Error()}
	}
	request.Header = header
	response, err := client.Do(request)
	if err != nil {
		return answer{cause: noAnswer}
	}
	defer func() { _ = response.Body.Close() }()
	a := answer{status: response.StatusCode, header: response.Header}
	if a.body, err = io.ReadAll(response.Body); err != nil {
		a.cause = cutShort
		return a
	}
	if a.status >= 200 && a.status < 300 {
		return a
	}
	a.cause = strconv.Itoa(a.status)
	var told struct{ Error struct{ Code string } }
	if json.Unmarshal(a.body, &told) == nil && told.Error.Code != "" {
		a.cause = told.Error.Code
		if a.status > http.StatusInternalServerError && a.header.Get("Retry-After") == "" {
			a.cause = noRetry
		}
	}
	return a
}

// reader reads one page again and again.
type reader struct {
	client *http.Client
	url    string
	header http.Header
	want   []byte // what a success must say
}

func (r reader) ask() string {
	a := send(r.client, http.MethodGet, r.url, r.header, "")
	if a.cause == "" && !bytes.Equal(a.body, r.want) {
		return wrongAnswer
	}
	return a.cause
}
