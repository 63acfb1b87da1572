package balancer

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"openhouse.example/tests/stack"
)

func TestMain(m *testing.M) {
	flag.Parse()
	// Outside the full run, which judges time, these tests mostly wait: more of them at once than there are cores.
	atOnce := "8"
	if full() {
		atOnce = "1"
	}
	if err := flag.Set("test.parallel", atOnce); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	stack.Main(m)
}

func full() bool { return os.Getenv("FAULT") == "full" }

func scaled[T any](short, long T) T {
	if full() {
		return long
	}
	return short
}

// eventually waits until something holds and returns how long that took; it ends the test after limit.
func eventually(t testing.TB, limit time.Duration, what string, holds func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	for !holds() {
		if time.Since(began) > limit {
			t.Fatalf("waited %v for %s", limit, what)
		}
		time.Sleep(10 * time.Millisecond)
	}
	return time.Since(began)
}

func round(d time.Duration) time.Duration { return d.Round(10 * time.Millisecond) }
