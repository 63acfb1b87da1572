package web

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestEqualFailuresAreFolded: an outage that a thousand requests meet is a few lines of log, and none of them is lost.
func TestEqualFailuresAreFolded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out page
		log := slog.New(slog.NewTextHandler(&out, nil))
		var f folds
		fail := func(code, route, id string) {
			f.write(log, foldKey{code, route}, slog.LevelError, []slog.Attr{slog.String("code", code), slog.String("route", route), slog.String("request_id", id)})
		}
		lines := func() []string {
			synctest.Wait()
			text := out.turn()
			return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		}
		fail("database_unavailable", "/homes", "first")
		if got := lines(); len(got) != 1 || !strings.Contains(got[0], `msg="request failed"`) || !strings.Contains(got[0], "request_id=first") {
			t.Fatalf("the first failure is not written whole and at once: %q", got)
		}
		var wg sync.WaitGroup
		for i := range 999 {
			wg.Go(func() { fail("database_unavailable", "/homes", fmt.Sprint(i)) })
		}
		wg.Wait()
		fail("database_unavailable", "/developments", "elsewhere")
		fail("pool_exhausted", "/homes", "otherwise")
		if got := lines(); len(got) != 2 {
			t.Fatalf("%d lines, want one for another route and one for another code: %q", len(got), got)
		}
		time.Sleep(foldPeriod + time.Millisecond)
		got := lines()
		if len(got) != 1 || !strings.Contains(got[0], "repeated=999 within=5s") || !strings.Contains(got[0], "route=/homes") {
			t.Fatalf("the others are not counted: %q", got)
		}
		fail("database_unavailable", "/homes", "still")
		time.Sleep(foldPeriod)
		if got := lines(); len(got) != 1 || !strings.Contains(got[0], "repeated=1 ") {
			t.Fatalf("what goes on is not counted on: %q", got)
		}
		time.Sleep(foldPeriod)
		fail("database_unavailable", "/homes", "anew")
		if got := lines(); len(got) != 1 || !strings.Contains(got[0], `msg="request failed"`) || !strings.Contains(got[0], "request_id=anew") {
			t.Fatalf("after a quiet while the next one is not written whole: %q", got)
		}
		time.Sleep(2 * foldPeriod)
	})
}

// page is a log that is read in parts.
type page struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (p *page) Write(line []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.b.Write(line)
}

// turn returns what was written since it was called last.
func (p *page) turn() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.b.Reset()
	return p.b.String()
}
