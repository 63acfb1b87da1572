package stack

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"time"
)

// Full reports whether the whole run of what breaks things is wanted (FAULT=full), which has the machine to itself and
// judges time, rather than its short form.
func Full() bool { return os.Getenv("FAULT") == "full" }

// Scaled is short, or in the full run long.
func Scaled[T any](short, long T) T {
	if Full() {
		return long
	}
	return short
}

// MostlyWaits is for the TestMain of tests that mostly wait: outside the full run more of them run at once than there
// are cores.
func MostlyWaits() {
	flag.Parse()
	if err := flag.Set("test.parallel", Scaled("8", "1")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Eventually waits until something holds and returns how long that took; it ends the test after limit.
func Eventually(t testing.TB, limit time.Duration, what string, holds func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	for !holds() {
		if time.Since(began) > limit {
			t.Fatalf("waited %v for %s", limit, what)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return time.Since(began)
}
