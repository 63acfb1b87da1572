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
// window, no short text cut in two, nothing too small for a finger, lists of mistakes that lead to the fields they name,
// and a first load that an old phone can afford.
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
	report(t, "in the list of mistakes", misled(p))
	for _, width := range []int{375, 1280} {
		p.Resize(width)
		if dir := os.Getenv("SHOTS"); dir != "" {
			p.Screenshot(filepath.Join(dir, fmt.Sprintf("%s-%d.png", name, width)))
		}
		report(t, fmt.Sprintf("at %d px: accessibility", width), p.Axe())
		report(t, fmt.Sprintf("at %d px: a line ends in the middle of", width), broken(p))
		if px, who := p.Overflow(); px > 0 {
			t.Errorf("at %d px: %d px wider than the window: %v", width, px, who)
		}
		if width < 800 {
			report(t, "target under 44 px", p.SmallTargets())
		}
	}
}

// misled lists the entries above a form that don't name the field they lead to, and those that lead to none.
func misled(p *uitest.Page) (found []string) {
	p.Eval(`[...document.querySelectorAll("[role=alert] li a")].filter(a => {
		const around = document.getElementById(a.hash.slice(1))?.labels?.[0];
		const label = (around?.querySelector(".choice-text > span") ?? around?.firstChild)?.textContent.trim();
		return !label || !a.textContent.toLowerCase().includes(label.toLowerCase());
	}).map(a => a.textContent + " -> " + a.hash)`, &found)
	return found
}

// broken lists short texts that a reader takes in at a glance, and that a line's end cuts in two all the same: dates,
// distances in time, and the parts of e-mail addresses.
func broken(p *uitest.Page) (found []string) {
	p.Eval(`(() => {
		const glance = /^(in \d+ days?|\d+ (day|month|year)s? ago|no date yet|\S+@\S*|\d{1,2} \p{L}{3} \d{4})$/iu;
		const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
		while (texts.nextNode()) {
			const text = texts.currentNode, said = text.data.replace(/\s+/g, " ").trim();
			const part = [text.previousSibling, text.nextSibling].some(n => n?.nodeName === "WBR");
			if (!said || !part && !glance.test(said) || !text.parentElement.checkVisibility()) continue;
			const range = document.createRange();
			range.selectNodeContents(text);
			if (new Set([...range.getClientRects()].map(r => Math.round(r.top))).size > 1) found.push(said);
		}
		return found;
	})()`, &found)
	return found
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
