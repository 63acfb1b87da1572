package uitest

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed testdata/axe/axe.min.js
var axe string

// emptyIcons lists references to symbols that draw nothing: a misspelt icon.
const emptyIcons = `[...document.querySelectorAll("svg use")]
	.filter(u => u.checkVisibility() && u.ownerSVGElement.getBoundingClientRect().width > 0 && u.getBBox().width === 0)
	.map(u => u.getAttribute("href"))`

// Problems lists what the console, the security policy, the network and the
// page's scripts complained about since the address was opened, and icons that
// draw nothing. A good page has none.
func (p *Page) Problems() []string {
	p.t.Helper()
	var icons []string
	p.Eval(emptyIcons, &icons)
	out := p.seen.problems()
	for _, icon := range icons {
		out = append(out, "icon draws nothing: "+icon)
	}
	return out
}

// Bytes is what has been transferred, headers included, since the address was
// opened.
func (p *Page) Bytes() int64 {
	p.t.Helper()
	return p.seen.transferred()
}

// Overflow is by how many CSS pixels the page is wider than the window; the
// second result names the elements that stick out. The width is that of the
// View, since a phone's own innerWidth grows with what overflows.
func (p *Page) Overflow() (pixels int, elements []string) {
	p.t.Helper()
	p.Eval("document.documentElement.scrollWidth", &pixels)
	pixels -= p.view.width()
	if pixels <= 0 {
		return 0, nil
	}
	p.Eval(fmt.Sprintf(`[...document.body.querySelectorAll("*")].filter(e => e.getBoundingClientRect().right > %d)
		.slice(0, 8).map(e => e.tagName.toLowerCase() + "." + (e.className.baseVal ?? e.className))`, p.view.width()), &elements)
	return pixels, elements
}

// SmallTargets lists controls that are lower or narrower than 44 CSS pixels,
// the least that a finger hits safely. Links within a line of text don't count.
func (p *Page) SmallTargets() []string {
	p.t.Helper()
	var out []string
	p.Eval(`[...document.querySelectorAll("button, summary, select, textarea, input:not([type=hidden]), a")]
		.filter(e => e.checkVisibility() && !e.classList.contains("skip") && !e.closest("p, li:not(nav li), td > div, dd"))
		.map(e => [e, (e.matches("input[type=radio], input[type=checkbox]") ? e.closest("label") ?? e : e)])
		.map(([e, area]) => [e, area.getBoundingClientRect(), getComputedStyle(e, "::after")])
		.filter(([e, box, after]) => !(after.content !== "none" && after.position === "absolute"))
		.filter(([e, box]) => box.height < 43.5 || box.width < 43.5)
		.map(([e, box]) => e.tagName.toLowerCase() + "." + e.className + " " + Math.round(box.width) + "×" + Math.round(box.height) + " " + e.textContent.trim().slice(0, 30))`, &out)
	return out
}

// violation is one finding of the accessibility checker.
type violation struct {
	ID, Help, Impact string
	Nodes            []struct{ HTML, FailureSummary string }
}

// Axe runs the accessibility checker (WCAG 2.0 to 2.2, A and AA, and its best
// practices) and returns one text per violation. It needs a page with scripts.
func (p *Page) Axe() []string {
	p.t.Helper()
	p.Eval(axe+";true", nil)
	var found []violation
	p.Eval(`axe.run(document, {
		runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
		resultTypes: ["violations"],
	}).then(r => r.violations.map(v => ({ID: v.id, Help: v.help, Impact: v.impact,
		Nodes: v.nodes.map(n => ({HTML: n.html, FailureSummary: n.failureSummary}))})))`, &found)
	var out []string
	for _, v := range found {
		var text strings.Builder
		fmt.Fprintf(&text, "%s (%s): %s", v.ID, v.Impact, v.Help)
		for _, n := range v.Nodes {
			fmt.Fprintf(&text, "\n  %s\n    %s", n.HTML, strings.ReplaceAll(n.FailureSummary, "\n", "\n    "))
		}
		out = append(out, text.String())
	}
	return out
}
