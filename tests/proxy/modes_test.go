package proxy_test

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"openhouse.example/tests/proxy"
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
	connect(t, p)
	if p.Accepted() != 2 {
		t.Errorf("%d connections counted, want 2", p.Accepted())
	}
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
