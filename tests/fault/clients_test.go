package fault

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"openhouse.example/packages/pgdev/pgtest"

	"openhouse.example/tests/stack"
)

// TestImpatientClients is F29: thousands of people hang up while their statement runs. The statements are ended at the
// server, and their connections are used further: a burst of closed browsers must not become one of new connections.
func TestImpatientClients(t *testing.T) {
	t.Parallel()
	const atOnce, patience = 50, 50 * time.Millisecond
	impatient := stack.Scaled(2000, 3000)
	// On a machine that does much else a statement can take longer to stop than the half second that it is given, and
	// then costs its connection: only the full run keeps to that.
	grace := fmt.Sprintf("DB_CANCEL_GRACE_MS=%d", stack.Scaled(5000, 500))
	l := newLab(t, labOptions{server: common.use(t), env: []string{grace}, before: func(db *pgtest.DB) {
		limits(db, "lock_timeout = 0", "statement_timeout = 0") // it must not be they that end the statements
	}})
	l.warm()
	say := make([]string, len(l.contestants))
	for i, c := range l.contestants {
		before, log := l.opened(c), len(l.stack.Developer.Log())
		lift := l.lock("lock table developments in access exclusive mode")
		var next, answered atomic.Int64
		var all sync.WaitGroup
		for range atOnce {
			all.Go(func() {
				for next.Add(1) <= int64(impatient) {
					if l.impatient(c, patience) {
						answered.Add(1)
					}
				}
			})
		}
		all.Wait()
		running, left := l.lastStatement(c, 5*time.Second)
		lift()
		fresh := l.opened(c) - before
		say[i] = fmt.Sprintf("%d connections opened, %d statements still running after %s", fresh, running, milliseconds(left))
		after := l.storm(c, atOnce)
		if i > 0 {
			continue
		}
		if answered.Load() > 0 {
			t.Errorf("the test is wrong: %d requests were answered", answered.Load())
		}
		if fresh > poolMax+2 {
			t.Errorf("%d connections were opened for %d clients that hung up, at most %d", fresh, impatient, poolMax+2)
		}
		if running > 0 {
			t.Errorf("%d statements run on %v after the last client has left", running, left)
		}
		if limit := 200 * time.Millisecond; stack.Full() && left > limit {
			t.Errorf("a statement ran on for %v, at most %v", round(left), limit)
		}
		if after.causes[""] != atOnce {
			t.Errorf("after it, of %d reads: %s", atOnce, after)
		}
		said := l.stack.Developer.Log()[log:]
		if n := strings.Count(said, "msg=request ") - strings.Count(said, " status=499"); n > 0 {
			t.Errorf("%d requests are in the log with another status than 499", n)
		}
		if n := strings.Count(said, " status=499"); n < impatient/2 {
			t.Errorf("%d requests are in the log as 499, of %d", n, impatient)
		}
		if noise(said) > 0 {
			t.Errorf("clients that hang up are no trouble of ours, but the log says\n%s", l.stack.Developer.Trouble())
		}
	}
	report.note(fact{"F29", fmt.Sprintf("%d clients hang up after 50 ms", impatient), say[0], say[1], say[2]})
}

// lastStatement waits for the end of a contestant's statements and returns how many still run after limit, and how
// long it took.
func (l *lab) lastStatement(c *contestant, limit time.Duration) (running int, took time.Duration) {
	for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		running = look[int](l, "select count(*) from pg_stat_activity where datname = current_database() and application_name = $1 and state = 'active'", c.app)
		if took = time.Since(began); running == 0 || took > limit {
			return running, took
		}
	}
}

// opened counts the connections that a contestant has opened so far, as the server's log has them.
func (l *lab) opened(c *contestant) int {
	return strings.Count(l.server.LogTail(1_000_000), "connection authorized: user="+c.login+" database="+l.stack.DB.Name)
}

// TestSlowAndIdleClients is F40: clients that send a header a byte at a time are cut, hundreds that stay and say
// nothing cost little, and what is far too large is refused before it is read. Others notice nothing of them.
func TestSlowAndIdleClients(t *testing.T) {
	t.Parallel()
	const slow, idle = 200, 1000
	const memory = 200 << 20
	l := newLab(t, labOptions{server: common.use(t), alone: true, env: []string{"GOMEMLIMIT=" + strconv.Itoa(memory)}})
	portal := l.contestants[0]
	address := strings.TrimPrefix(l.stack.Developer.URL, "http://")
	load := startLoad(readers, readPause, l.reader(portal).ask)

	keep := make([]net.Conn, 0, idle)
	defer func() {
		for _, c := range keep {
			_ = c.Close()
		}
	}()
	for range idle {
		c := dial(t, address)
		keep = append(keep, c)
		if _, err := fmt.Fprintf(c, "GET /api/health/live HTTP/1.1\r\nHost: %s\r\n\r\n", address); err != nil {
			t.Fatal(err)
		}
		if answer, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("an idle client got %v %v", answer, err)
		}
	}

	took := make([]time.Duration, slow)
	var all sync.WaitGroup
	for i := range slow {
		all.Go(func() { took[i] = slowly(dial(t, address), 20*time.Second) })
	}
	all.Wait()
	first, last := 20*time.Second, time.Duration(0)
	for _, d := range took {
		first, last = min(first, d), max(last, d)
	}
	if first < 4*time.Second || last > 12*time.Second {
		t.Errorf("clients with a slow header were cut after %v to %v, want 5 s", round(first), round(last))
	}

	const tooMuch = 10 << 20
	header := refused(t, address, "GET /api/developments HTTP/1.1\r\nHost: "+address+"\r\nX-Long: ", tooMuch)
	body := refused(t, address, fmt.Sprintf("POST /api/developments HTTP/1.1\r\nHost: %s\r\nAuthorization: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n",
		address, l.writing.Get("Authorization"), tooMuch), tooMuch)
	if header != http.StatusRequestHeaderFieldsTooLarge || body != http.StatusRequestEntityTooLarge {
		t.Errorf("10 MB of a header are answered %d, of a body %d; want 431 and 413", header, body)
	}

	got := summarise(load.stop(), moments{})
	if got.Failed > 0 {
		t.Errorf("of %d other requests: %v", got.Requests, got.Causes)
	}
	used := resident(t, l.stack.Developer.PID())
	if used > memory {
		t.Errorf("the portal uses %d MB, at most %d", used>>20, memory>>20)
	}
	report.note(fact{"F40", "200 slow headers, 1,000 idle clients, 10 MB of header and body", fmt.Sprintf("cut after %s to %s, %d and %d, %d MB in use, %d of %d others failed",
		milliseconds(first), milliseconds(last), header, body, used>>20, got.Failed, got.Requests), "", ""})
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// slowly sends the beginning of a request a byte at a time, and returns after how long the other side had enough.
func slowly(c net.Conn, limit time.Duration) time.Duration {
	defer func() { _ = c.Close() }()
	began := time.Now()
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		_, _ = bufio.NewReader(c).ReadByte() // also an answer, such as 408, is the end
	}()
	_, _ = c.Write([]byte("GET / HTTP/1.1\r\nX-Slow: "))
	for time.Since(began) < limit {
		select {
		case <-closed:
			return time.Since(began)
		case <-time.After(250 * time.Millisecond):
			_, _ = c.Write([]byte("x"))
		}
	}
	return limit
}

// refused sends a beginning and then so many letters, and returns the status of the answer that comes before the end.
func refused(t *testing.T, address, beginning string, letters int) (status int) {
	t.Helper()
	c := dial(t, address)
	defer func() { _ = c.Close() }()
	go func() {
		_, err := c.Write([]byte(beginning))
		piece := []byte(strings.Repeat("x", 64<<10))
		for sent := 0; err == nil && sent < letters; sent += len(piece) {
			_, err = c.Write(piece)
		}
	}()
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Errorf("no answer to what is too large: %v", err)
		return 0
	}
	return answer.StatusCode
}

// resident is the memory that a process has in use, in bytes; 0 where the system doesn't tell.
func resident(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}
