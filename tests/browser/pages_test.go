package browser

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"openhouse.example/packages/ui/uitest"
)

// firstLoad is the most that a page may cost somebody who has never been here, in bytes on the wire.
const firstLoad = 50 << 10

// TestEveryPage opens every page in every state, on a phone and on a desk, light and dark, and holds it to the bar:
// the right page, a silent console under the security policy, no accessibility violation, nothing wider than the
// window, nothing too small for a finger, and a first load that an old phone can afford.
func TestEveryPage(t *testing.T) {
	t.Parallel()
	browser := uitest.Start(t)
	w := newWorld(t)
	w.furnish()
	only := os.Getenv("ONLY")
	for _, s := range w.scenes() {
		if !strings.Contains(s.name, only) {
			continue
		}
		for _, dark := range []bool{false, true} {
			name := s.name + map[bool]string{false: "-light", true: "-dark"}[dark]
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				look(t, browser, s, dark, name)
			})
		}
	}
}

func look(t *testing.T, browser *uitest.Browser, s scene, dark bool, name string) {
	t.Helper()
	p := browser.Open(t, s.portal+s.path, uitest.View{Width: 375, Dark: dark, Cookies: s.cookies})
	if n := p.Bytes(); n > firstLoad {
		t.Errorf("the first load costs %d bytes, more than %d", n, firstLoad)
	}
	if s.act != nil {
		s.act(p)
	}
	if s.says != "" && !strings.Contains(p.Text("body"), s.says) {
		t.Fatalf("this is not the page: it does not say %q but\n%.600s", s.says, p.Text("body"))
	}
	report(t, "console, policy or network", ours(p.Problems(), s.status))
	for _, width := range []int{375, 1280} {
		p.Resize(width)
		if dir := os.Getenv("SHOTS"); dir != "" {
			p.Screenshot(filepath.Join(dir, fmt.Sprintf("%s-%d.png", name, width)))
		}
		report(t, fmt.Sprintf("at %d px: accessibility", width), p.Axe())
		if px, who := p.Overflow(); px > 0 {
			t.Errorf("at %d px: %d px wider than the window: %v", width, px, who)
		}
		if width < 800 {
			report(t, "target under 44 px", p.SmallTargets())
		}
	}
}

// ours leaves out that the page itself was answered with the status that it should have.
func ours(problems []string, status int) []string {
	var out []string
	for _, problem := range problems {
		if status >= 400 && strings.Contains(problem, fmt.Sprintf("status of %d (%s)", status, http.StatusText(status))) {
			continue
		}
		out = append(out, problem)
	}
	return out
}

func report(t *testing.T, what string, found []string) {
	t.Helper()
	for _, f := range found {
		t.Errorf("%s: %s", what, f)
	}
}
