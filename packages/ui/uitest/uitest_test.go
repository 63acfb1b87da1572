package uitest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"openhouse.example/packages/ui/uitest"
)

func TestMain(m *testing.M) { os.Exit(uitest.Main(m)) }

// page is a whole document around body.
func page(body string) string {
	return `<!doctype html><html lang="en"><head><title>Test</title><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"></head><body><main><h1>Test</h1>` + body + `</main></body></html>`
}

// serve answers "/" with body under a strict policy and "/form" with a form's
// values and cookies.
func serve(t *testing.T, body string) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data:")
		fmt.Fprint(w, page(body))
	})
	mux.HandleFunc("/form", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusUnprocessableEntity)
		cookie, _ := r.Cookie("visitor")
		fmt.Fprint(w, page(fmt.Sprintf("<p id=answer>%s, %v</p>", r.FormValue("name"), cookie)))
	})
	mux.HandleFunc("/app.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, `document.querySelector("h1").textContent = "Changed"`)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func wants(t *testing.T, what string, found []string, wanted ...string) {
	t.Helper()
	all := strings.Join(found, "\n")
	for _, w := range wanted {
		if !strings.Contains(all, w) {
			t.Errorf("%s: %q not found in:\n%s", what, w, all)
		}
	}
	if len(wanted) == 0 && len(found) > 0 {
		t.Errorf("%s: should find nothing, found:\n%s", what, all)
	}
}

func TestChecksFindWhatIsWrong(t *testing.T) {
	b := uitest.Start(t)
	p := b.Open(t, serve(t, `
		<p style="color:red">Inline style</p><script>document.title = "inline"</script><script src="/missing.js"></script>
		<img src="/missing.png"><button>?</button>
		<svg width="20" height="20"><use href="/icons.svg#misspelt"></use></svg>
		<table width="500"><tr><td>wide</td></tr></table>`), uitest.View{Width: 375})
	wants(t, "problems", p.Problems(), "inline style", "inline script", "/missing.js", "/missing.png", "icon draws nothing: /icons.svg#misspelt")
	wants(t, "accessibility", p.Axe(), "image-alt (critical)")
	wants(t, "targets", p.SmallTargets(), "button")
	px, who := p.Overflow()
	if px < 100 {
		t.Errorf("overflow of %d px, want more than 100", px)
	}
	wants(t, "overflow", who, "table")
}

func TestChecksAcceptAGoodPage(t *testing.T) {
	b := uitest.Start(t)
	p := b.Open(t, serve(t, `<p>Nothing to complain about.</p>`), uitest.View{Width: 375})
	wants(t, "problems", p.Problems())
	wants(t, "accessibility", p.Axe())
	wants(t, "targets", p.SmallTargets())
	if px, _ := p.Overflow(); px != 0 {
		t.Errorf("overflow of %d px", px)
	}
	if n := p.Bytes(); n < 100 || n > 1000 {
		t.Errorf("%d bytes for a page of 200", n)
	}
}

func TestViewsDiffer(t *testing.T) {
	b := uitest.Start(t)
	base := serve(t, `<script src="/app.js"></script>`)
	for _, c := range []struct {
		view               uitest.View
		width              int
		dark, coarse, runs bool
	}{
		{view: uitest.View{}, width: 1280, runs: true},
		{view: uitest.View{Width: 375, Dark: true}, width: 375, dark: true, coarse: true, runs: true},
		{view: uitest.View{NoScript: true}, width: 1280},
	} {
		p := b.Open(t, base, c.view)
		var width int
		var dark, coarse bool
		p.Eval("innerWidth", &width)
		p.Eval(`matchMedia("(prefers-color-scheme: dark)").matches`, &dark)
		p.Eval(`matchMedia("(pointer: coarse)").matches`, &coarse)
		if runs := p.Text("h1") == "Changed"; width != c.width || dark != c.dark || coarse != c.coarse || runs != c.runs {
			t.Errorf("%+v: width %d, dark %t, coarse %t, scripts %t", c.view, width, dark, coarse, runs)
		}
	}
}

func TestFormsCookiesAndPictures(t *testing.T) {
	b := uitest.Start(t)
	base := serve(t, `<form method="post" action="/form"><label>Name <input name="name" value="old"></label> <button>Send</button></form>`)
	p := b.Open(t, base, uitest.View{NoScript: true, Cookies: []*http.Cookie{{Name: "visitor", Value: "7"}}})
	p.Fill("input", "Aoife")
	if status := p.Submit("button"); status != http.StatusUnprocessableEntity {
		t.Errorf("status %d, want 422", status)
	}
	if got := p.Text("#answer"); got != "Aoife, visitor=7" {
		t.Errorf("answer %q", got)
	}
	if got := p.URL().Path; got != "/form" {
		t.Errorf("path %q", got)
	}
	wants(t, "problems of an error page", p.Problems())
	if status := p.Goto(base + "/gone"); status != http.StatusNotFound {
		t.Errorf("status %d, want 404", status)
	}
	// Another page has a profile of its own.
	p = b.Open(t, base, uitest.View{})
	p.Submit("button")
	if got := p.Text("#answer"); got != "old," {
		t.Errorf("the cookie of another profile: %q", got)
	}
	file := filepath.Join(t.TempDir(), "new", "page.png")
	p.Screenshot(file)
	if raw, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(raw), "\x89PNG") {
		t.Errorf("no picture: %v", err)
	}
}
