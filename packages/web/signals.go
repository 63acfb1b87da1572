package web

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

// Signals returns a context that ends with the first SIGTERM or SIGINT, which
// asks for an orderly stop. A second one ends the process at once: whoever sends
// it has waited long enough. stop gives the signals back to their default.
func Signals(parent context.Context, log *slog.Logger) (ctx context.Context, stop func()) {
	arrived := make(chan os.Signal, 2)
	signal.Notify(arrived, syscall.SIGTERM, syscall.SIGINT)
	ctx, cancel := context.WithCancel(parent)
	done := make(chan struct{})
	go watch(arrived, done, cancel, log, os.Exit)
	return ctx, func() {
		signal.Stop(arrived)
		cancel()
		close(done)
	}
}

// watch ends the context on the first signal and the process on the second.
func watch(arrived <-chan os.Signal, done <-chan struct{}, cancel context.CancelFunc, log *slog.Logger, exit func(int)) {
	for asked := false; ; asked = true {
		select {
		case s := <-arrived:
			if asked {
				log.Warn("second signal: leaving at once", "signal", s.String())
				exit(1)
				return
			}
			log.Info("signal: stopping", "signal", s.String())
			cancel()
		case <-done:
			return
		}
	}
}
