package uitest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// patience is how long the browser may take for one step.
const patience = 30 * time.Second

// Browser is the running Chromium.
type Browser struct {
	ctx   context.Context
	close func()
}

var (
	shared     *Browser
	sharedErr  error
	sharedOnce sync.Once
)

var errNoChromium = errors.New("no Chromium found: install it (apt-get install chromium) or name it in CHROMIUM")

// Start returns the browser of this test binary, which the first call starts.
// Without a Chromium it skips the test, or fails it if REQUIRE_BROWSER=1.
func Start(t testing.TB) *Browser {
	t.Helper()
	sharedOnce.Do(func() { shared, sharedErr = launch() })
	switch {
	case errors.Is(sharedErr, errNoChromium) && os.Getenv("REQUIRE_BROWSER") != "1":
		t.Skip(sharedErr)
	case sharedErr != nil:
		t.Fatal(sharedErr)
	}
	return shared
}

// Main runs the tests and then closes the browser; use it as
//
//	func TestMain(m *testing.M) { os.Exit(uitest.Main(m)) }
func Main(m *testing.M) int {
	code := m.Run()
	if shared != nil {
		shared.close()
	}
	return code
}

func launch() (*Browser, error) {
	program := findChromium()
	if program == "" {
		return nil, errNoChromium
	}
	profile, err := os.MkdirTemp("", "uitest-chromium")
	if err != nil {
		return nil, err
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(program), chromedp.UserDataDir(profile), chromedp.WSURLReadTimeout(patience),
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
	}
	for _, flag := range []string{
		"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync",
		"disable-dev-shm-usage", "disable-extensions", "disable-default-apps", "disable-popup-blocking",
		"disable-background-timer-throttling", "disable-backgrounding-occluded-windows", "disable-renderer-backgrounding",
	} {
		options = append(options, chromedp.Flag(flag, true))
	}
	options = append(options, chromedp.Flag("force-color-profile", "srgb"))
	allocator, stopProcess := chromedp.NewExecAllocator(context.Background(), options...)
	// The library reports events that it doesn't know of newer browsers; nothing
	// of that concerns a page.
	ctx, stopBrowser := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {}))
	b := &Browser{ctx: ctx, close: func() {
		stopBrowser()
		stopProcess()
		removeProfile(profile)
	}}
	if err := chromedp.Run(ctx); err != nil {
		b.close()
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	return b, nil
}

// removeProfile removes the browser's folder. Its last helpers may still write while
// it goes, hence the second look; what is left after a second harms nobody.
func removeProfile(folder string) {
	for range 20 {
		_ = os.RemoveAll(folder)
		time.Sleep(50 * time.Millisecond)
		if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
			return
		}
	}
}

// whole is the context of commands to the browser itself, not to one of its pages.
func (b *Browser) whole() context.Context {
	return cdp.WithExecutor(b.ctx, chromedp.FromContext(b.ctx).Browser)
}

// newProfile opens an empty window with cookies and storage of its own, whose
// downloads go to the folder, and closes both when the test ends.
func (b *Browser) newProfile(t testing.TB, downloads string) (context.Context, error) {
	profile, err := target.CreateBrowserContext().Do(b.whole())
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = target.DisposeBrowserContext(profile).Do(b.whole()) })
	save := browser.SetDownloadBehavior(browser.SetDownloadBehaviorBehaviorAllow).WithBrowserContextID(profile).WithDownloadPath(downloads)
	if err := save.Do(b.whole()); err != nil {
		return nil, err
	}
	// A new window, since a new tab needs a window that the profile doesn't have.
	id, err := target.CreateTarget("about:blank").WithBrowserContextID(profile).WithNewWindow(true).Do(b.whole())
	if err != nil {
		return nil, err
	}
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithTargetID(id))
	t.Cleanup(cancel)
	return ctx, nil
}

// findChromium returns the path of a Chromium or Chrome, "" if there is none.
func findChromium() string {
	names := []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"}
	if named := os.Getenv("CHROMIUM"); named != "" {
		names = []string{named}
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}
