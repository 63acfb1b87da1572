package gallery_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"openhouse.example/packages/ui/uitest"
)

var (
	desktop = uitest.View{Width: 1280}
	phone   = uitest.View{Width: 375}
	plain   = uitest.View{Width: 1280, NoScript: true}
)

// shoot keeps a picture of a state if UI_SHOTS asks for pictures.
func shoot(p *uitest.Page, name string) {
	if dir := os.Getenv("UI_SHOTS"); dir != "" {
		p.ScreenshotView(filepath.Join(dir, "state-"+name+".png"))
	}
}

func isTrue(t *testing.T, p *uitest.Page, expression string) bool {
	t.Helper()
	var yes bool
	p.Eval(expression, &yes)
	return yes
}

func TestFirstLoadIsSmall(t *testing.T) {
	browser, base := uitest.Start(t), serve(t)
	for _, path := range []string{"/staff/developments", "/staff/import", "/resident/home", "/error/503"} {
		p := browser.Open(t, base+path, phone)
		// The gallery sends its pages uncompressed; the portals compress theirs.
		if got := p.Bytes(); got > 40<<10 {
			t.Errorf("%s: %d bytes on the first visit, at most %d", path, got, 40<<10)
		} else {
			t.Logf("%s: %d bytes", path, got)
		}
	}
}

func TestThemeIsKeptAndSetBeforeFirstPaint(t *testing.T) {
	browser, base := uitest.Start(t), serve(t)
	p := browser.Open(t, base+"/staff/developments", desktop)
	p.Click(".menu summary")
	shoot(p, "menu")
	p.Click(".theme-button[value=dark]")
	if !isTrue(t, p, `document.documentElement.dataset.theme === "dark" && document.querySelector(".theme-button[value=dark]").ariaPressed === "true"`) {
		t.Error("choosing dark changed nothing")
	}
	p.Goto(base + "/resident/home")
	if !isTrue(t, p, `document.documentElement.dataset.theme === "dark"`) {
		t.Error("the choice was lost on the next page")
	}
	// theme.js is a classic script in front of the body: nothing is painted before it ran.
	if !isTrue(t, p, `[...document.head.querySelectorAll("script")].some(s => s.src.endsWith("/theme.js") && !s.defer && !s.async && s.type === "")`) {
		t.Error("theme.js doesn't block the first paint")
	}
	p.Click(".menu summary")
	p.Click(".theme-button[value=auto]")
	if !isTrue(t, p, `localStorage.length === 0 && !document.documentElement.dataset.theme`) {
		t.Error("going back to the device's colours left something behind")
	}
}

func TestMenuWorksWithoutScriptAndClosesWithIt(t *testing.T) {
	browser, base := uitest.Start(t), serve(t)
	const open = `document.querySelector(".menu").open`
	p := browser.Open(t, base+"/resident/home", uitest.View{Width: 375, NoScript: true})
	p.Click(".menu summary")
	if !isTrue(t, p, open+` && document.querySelector(".menu-out button").checkVisibility() && !document.querySelector(".theme").checkVisibility()`) {
		t.Error("without script: menu should show sign-out and no theme switch")
	}
	p = browser.Open(t, base+"/resident/home", phone)
	p.Click(".menu summary")
	shoot(p, "menu-phone")
	for _, violation := range p.Axe() {
		t.Error(violation)
	}
	p.Press(kb.Escape)
	if isTrue(t, p, open) || !isTrue(t, p, `document.activeElement === document.querySelector(".menu summary")`) {
		t.Error("Escape should close the menu and give the focus back")
	}
	p.Click(".menu summary")
	p.Click(".details")
	if isTrue(t, p, open) {
		t.Error("a click elsewhere should close the menu")
	}
}

func TestConfirmAsksFirst(t *testing.T) {
	browser, base := uitest.Start(t), serve(t)
	p := browser.Open(t, base+"/staff/everything", desktop)
	p.Click(".confirm summary")
	shoot(p, "dialog")
	if !isTrue(t, p, `document.querySelector("dialog").open && document.querySelector("dialog").contains(document.activeElement)`) {
		t.Error("the question should be a dialog that has the focus")
	}
	for _, violation := range p.Axe() {
		t.Error(violation)
	}
	p.Press(kb.Escape)
	if isTrue(t, p, `document.querySelector("dialog").open`) {
		t.Error("Escape should close the dialog")
	}
	p.Click(".confirm summary")
	p.Submit("dialog .btn-danger")
	if got := p.URL().Path; got != "/staff/everything" {
		t.Errorf("confirming led to %s", got)
	}

	p = browser.Open(t, base+"/staff/everything", plain)
	p.Click(".confirm summary")
	shoot(p, "confirm-noscript")
	if !isTrue(t, p, `document.querySelector(".confirm-panel .btn-danger").checkVisibility()`) {
		t.Error("without script the question should unfold")
	}
	p.Submit(".confirm-panel .btn-danger")
}

func TestDroppedFileIsChosen(t *testing.T) {
	browser, base := uitest.Start(t), serve(t)
	p := browser.Open(t, base+"/staff/import", desktop)
	if !isTrue(t, p, `(() => {
		const transfer = new DataTransfer();
		transfer.items.add(new File(["a;b"], "homes.csv"));
		transfer.items.add(new File(["c"], "second.csv"));
		document.querySelector("[data-drop]").dispatchEvent(new DragEvent("drop", {dataTransfer: transfer, bubbles: true, cancelable: true}));
		const files = document.querySelector("[data-drop] input").files;
		return files.length === 1 && files[0].name === "homes.csv";
	})()`) {
		t.Error("a single field should take the first dropped file")
	}
}

func TestFormIsSentOnce(t *testing.T) {
	browser, base := uitest.Start(t), serve(t)
	p := browser.Open(t, base+"/staff/new", desktop)
	p.Eval(`window.sent = 0; document.querySelector("main form").addEventListener("submit", e => { if (!e.defaultPrevented) window.sent++; e.preventDefault(); });
		const b = document.querySelector("main form button"); b.click(); b.click(); true`, nil)
	if isTrue(t, p, `document.querySelector("main form").dataset.sent !== "yes"`) {
		t.Error("the form should be locked after the first press")
	}
	if !isTrue(t, p, `(() => { const e = new SubmitEvent("submit", {cancelable: true, bubbles: true}); return !document.querySelector("main form").dispatchEvent(e) && e.defaultPrevented; })()`) {
		t.Error("a second submit should be stopped")
	}
}

func TestKeyOfEveryFormDiffers(t *testing.T) {
	browser, base := uitest.Start(t), serve(t)
	p := browser.Open(t, base+"/staff/everything", plain)
	if !isTrue(t, p, `(() => { const keys = [...document.querySelectorAll("[name=idempotency_key]")].map(e => e.value);
		return keys.length >= 2 && new Set(keys).size === keys.length && keys.every(k => /^[0-9a-f-]{36}$/.test(k)); })()`) {
		t.Error("every posting form needs an idempotency key of its own")
	}
}

func TestLiveRegionRenewsUntilDone(t *testing.T) {
	browser, base := uitest.Start(t), serve(t)
	p := browser.Open(t, base+"/working", desktop)
	p.Eval(`window.sameDocument = true`, nil)
	shoot(p, "working")
	p.Wait(`document.querySelector(".meta").textContent === "Look 2"`)
	if !isTrue(t, p, `window.sameDocument === true`) {
		t.Error("the region should be renewed without loading the page")
	}
	p.Wait(`document.querySelector(".alert")?.textContent.includes("72 homes")`)
	if isTrue(t, p, `window.sameDocument === true`) {
		t.Error("when done the page should be loaded as a whole")
	}

	p = browser.Open(t, serve(t)+"/working", plain)
	p.Wait(`document.querySelector(".alert")?.textContent.includes("72 homes")`)
}

func TestPageComesBackByItself(t *testing.T) {
	browser := uitest.Start(t)
	for name, view := range map[string]uitest.View{"script": desktop, "no script": plain} {
		t.Run(name, func(t *testing.T) {
			p := browser.Open(t, serve(t)+"/flaky", view)
			if got := p.Text("h1"); got != "Back in a moment" {
				t.Fatalf("first answer: %q", got)
			}
			p.Wait(`document.querySelector("h1")?.textContent.trim() === "Developments"`)
		})
	}
}

func TestSkipLinkComesFirst(t *testing.T) {
	browser, base := uitest.Start(t), serve(t)
	p := browser.Open(t, base+"/staff/developments", desktop)
	p.Press(kb.Tab)
	shoot(p, "skip")
	if !isTrue(t, p, `document.activeElement.classList.contains("skip") && document.activeElement.getBoundingClientRect().top >= 0`) {
		t.Error("the first Tab should show the link to the content")
	}
	p.Press(kb.Enter)
	if !isTrue(t, p, `document.activeElement.id === "main"`) {
		t.Error("the link should move the focus to the content")
	}
}

func TestErrorSummaryIsReadFirstAndLeadsToFields(t *testing.T) {
	browser, base := uitest.Start(t), serve(t)
	for _, view := range []uitest.View{desktop, plain, phone, {Width: 375, NoScript: true}} {
		p := browser.Open(t, base+"/staff/mistakes", view)
		if !isTrue(t, p, `document.title.startsWith("Error: ") && document.activeElement.classList.contains("summary")`) {
			t.Error("title and focus should speak of the mistakes first")
		}
		var broken []string
		p.Eval(`[...document.querySelectorAll(".summary a")].filter(a => !document.getElementById(a.hash.slice(1))?.matches("input, select, textarea")).map(a => a.hash)`, &broken)
		if len(broken) > 0 {
			t.Errorf("links lead nowhere: %v", broken)
		}
		if !isTrue(t, p, `document.getElementById("f-email").getAttribute("aria-describedby").split(" ").every(id => document.getElementById(id))`) {
			t.Error("a field's description is missing")
		}
		if got := p.Text(".summary li:nth-child(2)"); got != "E-mail address: Enter an address such as care@example.org." {
			t.Errorf("the second mistake is announced as %q", got)
		}
		for _, field := range []string{"f-emergency", "f-email", "f-name"} {
			p.Click(`.summary a[href="#` + field + `"]`)
			p.Wait(`document.activeElement.id === "` + field + `"`)
			// The bar and the navigation lie over the page on phones.
			if !isTrue(t, p, `[document.activeElement, document.activeElement.closest(".field").firstElementChild].every(e => {
				const box = e.getBoundingClientRect();
				return document.elementFromPoint(box.left + 5, box.top + box.height / 2)?.closest(".field") === e.closest(".field");
			})`) {
				t.Errorf("%+v: %s has the focus, but it or its label is out of sight", view, field)
			}
		}
	}
}

func TestPaperHasContentOnly(t *testing.T) {
	browser, base := uitest.Start(t), serve(t)
	p := browser.Open(t, base+"/staff/development", desktop)
	p.Print()
	if got := strings.TrimSpace(p.Text("h1")); !strings.HasPrefix(got, "Longview Park") {
		t.Errorf("heading on paper: %q", got)
	}
	if isTrue(t, p, `[...document.querySelectorAll(".bar, .nav, .search, .pages")].some(e => e.checkVisibility())`) {
		t.Error("navigation is printed")
	}
}
