package web

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"syscall"
	"testing"
	"time"
)

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// TestServerLimits: a server without limits is what a slow client lives on.
func TestServerLimits(t *testing.T) {
	t.Parallel()
	base := t.Context()
	s := newServer(base, http.NotFoundHandler(), quiet())
	for name, c := range map[string]struct{ got, want time.Duration }{
		"ReadHeaderTimeout": {s.ReadHeaderTimeout, 5 * time.Second},
		"ReadTimeout":       {s.ReadTimeout, 15 * time.Second},
		"WriteTimeout":      {s.WriteTimeout, 30 * time.Second},
		"IdleTimeout":       {s.IdleTimeout, 75 * time.Second},
	} {
		if c.got != c.want {
			t.Errorf("%s = %v, want %v", name, c.got, c.want)
		}
	}
	if s.MaxHeaderBytes != 32<<10 {
		t.Errorf("MaxHeaderBytes = %d", s.MaxHeaderBytes)
	}
	if s.BaseContext(nil) != base {
		t.Error("requests don't live under the base context")
	}
}

// TestSecondSignalExits drives the watcher without real signals.
func TestSecondSignalExits(t *testing.T) {
	t.Parallel()
	arrived := make(chan os.Signal, 2)
	exited := make(chan int, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		watch(arrived, nil, cancel, quiet(), func(code int) { exited <- code })
	}()
	arrived <- syscall.SIGTERM
	<-ctx.Done()
	select {
	case code := <-exited:
		t.Fatalf("the first signal exited with %d", code)
	default:
	}
	arrived <- syscall.SIGINT
	if code := <-exited; code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	<-ended
}

// TestSignals sends a real one, once.
func TestSignals(t *testing.T) {
	ctx, stop := Signals(t.Context(), quiet())
	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ctx.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("SIGTERM didn't end the context")
	}
	stop()
}
