// Package browser looks at every page of both portals with a real Chromium: narrow and wide, light and dark, with and
// without JavaScript, with the mouse and with the keyboard. Without a Chromium its tests are skipped, unless
// REQUIRE_BROWSER=1 asks for a failure.
//
// SHOTS=folder leaves a picture of every page there. PICTURES=folder makes the pictures of the README.
package browser

import (
	"testing"

	"openhouse.example/packages/ui/uitest"
	"openhouse.example/tests/stack"
)

func TestMain(m *testing.M) { stack.Main(withBrowser{m}) }

// withBrowser closes the browser before the servers end.
type withBrowser struct{ m *testing.M }

func (w withBrowser) Run() int { return uitest.Main(w.m) }
