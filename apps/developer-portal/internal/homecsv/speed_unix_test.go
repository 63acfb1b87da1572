//go:build unix

package homecsv

import (
	"bytes"
	"runtime/debug"
	"slices"
	"syscall"
	"testing"
	"time"
)

// TestTenThousandRowsAreFast measures processor time, the best of a few, so
// that a busy machine doesn't fail it. It isn't parallel: no other test of the
// package runs meanwhile.
func TestTenThousandRowsAreFast(t *testing.T) {
	if info, ok := debug.ReadBuildInfo(); ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		t.Skip("the race detector makes everything several times slower")
	}
	raw := sample(t, "ten-thousand.csv")
	best := time.Hour
	for range 5 {
		start := processorTime(t)
		if _, err := Parse(bytes.NewReader(raw), Options{}); err != nil {
			t.Fatal(err)
		}
		best = min(best, processorTime(t)-start)
	}
	if limit := 300 * time.Millisecond; best > limit {
		t.Errorf("10,000 rows took %v of processor time, the limit is %v", best, limit)
	}
}

func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
