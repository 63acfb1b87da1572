package gallery_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"openhouse.example/packages/ui/internal/gallery"
	"openhouse.example/packages/ui/uitest"
)

func TestMain(m *testing.M) { os.Exit(uitest.Main(m)) }

func serve(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(gallery.Handler())
	t.Cleanup(server.Close)
	return server.URL
}

// TestEveryPage holds every page, narrow and wide, light and dark, to the
// quality bar: no console or policy error, no accessibility violation, nothing
// wider than the window, on a small phone neither, nothing too small for a
// finger. UI_SHOTS names a folder for pictures of what it sees.
func TestEveryPage(t *testing.T) {
	browser := uitest.Start(t)
	for _, view := range []uitest.View{{Width: 375}, {Width: 375, Dark: true}, {Width: 1280}, {Width: 1280, Dark: true}} {
		t.Run(fmt.Sprintf("%d dark=%t", view.Width, view.Dark), func(t *testing.T) {
			base := serve(t)
			p := browser.Open(t, base+"/", view)
			for _, path := range gallery.Paths() {
				p.Resize(view.Width)
				p.Goto(base + path)
				if dir := os.Getenv("UI_SHOTS"); dir != "" {
					name := strings.ReplaceAll(strings.Trim(path, "/"), "/", "-")
					p.Screenshot(filepath.Join(dir, fmt.Sprintf("%d-%s-dark=%t.png", view.Width, name, view.Dark)))
				}
				inspect(t, p, path, view)
			}
		})
	}
}

func inspect(t *testing.T, p *uitest.Page, path string, view uitest.View) {
	t.Helper()
	report := func(what string, found []string) {
		for _, f := range found {
			t.Errorf("%s: %s: %s", path, what, f)
		}
	}
	report("console, policy or network", p.Problems())
	report("accessibility", p.Axe())
	widths := []int{view.Width}
	if view.Width < 800 {
		report("target under 44 px", p.SmallTargets())
		widths = append(widths, 320)
	}
	for _, width := range widths {
		p.Resize(width)
		if px, who := p.Overflow(); px > 0 {
			t.Errorf("%s is %d px wider than %d: %v", path, px, width, who)
		}
	}
}
