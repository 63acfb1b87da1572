package web

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// foldPeriod is how long equal failures are counted before one line says how many there were. It is the time in which
// an outage is held, so that a restart under full load is two lines and not a thousand.
const foldPeriod = 5 * time.Second

// folds keeps a log readable while something is wrong that every request runs into: a full pool, a database that is
// away. The first failure of a kind is written at once and whole. Equal ones after it are counted, and every 5 s one
// line says how many there were, until there are none.
type folds struct {
	mu   sync.Mutex
	open map[foldKey]*fold
}

// foldKey is what makes two failures equal.
type foldKey struct{ code, route string } // route with its method

type fold struct {
	repeats int
	level   slog.Level
	attrs   []slog.Attr // of the last one
}

// write logs a failure, or counts it.
func (f *folds) write(log *slog.Logger, key foldKey, level slog.Level, attrs []slog.Attr) {
	f.mu.Lock()
	if running, ok := f.open[key]; ok {
		running.repeats++
		running.level, running.attrs = level, attrs
		f.mu.Unlock()
		return
	}
	if f.open == nil {
		f.open = map[foldKey]*fold{}
	}
	f.open[key] = &fold{}
	f.await(log, key)
	f.mu.Unlock()
	log.LogAttrs(context.Background(), level, "request failed", attrs...)
}

// await is called under mu: it says after a while how often key was repeated, and forgets it when it wasn't.
func (f *folds) await(log *slog.Logger, key foldKey) {
	time.AfterFunc(foldPeriod, func() {
		f.mu.Lock()
		running := f.open[key]
		if running.repeats == 0 {
			delete(f.open, key)
			f.mu.Unlock()
			return
		}
		f.open[key] = &fold{}
		f.await(log, key)
		f.mu.Unlock()
		attrs := append(running.attrs, slog.Int("repeated", running.repeats), slog.Duration("within", foldPeriod))
		log.LogAttrs(context.Background(), running.level, "request failed, as others did", attrs...)
	})
}
