package browser

import (
	"fmt"
	"strings"
	"testing"

	"openhouse.example/packages/ui/uitest"
)

// What keys are to the browser.
const (
	tab    = "\t"
	enter  = "\r"
	escape = "\u001b"
)

// focused describes what has the focus: how it can be told from the rest, and whether it can be seen.
const focused = `(() => {
	const e = document.activeElement, s = getComputedStyle(e), b = e.getBoundingClientRect();
	const label = e.closest("label, .file-drop, .field-input") ?? e, ls = getComputedStyle(label);
	const ring = x => x.outlineStyle !== "none" && parseFloat(x.outlineWidth) >= 2 || x.boxShadow !== "none";
	return {
		Name: e.tagName.toLowerCase() + (e.name ? "[name=" + e.name + "]" : "") + " " + (e.innerText || e.ariaLabel || "").trim().slice(0, 40),
		Body: e === document.body, Skip: e.classList.contains("skip"), Main: e.id === "main", Mark: e.dataset.tabbed ?? "",
		// The ring of a card that is a link as a whole is drawn by what the link lays over it. Inside a date field the
		// calendar's button has the focus and the browser's own ring.
		Ring: ring(s) || ring(ls) || ring(getComputedStyle(e, "::after")) || ["date", "datetime-local"].includes(e.type) && !e.matches(":focus-visible"),
		Seen: b.width > 0 && b.height > 0 && b.bottom > 0 && b.top < innerHeight && b.right > 0 && b.left < innerWidth,
	};
})()`

type focus struct {
	Name, Mark                   string
	Body, Skip, Main, Ring, Seen bool
}

func focusOf(p *uitest.Page) (f focus) {
	p.Eval(focused, &f)
	return f
}

// reachable marks everything that a person can use, and counts it. A group of radio buttons is one stop.
const reachable = `(() => {
	const groups = new Set();
	const all = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")]
		.filter(e => e.checkVisibility() && !e.disabled && e.tabIndex >= 0 && !e.closest("[inert]"))
		.filter(e => e.type !== "radio" || e.checked || !document.querySelector("input[name='" + e.name + "']:checked") && !groups.has(e.name) && groups.add(e.name));
	all.forEach((e, i) => e.dataset.tabbed = i);
	return all.length;
})()`

// TestKeyboard walks through pages with the tab key alone: the first stop leads past the navigation, every stop is in
// sight and marked, and nothing that a mouse can use is left out.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	browser := uitest.Start(t)
	w := newWorld(t)
	w.homeCookies = w.enter(w.resident)
	w.furnishPeople()
	for _, s := range []scene{
		{name: "staff signing in", portal: w.Developer.URL, path: "/sign-in"},
		{name: "developments", portal: w.Developer.URL, path: "/developments", cookies: w.staffCookies},
		{name: "homes", portal: w.Developer.URL, path: w.longview + "/homes", cookies: w.staffCookies},
		{name: "a home", portal: w.Developer.URL, path: w.home, cookies: w.staffCookies},
		{name: "editing a home", portal: w.Developer.URL, path: w.home + "/edit", cookies: w.staffCookies},
		{name: "the queue of requests", portal: w.Developer.URL, path: "/requests", cookies: w.staffCookies},
		{name: "the people of a home", portal: w.Developer.URL, path: w.people.former, cookies: w.staffCookies},
		{name: "a resale", portal: w.Developer.URL, path: w.people.former + "/resale", cookies: w.staffCookies},
		{name: "giving in a file", portal: w.Developer.URL, path: w.longview + "/import", cookies: w.staffCookies},
		{name: "writing a notice", portal: w.Developer.URL, path: "/notices/new", cookies: w.staffCookies},
		{name: "a resident signing in", portal: w.Tenant.URL, path: "/sign-in"},
		{name: "My home", portal: w.Tenant.URL, path: "/", cookies: w.homeCookies},
	} {
		for _, width := range []int{375, 1280} {
			t.Run(fmt.Sprintf("%s at %d px", s.name, width), func(t *testing.T) {
				t.Parallel()
				p := browser.Open(t, s.portal+s.path, uitest.View{Width: width, Cookies: s.cookies})
				walk(t, p)
			})
		}
	}
	t.Run("a question is asked and taken back", func(t *testing.T) {
		t.Parallel()
		p := browser.Open(t, w.Developer.URL+w.home, uitest.View{Cookies: w.staffCookies})
		p.Eval(`document.querySelector("main summary").focus()`, nil)
		p.Press(enter)
		p.Wait(`[...document.querySelectorAll('form[action$="/link"] button[type=submit]')].some(b => b.checkVisibility())`)
		p.Press(escape)
		p.Wait(`![...document.querySelectorAll('form[action$="/link"] button[type=submit]')].some(b => b.checkVisibility())`)
		p.Wait(`document.activeElement.closest("details, .confirm") !== null`)
	})
	t.Run("mistakes are read first and lead to their fields", func(t *testing.T) {
		t.Parallel()
		p := browser.Open(t, w.Developer.URL+w.home+"/edit", uitest.View{Cookies: w.staffCookies})
		p.Fill("[name=purchaserEmail]", "nobody@@example.org")
		p.Submit("main form button[type=submit]")
		p.Wait(`document.readyState === "complete" && document.activeElement.getAttribute("role") === "alert"`)
		if title := titleOf(p); !strings.HasPrefix(title, "Error") {
			t.Errorf("the title %q does not begin with the news", title)
		}
		p.Press(tab)
		p.Wait(`document.activeElement.matches("[role=alert] a")`)
		p.Follow()
		p.Wait(`document.activeElement.name === "purchaserEmail"`)
	})
}

func titleOf(p *uitest.Page) (title string) {
	p.Eval("document.title", &title)
	return title
}

func walk(t *testing.T, p *uitest.Page) {
	t.Helper()
	p.Press(tab)
	if f := focusOf(p); !f.Skip || !f.Seen {
		t.Errorf("the first stop is %q, seen: %t; it should lead to the content", f.Name, f.Seen)
	}
	p.Press(enter)
	p.Wait(`document.activeElement.id === "main" || location.hash === "#main"`)
	p.Eval(`document.activeElement.blur(); history.replaceState(null, "", location.pathname); scrollTo(0, 0)`, nil)

	var stops int
	p.Eval(reachable, &stops)
	visited := map[string]bool{}
	p.Eval(`document.querySelector(".skip").focus()`, nil)
	const parts = 8 // of a field for a day and a time, each a stop of its own
	for range parts * stops {
		f := focusOf(p)
		if f.Body {
			break
		}
		visited[f.Mark] = true
		if !f.Main && !f.Ring {
			t.Errorf("with the focus on it, %q looks like the rest", f.Name)
		}
		if !f.Seen {
			t.Errorf("with the focus on it, %q is out of sight", f.Name)
		}
		p.Press(tab)
	}
	for i := range stops {
		if mark := fmt.Sprint(i); !visited[mark] {
			var name string
			p.Eval(fmt.Sprintf(`document.querySelector("[data-tabbed='%s']").outerHTML.slice(0, 200)`, mark), &name)
			t.Errorf("the tab key never reaches %s", name)
		}
	}
}
