package proxy_test

import (
	"errors"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

// userTimeout is TCP_USER_TIMEOUT, which package syscall doesn't name.
const userTimeout = 18

func TestBlackHoleAcknowledgesNothing(t *testing.T) {
	t.Parallel()
	p := start(t)
	watched, quiet := connect(t, p), connect(t, p)
	raw, err := watched.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	err = raw.Control(func(fd uintptr) {
		if err := syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, userTimeout, 500); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.BlackHole(); err != nil {
		t.Fatal(err)
	}
	if err := ask(watched, "one", 10*time.Second); !errors.Is(err, syscall.ETIMEDOUT) {
		t.Errorf("with a limit on what is not acknowledged: %v, want that TCP gives up", err)
	}
	if err := ask(quiet, "one", 50*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("without: %v, want silence", err)
	}
	if c, err := net.DialTimeout("tcp", p.Addr(), 200*time.Millisecond); err == nil {
		_ = c.Close()
		t.Error("a connection was accepted")
	}
	if err := p.Pass(); err != nil {
		t.Fatal(err)
	}
	if err := quiet.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := quiet.Read(make([]byte, 3)); err != nil {
		t.Errorf("what was sent into the hole did not come after it: %v", err)
	}
	connect(t, p)
}
