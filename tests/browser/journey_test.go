package browser

import (
	"fmt"
	"strings"
	"testing"

	"openhouse.example/packages/ui/uitest"
	"openhouse.example/tests/e2e/samples"
)

// TestJourneys goes from the sign-in page to My home and out again as a person does, with a mouse or a finger: on a phone
// without JavaScript, and on a desk with it.
func TestJourneys(t *testing.T) {
	t.Parallel()
	browser := uitest.Start(t)
	w := newWorld(t)
	for name, view := range map[string]uitest.View{
		"phone without JavaScript": {Width: 375, NoScript: true},
		"desk":                     {Width: 1280},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w.journey(t, browser, view, name)
		})
	}
}

func (w *world) journey(t *testing.T, browser *uitest.Browser, view uitest.View, name string) {
	t.Helper()
	const send = "main form button[type=submit]"
	p := browser.Open(t, w.Developer.URL+"/sign-in", view)
	p.Fill("[name=email]", "maeve.admin@example.org")
	p.Fill("[name=password]", w.accounts["maeve.admin@example.org"].Password)
	p.Submit(send)
	says(t, p, "Longview Park")

	development := "Quay Walk, " + name
	p.Submit(`a[href="/developments/new"]`)
	p.Fill("[name=name]", development)
	p.Fill("[name=emergencyPhone]", "+353 20 915 0777")
	p.Submit(send)
	says(t, p, development, "No homes yet")
	p.Submit(`main a[href$="/import"]`)
	p.Upload("[name=file]", samples.Named(t, "longview-park-75-with-3-bad.csv").Path(t))
	p.Submit(send)
	p.Wait(`document.querySelector('form[action$="/commit"]')`)
	says(t, p, "not-an-address", "72")
	p.Submit(`form[action$="/commit"] button`)
	p.Wait(`document.body.innerText.includes("72 homes were saved")`)

	p.Submit(`main a[href$="/homes"]`)
	p.Fill("[name=q]", "14 Longview")
	p.Submit("form[role=search] button, search button")
	p.Submit("main tbody a")
	says(t, p, "14 Longview Park")
	resident := fmt.Sprintf("resident-%d@example.org", view.Width)
	p.Submit(`main a[href$="/edit"]`)
	p.Fill("[name=purchaserEmail]", resident)
	p.Submit(send)
	says(t, p, resident)
	p.Click("main summary")
	p.Submit(`form[action$="/link"] button[type=submit]`)
	p.Goto(w.Developer.URL + "/outbox")
	p.Eval(fmt.Sprintf(`[...document.querySelectorAll("tbody tr")].find(r => r.innerText.includes(%q)).querySelector("a").id = "newest"`, resident), nil)
	p.Submit("#newest")
	p.Submit(`main a[href*="/link/"]`)
	says(t, p, development, "Open my home")
	p.Submit(send)
	says(t, p, "14 Longview Park", development, "+353 20 915 0777")
	p.Click(".menu-button")
	p.Submit(".menu-out button")
	p.Goto(w.Tenant.URL + "/")
	if at := p.URL().Path; at != "/sign-in" {
		t.Errorf("whoever has signed out and comes back is shown %s", at)
	}
	if problems := p.Problems(); len(problems) > 0 {
		t.Errorf("the browser complains: %q", problems)
	}
}

func says(t *testing.T, p *uitest.Page, texts ...string) {
	t.Helper()
	seen := p.Text("body")
	for _, text := range texts {
		if !strings.Contains(seen, text) {
			t.Fatalf("%s does not say %q but\n%.1500s", p.URL(), text, seen)
		}
	}
}
