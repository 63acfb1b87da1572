package platform_test

import (
	"strings"
	"testing"
	"time"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform"
)

func TestRateHit(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	bucket := platform.Bucket("sign-in", "192.0.2.7")
	hit := func(bucket string) bool {
		t.Helper()
		allowed, err := platform.RateHit(t.Context(), h.pool, bucket, 3, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return allowed
	}
	for i, want := range []bool{true, true, true, false, false} {
		if got := hit(bucket); got != want {
			t.Errorf("attempt %d: %v, want %v", i+1, got, want)
		}
	}
	if !hit(platform.Bucket("sign-in", "192.0.2.8")) {
		t.Error("another address is refused as well")
	}
	h.Exec("update rate_limits set expires_at = now() - interval '1 second'")
	if !hit(bucket) {
		t.Error("after the window the bucket is still full")
	}
	left := pgtest.Value[time.Duration](h.DB, "select max(expires_at) - now() from rate_limits")
	if left < 59*time.Minute || left > time.Hour {
		t.Errorf("the window is %v, want an hour", left)
	}
}

func TestBucket(t *testing.T) {
	t.Parallel()
	got := platform.Bucket("sign-in", "mia@example.org", "192.0.2.7")
	if !strings.HasPrefix(got, "sign-in:") || strings.Contains(got, "mia") || strings.Contains(got, "192") || len(got) > 200 {
		t.Errorf("Bucket = %q", got)
	}
	if got != platform.Bucket("sign-in", "mia@example.org", "192.0.2.7") {
		t.Error("the same attempt has two buckets")
	}
	for _, other := range []string{
		platform.Bucket("link", "mia@example.org", "192.0.2.7"), platform.Bucket("sign-in", "mia@example.org192.0.2.7"),
		platform.Bucket("sign-in", "mia@example.org", "192.0.2.", "7"), platform.Bucket("sign-in"),
	} {
		if other == got {
			t.Errorf("two attempts share the bucket %q", got)
		}
	}
}
