package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Limits of one connection. The write limit is twice a request's time, so that
// the answer of the slowest request still arrives; the idle limit is longer than
// the 60 s after which common balancers give up a connection themselves.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = requestTime
	writeTimeout      = 2 * requestTime
	idleTimeout       = 75 * time.Second
	maxHeaderBytes    = 32 << 10
)

// cutGrace is what handlers get to return once their context was cancelled.
const cutGrace = time.Second

// errCut is the cause of a request's end when a stop could wait no longer.
var errCut = errors.New("the portal is stopping")

// ErrCut is returned by Serve when running requests had to be cut.
var ErrCut = errors.New("requests were still running at the end of SHUTDOWN_TIMEOUT_MS and have been cut")

// Serve listens on addr and serves handler until ctx ends, then stops in order:
//
//  1. onDrain is called: readiness says no from now on
//  2. for DRAIN_DELAY_MS requests are served as before, until balancers have seen it
//  3. no new connections; running requests may end within SHUTDOWN_TIMEOUT_MS
//  4. the context of those that haven't is cancelled; after a second they are cut
//
// The caller then closes what the requests used (pool, background work). Serve
// returns nil after a whole stop, ErrCut after step 4, else why it can't serve.
//
// ctx only starts the stop: requests don't end with it.
func Serve(ctx context.Context, cfg ServerConfig, addr string, handler http.Handler, onDrain func(), log *slog.Logger) error {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("can't listen on %s: %w; set PORT or LISTEN_ADDR to a free one", addr, err)
	}
	return ServeOn(ctx, cfg, ln, handler, onDrain, log)
}

// ServeOn is Serve on a listener that exists already, which it closes.
func ServeOn(ctx context.Context, cfg ServerConfig, ln net.Listener, handler http.Handler, onDrain func(), log *slog.Logger) error {
	base, cut := context.WithCancelCause(context.Background())
	defer cut(nil)
	server := newServer(base, handler, log)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(ln) }()
	log.Info("listening", "addr", ln.Addr().String())

	select {
	case err := <-failed:
		return fmt.Errorf("serve on %s: %w", ln.Addr(), err)
	case <-ctx.Done():
	}
	log.Info("stopping: draining", "for", cfg.DrainDelay.String())
	onDrain()
	select {
	case err := <-failed:
		return fmt.Errorf("serve on %s: %w", ln.Addr(), err)
	case <-time.After(cfg.DrainDelay.Duration()):
	}
	log.Info("stopping: closing", "within", cfg.ShutdownTimeout.String())
	err := shutdown(server, cfg.ShutdownTimeout.Duration())
	if err != nil {
		log.Warn("stopping: cutting what still runs")
		cut(errCut)
		if shutdown(server, cutGrace) != nil {
			_ = server.Close()
		}
		err = ErrCut
	}
	if served := <-failed; err == nil && !errors.Is(served, http.ErrServerClosed) {
		err = fmt.Errorf("serve on %s: %w", ln.Addr(), served)
	}
	return err
}

func newServer(base context.Context, handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		BaseContext:       func(net.Listener) context.Context { return base },
	}
}

func shutdown(server *http.Server, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return server.Shutdown(ctx)
}
