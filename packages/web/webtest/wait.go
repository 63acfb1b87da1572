package webtest

import (
	"testing"
	"time"
)

const patience = time.Minute // a loaded machine is slow

// Wait waits until ok, which somebody is about to make true; what names it for
// the failure.
func Wait(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no %s within %v", what, patience)
		}
	}
}
