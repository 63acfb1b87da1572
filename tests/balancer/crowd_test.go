package balancer

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"openhouse.example/tests/stack"
)

const (
	readers = 6 // of each portal
	writers = 2
	pause   = 20 * time.Millisecond
)

// crowd asks through the balancer until it is stopped: staff and residents who read, over HTTP/1.1 and HTTP/2, and
// programs that write, each time under a key of its own.
type crowd struct {
	l      *lab
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu       sync.Mutex
	requests int
	held     int // for more than a second
	worst    time.Duration
	failed   map[string]int    // by cause
	made     map[string]string // id by key; what was acknowledged
}

func (l *lab) crowd() *crowd {
	l.t.Helper()
	company := l.front.NewCompany("Harbour Homes")
	staff := l.front.Token(l.t, company)
	resident, _ := l.front.NewResident(l.t, company)
	ctx, cancel := context.WithCancel(context.Background())
	c := &crowd{l: l, cancel: cancel, failed: map[string]int{}, made: map[string]string{}}
	for n := range readers {
		client := l.client(n%2 == 0, "")
		c.loop(ctx, func() { c.ask(client, http.MethodGet, l.front.Developer.URL+"/api/developments", staff, "") })
		c.loop(ctx, func() { c.ask(client, http.MethodGet, l.front.Tenant.URL+"/api/home", resident, "") })
	}
	for n := range writers {
		client, next := l.client(n%2 == 0, ""), 0
		c.loop(ctx, func() {
			next++
			c.write(client, staff, fmt.Sprintf("writer-%d-%d", n, next))
		})
	}
	stack.Eventually(l.t, time.Minute, "some load", func() bool { return c.count() > 100 })
	return c
}

func (c *crowd) loop(ctx context.Context, do func()) {
	c.wg.Go(func() {
		for ctx.Err() == nil {
			do()
			select {
			case <-time.After(pause):
			case <-ctx.Done():
			}
		}
	})
}

func (c *crowd) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.requests
}

func (c *crowd) write(client *http.Client, token, key string) {
	body, ok := c.ask(client, http.MethodPost, c.l.front.Developer.URL+"/api/developments", token, key)
	var made struct{ ID string }
	if !ok || json.Unmarshal(body, &made) != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made[key] = made.ID
}

// ask sends one request and counts what became of it. A key makes it a write.
func (c *crowd) ask(client *http.Client, method, address, token, key string) (body []byte, ok bool) {
	began := time.Now()
	status, body, err := send(client, method, address, token, key, key)
	took := time.Since(began)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests++
	c.worst = max(c.worst, took)
	if took > time.Second {
		c.held++
	}
	if err == nil && status >= 200 && status < 300 {
		return body, true
	}
	cause := fmt.Sprintf("%s %d %.90q", method, status, body)
	if err != nil {
		cause = method + " " + err.Error()
	}
	c.failed[cause]++
	return nil, false
}

// send sends one request: with a key the writing of something by that name.
func send(client *http.Client, method, address, token, key, name string) (status int, body []byte, err error) {
	var content io.Reader
	if key != "" {
		content = strings.NewReader(fmt.Sprintf(`{"name":%q}`, name))
	}
	request, err := http.NewRequestWithContext(context.Background(), method, address, content)
	if err != nil {
		return 0, nil, err
	}
	request.Header = http.Header{"Accept": {"application/json"}, "Authorization": {"Bearer " + token}}
	if key != "" {
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Idempotency-Key", key)
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err = io.ReadAll(response.Body)
	return response.StatusCode, body, err
}

// stop ends the load, and fails the test unless everybody got what they asked for and every write was done once.
func (c *crowd) stop() {
	c.l.t.Helper()
	c.end()
	c.l.t.Logf("%d requests, %d of them held for more than a second, the longest %v", c.requests, c.held, round(c.worst))
	for cause, n := range c.failed {
		c.l.t.Errorf("%d times: %s", n, cause)
	}
	stored := c.l.stored()
	for key, id := range c.made {
		if !slices.Equal(stored[key], []string{id}) {
			c.l.t.Errorf("%s was answered with %s, stored is %v", key, id, stored[key])
		}
	}
	if len(c.failed) == 0 && len(stored) != len(c.made) {
		c.l.t.Errorf("%d writes were stored, %d acknowledged", len(stored), len(c.made))
	}
}

func (c *crowd) end() {
	c.cancel()
	c.wg.Wait()
}

// failures are the causes that have these words.
func (c *crowd) failures(words string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for cause := range maps.Keys(c.failed) {
		if strings.Contains(cause, words) {
			n += c.failed[cause]
		}
	}
	return n
}

// stored are the ids of what the crowd's writers made, by key.
func (l *lab) stored() map[string][]string {
	l.t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, l.db.AdminURL())
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	rows, err := conn.Query(ctx, "select name, id::text from developments where name like 'writer-%'")
	if err != nil {
		l.t.Fatal(err)
	}
	found := map[string][]string{}
	var name, id string
	_, err = pgx.ForEachRow(rows, []any{&name, &id}, func() error {
		found[name] = append(found[name], id)
		return nil
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return found
}

// judge holds a time against its limit in the full run; elsewhere the machine may be busy.
func judge(t testing.TB, what string, took, limit time.Duration) {
	t.Helper()
	t.Logf("%s after %v", what, round(took))
	if stack.Full() && took > limit {
		t.Errorf("%s after %v, at most %v", what, round(took), limit)
	}
}
