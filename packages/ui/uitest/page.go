package uitest

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// View is how a page is looked at.
type View struct {
	Width    int  // CSS pixels; 0 is 1280. Below 800 it is a phone: touch, no mouse
	Height   int  // 0 is 800, on a phone 740
	Dark     bool // the device prefers dark colours
	NoScript bool // JavaScript is off
	Cookies  []*http.Cookie
}

func (v View) phone() bool { return v.width() < 800 }

func (v View) width() int {
	if v.Width == 0 {
		return 1280
	}
	return v.Width
}

func (v View) height() int {
	switch {
	case v.Height != 0:
		return v.Height
	case v.phone():
		return 740
	default:
		return 800
	}
}

func (v View) metrics() chromedp.Action {
	return emulation.SetDeviceMetricsOverride(int64(v.width()), int64(v.height()), 1, v.phone())
}

// Page is one open page. Its methods end the test when the browser fails.
type Page struct {
	t    testing.TB
	ctx  context.Context
	view View
	seen *witness

	downloads string // folder
}

// Open loads address in a new profile and waits for everything in it. The page
// is closed when the test ends.
func (b *Browser) Open(t testing.TB, address string, v View) *Page {
	t.Helper()
	downloads := t.TempDir()
	ctx, err := b.newProfile(t, downloads)
	if err != nil {
		t.Fatalf("browser: new profile: %v", err)
	}
	p := &Page{t: t, ctx: ctx, view: v, seen: newWitness(), downloads: downloads}
	chromedp.ListenTarget(ctx, p.seen.note)
	scheme := "light"
	if v.Dark {
		scheme = "dark"
	}
	// The first run binds the page to its context, so it must not have a deadline.
	if err := chromedp.Run(ctx, network.Enable(), runtime.Enable(), page.Enable()); err != nil {
		t.Fatalf("open a page: %v", err)
	}
	actions := []chromedp.Action{
		v.metrics(),
		emulation.SetTouchEmulationEnabled(v.phone()),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
		emulation.SetScriptExecutionDisabled(v.NoScript),
		emulation.SetFocusEmulationEnabled(true), // several pages are open, and each must believe that it is in front
	}
	for _, c := range v.Cookies {
		actions = append(actions, network.SetCookie(c.Name, c.Value).WithURL(address).WithHTTPOnly(c.HttpOnly).WithSecure(c.Secure))
	}
	p.run(actions...)
	p.Goto(address)
	return p
}

// run does the actions within patience.
func (p *Page) run(actions ...chromedp.Action) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		p.t.Fatalf("browser: %v\nat %s; the page said: %v", err, p.seen.address(), p.seen.problems())
	}
}

// Goto loads another address in the same profile and returns the status.
func (p *Page) Goto(address string) int {
	p.t.Helper()
	p.seen.start(address)
	return p.load(chromedp.Navigate(address))
}

// Submit clicks what matches the CSS selector, waits for the page that this
// loads, and returns its status.
func (p *Page) Submit(selector string) int {
	p.t.Helper()
	return p.load(chromedp.Click(selector, chromedp.ByQuery, chromedp.NodeVisible))
}

func (p *Page) load(action chromedp.Action) int {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	answer, err := chromedp.RunResponse(ctx, action)
	if err != nil {
		p.t.Fatalf("browser: load: %v\nat %s; the page said: %v", err, p.seen.address(), p.seen.problems())
	}
	p.settle()
	if answer == nil {
		return 0
	}
	return int(answer.Status)
}

// settle waits until every icon is drawn, which the load event doesn't wait for.
func (p *Page) settle() {
	p.t.Helper()
	if p.view.NoScript {
		return
	}
	deadline := time.Now().Add(2 * time.Second)
	for time.Now().Before(deadline) {
		var missing []string
		p.Eval(emptyIcons, &missing)
		if len(missing) == 0 {
			return
		}
		p.run(chromedp.Sleep(20 * time.Millisecond))
	}
}

// Click clicks what matches the CSS selector, without waiting for a new page.
func (p *Page) Click(selector string) {
	p.t.Helper()
	p.run(chromedp.Click(selector, chromedp.ByQuery, chromedp.NodeVisible))
}

// Fill types text into the field, in place of what is there.
func (p *Page) Fill(selector, text string) {
	p.t.Helper()
	p.run(chromedp.Clear(selector, chromedp.ByQuery), chromedp.SendKeys(selector, text, chromedp.ByQuery))
}

// painted is fulfilled when the page has been drawn: Chromium drops keys that come before that.
const painted = `Promise.race([
	new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true)))),
	new Promise(done => setTimeout(() => done(false), 1000)),
])`

// Press sends keys, such as kb.Tab, to whatever has the focus.
func (p *Page) Press(keys string) {
	p.t.Helper()
	if !p.view.NoScript {
		p.run(chromedp.Evaluate(painted, nil, func(e *runtime.EvaluateParams) *runtime.EvaluateParams { return e.WithAwaitPromise(true) }))
	}
	p.run(chromedp.KeyEvent(keys))
}

// Follow presses Enter on the link that has the focus. A whole key press, as Press sends it, has a character too; the
// link's target would get that, and a form would be sent.
func (p *Page) Follow() {
	p.t.Helper()
	enter := func(kind input.KeyType) chromedp.Action {
		return input.DispatchKeyEvent(kind).WithKey("Enter").WithCode("Enter").WithWindowsVirtualKeyCode(13).WithNativeVirtualKeyCode(13)
	}
	p.run(enter(input.KeyRawDown), enter(input.KeyUp))
}

// Upload chooses files, by absolute path, in a file field.
func (p *Page) Upload(selector string, files ...string) {
	p.t.Helper()
	p.run(chromedp.SetUploadFiles(selector, files, chromedp.ByQuery))
}

// Download clicks what matches the CSS selector and returns the file that this
// brings. A file comes under the same name only once.
func (p *Page) Download(selector string) []byte {
	p.t.Helper()
	had := p.downloaded()
	p.Click(selector)
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		for _, file := range p.downloaded() {
			if slices.Contains(had, file) {
				continue
			}
			content, err := os.ReadFile(file)
			if err != nil {
				p.t.Fatal(err)
			}
			return content
		}
	}
	p.t.Fatalf("browser: no file came within %s\nat %s; the page said: %v", patience, p.seen.address(), p.seen.problems())
	return nil
}

// downloaded are the files that have come whole.
func (p *Page) downloaded() []string {
	files, err := filepath.Glob(filepath.Join(p.downloads, "*"))
	if err != nil {
		p.t.Fatal(err)
	}
	return slices.DeleteFunc(files, func(file string) bool {
		name := filepath.Base(file)
		return strings.HasSuffix(name, ".crdownload") || strings.HasPrefix(name, ".")
	})
}

// Text is what a reader sees of the first element that matches.
func (p *Page) Text(selector string) string {
	p.t.Helper()
	var out string
	p.run(chromedp.Text(selector, &out, chromedp.ByQuery))
	return out
}

// URL is where the page is now.
func (p *Page) URL() *url.URL {
	p.t.Helper()
	var out string
	p.run(chromedp.Location(&out))
	u, err := url.Parse(out)
	if err != nil {
		p.t.Fatalf("browser: address %q: %v", out, err)
	}
	return u
}

// Eval runs an expression in the page, also where its own scripts are off, and
// puts the result, if out isn't nil, in out. It waits for a promise.
func (p *Page) Eval(expression string, out any) {
	p.t.Helper()
	p.run(chromedp.Evaluate(expression, out, func(e *runtime.EvaluateParams) *runtime.EvaluateParams {
		return e.WithAwaitPromise(true)
	}))
}

// Wait returns when the expression is true in the page, over as many page loads
// as that takes, and ends the test when it takes too long.
func (p *Page) Wait(expression string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	for {
		var yes bool
		// An error is a page that is just going or coming: look again.
		err := chromedp.Run(ctx, chromedp.Evaluate("Boolean("+expression+")", &yes))
		if err == nil && yes {
			return
		}
		if err := chromedp.Run(ctx, chromedp.Sleep(50*time.Millisecond)); err != nil {
			p.t.Fatalf("browser: waited %s in vain for %s\nat %s; the page said: %v", patience, expression, p.seen.address(), p.seen.problems())
		}
	}
}

// Resize changes the width of the window.
func (p *Page) Resize(width int) {
	p.t.Helper()
	p.view.Width = width
	p.run(p.view.metrics())
}

// Print shows the page as it would be on paper.
func (p *Page) Print() {
	p.t.Helper()
	p.run(emulation.SetEmulatedMedia().WithMedia("print"))
}

// Screenshot writes the whole page as PNG and makes the folder if need be.
func (p *Page) Screenshot(path string) {
	p.t.Helper()
	var png []byte
	p.run(chromedp.FullScreenshot(&png, 100))
	p.save(path, png)
}

// ScreenshotView writes what is in the window as PNG.
func (p *Page) ScreenshotView(path string) {
	p.t.Helper()
	var png []byte
	p.run(chromedp.CaptureScreenshot(&png))
	p.save(path, png)
}

func (p *Page) save(path string, content []byte) {
	p.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		p.t.Fatal(err)
	}
}
