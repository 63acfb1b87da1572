package proxy_test

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"openhouse.example/packages/pgdev/proxy"
)

func start(t *testing.T) *proxy.Proxy {
	t.Helper()
	p, err := proxy.Start(echo(t), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func connect(t *testing.T, p *proxy.Proxy) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := ask(c, "hello", time.Second); err != nil {
		t.Fatal(err)
	}
	return c
}

// waitOpen waits until so many connections are open: the proxy learns of an end after the client does.
func waitOpen(t *testing.T, p *proxy.Proxy, want int) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); p.Open() != want; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d connections are open, want %d", p.Open(), want)
		}
	}
}

// ask sends words and expects them back.
func ask(c net.Conn, words string, limit time.Duration) error {
	if _, err := c.Write([]byte(words)); err != nil {
		return err
	}
	if err := c.SetReadDeadline(time.Now().Add(limit)); err != nil {
		return err
	}
	_, err := io.ReadFull(c, make([]byte, len(words)))
	return err
}

func TestHangLosesNothing(t *testing.T) {
	t.Parallel()
	p := start(t)
	c := connect(t, p)
	p.Hang()
	if err := ask(c, "one", 50*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("while it hangs: %v", err)
	}
	if err := p.Pass(); err != nil {
		t.Fatal(err)
	}
	if err := c.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 3)
	if _, err := io.ReadFull(c, got); err != nil || string(got) != "one" {
		t.Errorf("after it: %q, %v", got, err)
	}
}

func TestStaleSilencesOldConnectionsOnly(t *testing.T) {
	t.Parallel()
	p := start(t)
	old := connect(t, p)
	p.Stale()
	if err := ask(old, "one", 50*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("an old connection: %v, want silence", err)
	}
	if err := ask(connect(t, p), "one", time.Second); err != nil {
		t.Errorf("a new connection: %v", err)
	}
}

func TestResetAndRefuse(t *testing.T) {
	t.Parallel()
	p := start(t)
	c := connect(t, p)
	p.Reset()
	if err := ask(c, "one", time.Second); err == nil {
		t.Error("a reset connection answers")
	}
	p.Refuse()
	if c, err := net.Dial("tcp", p.Addr()); err == nil {
		_ = c.Close()
		t.Error("a connection was accepted while refusing")
	}
	if err := p.Pass(); err != nil {
		t.Fatal(err)
	}
	again := connect(t, p)
	if p.Accepted() != 2 {
		t.Errorf("%d connections counted, want 2", p.Accepted())
	}
	waitOpen(t, p, 1)
	_ = again.Close()
	waitOpen(t, p, 0)
}

func TestSwallowReplyLetsTheQuestionThrough(t *testing.T) {
	t.Parallel()
	p := start(t)
	c := connect(t, p)
	done := p.SwallowReply("commit")
	if err := ask(c, "begin", time.Second); err != nil {
		t.Errorf("other words: %v", err)
	}
	if err := ask(c, "commit", time.Second); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the swallowed answer: %v, want a reset", err)
	}
	select {
	case <-done:
	case <-time.After(time.Second):
		t.Error("not reported as done")
	}
	if err := ask(connect(t, p), "commit", time.Second); err != nil {
		t.Errorf("only once: %v", err)
	}
}

func TestSwallowRequestStopsTheWords(t *testing.T) {
	t.Parallel()
	heard := make(chan string, 10)
	p, err := proxy.Start(listener(t, heard), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	c, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	done := p.SwallowRequest("commit")
	if _, err := c.Write([]byte("commit")); err != nil {
		t.Fatal(err)
	}
	<-done
	if err := c.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the client: %v, want a reset", err)
	}
	if words := <-heard; words != "" {
		t.Errorf("the server heard %q", words)
	}
}

// listener is a server that says nothing and reports what each connection said.
func listener(t *testing.T, heard chan<- string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				words, _ := io.ReadAll(c)
				_ = c.Close()
				heard <- string(words)
			}()
		}
	}()
	return l.Addr().String()
}

func TestTrickleKeepsEveryByte(t *testing.T) {
	t.Parallel()
	p := start(t)
	c := connect(t, p)
	p.Trickle(2, 10*time.Millisecond)
	began := time.Now()
	if err := ask(c, "hello again", 5*time.Second); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < 45*time.Millisecond { // five pauses between six slices
		t.Errorf("eleven bytes, two at a time, took %v", took)
	}
	if err := p.Pass(); err != nil {
		t.Fatal(err)
	}
	if err := ask(c, "hello again", time.Second); err != nil {
		t.Errorf("after it: %v", err)
	}
}

func TestJitterKeepsTheOrder(t *testing.T) {
	t.Parallel()
	p := start(t)
	c := connect(t, p)
	p.Latency(5 * time.Millisecond)
	p.Jitter(20 * time.Millisecond)
	sent := "one two three four five six seven eight nine ten"
	began := time.Now()
	for i := range len(sent) {
		if _, err := c.Write([]byte{sent[i]}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(sent))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != sent {
		t.Errorf("%q came back as %q, %v", sent, got, err)
	}
	if took := time.Since(began); took < 10*time.Millisecond {
		t.Errorf("it took %v, at least 5 ms each way", took)
	}
}

func TestSaidCountsWhatClientsSend(t *testing.T) {
	t.Parallel()
	p := start(t)
	c := connect(t, p) // says hello
	for range 4 {
		if err := ask(c, "more", time.Second); err != nil {
			t.Fatal(err)
		}
	}
	if p.Said() != 5 {
		t.Errorf("%d counted, want 5", p.Said())
	}
}
