package main

import (
	"flag"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"openhouse.example/packages/ui/uitest"
)

var shots = flag.String("shots", "", "a folder to leave pictures of the pages in")

// firstLoad is the most that a page with everything on it may cost, in bytes.
const firstLoad = 50 << 10

// Every page, as a phone and as a desk see it, by day and by night.
func TestPagesInABrowser(t *testing.T) {
	t.Parallel()
	browser := uitest.Start(t)
	s := newSite(t)
	s.addHome("14", "buyer14@example.org")
	used := s.askLink("buyer14@example.org", 1)[0]
	cookies := s.client().post(used, nil).is(t, http.StatusSeeOther).Cookies()
	fresh := s.askLink("buyer14@example.org", 1)[0]

	for _, p := range []struct {
		name, path string
		cookies    []*http.Cookie
		open       func(p *uitest.Page)
	}{
		{name: "sign-in", path: "/sign-in"},
		{name: "sign-in-wrong", path: "/sign-in", open: func(p *uitest.Page) {
			p.Fill("input[name=email]", "nobody")
			p.Submit("main button")
		}},
		{name: "sent", path: "/sign-in", open: func(p *uitest.Page) {
			p.Fill("input[name=email]", "stranger@example.org")
			p.Submit("main button")
		}},
		{name: "link", path: fresh},
		{name: "link-used", path: used},
		{name: "link-unknown", path: "/link/" + strings.Repeat("A", 43)},
		{name: "home", path: "/", cookies: cookies},
		{name: "not-found", path: "/nothing-here"},
	} {
		views := []uitest.View{{Width: 375}, {Width: 375, Dark: true}}
		if p.name == "home" || *shots != "" {
			views = append(views, uitest.View{Width: 1280}, uitest.View{Width: 1280, Dark: true})
		}
		for _, v := range views {
			look := map[bool]string{false: "light", true: "dark"}[v.Dark]
			size := map[int]string{375: "phone", 1280: "desk"}[v.Width]
			t.Run(p.name+"/"+size+"/"+look, func(t *testing.T) {
				v.Cookies = p.cookies
				page := browser.Open(t, s.http.URL+p.path, v)
				if p.open != nil {
					p.open(page)
				}
				if n := page.Bytes(); n > firstLoad {
					t.Errorf("the first load costs %d bytes, at most %d are allowed", n, firstLoad)
				}
				for _, problem := range page.Problems() {
					// The browser reports the status of a page that says 404, 410 or 422 on purpose.
					if !strings.Contains(problem, "Failed to load resource") {
						t.Errorf("problem: %s", problem)
					}
				}
				for _, violation := range page.Axe() {
					t.Errorf("accessibility: %s", violation)
				}
				if wide, elements := page.Overflow(); wide > 0 {
					t.Errorf("%d pixels wider than the window: %v", wide, elements)
				}
				if v.Width == 375 {
					for _, target := range page.SmallTargets() {
						t.Errorf("too small for a finger: %s", target)
					}
				}
				if *shots != "" {
					page.Screenshot(filepath.Join(*shots, strings.Join([]string{p.name, size, look}, "-")+".png"))
				}
			})
		}
	}
}

// From the form to the page of the home, without a line of JavaScript.
func TestTheWayHomeWithoutJavaScript(t *testing.T) {
	t.Parallel()
	browser := uitest.Start(t)
	s := newSite(t)
	s.addHome("14", "buyer14@example.org")
	page := browser.Open(t, s.http.URL+"/", uitest.View{Width: 375, NoScript: true})
	if at := page.URL().Path; at != "/sign-in" {
		t.Fatalf("/ leads to %s", at)
	}
	link := s.askLink("buyer14@example.org", 1)[0]
	page.Goto(s.http.URL + link)
	page.Submit("main button")
	if at := page.URL().Path; at != "/" {
		t.Fatalf("the button leads to %s", at)
	}
	if title := page.Text("h1"); !strings.Contains(title, "14 Longview Park") {
		t.Errorf("the page is about %q", title)
	}
	page.Click(".menu-button")
	page.Submit(".menu-out button")
	if at := page.URL().Path; at != "/sign-in" {
		t.Errorf("signing out leads to %s", at)
	}
	page.Goto(s.http.URL + "/")
	if at := page.URL().Path; at != "/sign-in" {
		t.Errorf("after signing out / shows %s", at)
	}
}
