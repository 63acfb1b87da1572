package browser

import (
	"os"
	"path/filepath"
	"testing"

	"openhouse.example/packages/ui/uitest"
)

// aStranger has a photo of somebody's card: their pages are the buyer's to the byte and to the pixel, their mail has no
// link, and what staff decide is what happens.
func aStranger(t *testing.T, w *ways) {
	const buyer, stranger, friend = "rosa@stranger.example.org", "ivo@stranger.example.org", "ana@stranger.example.org"
	e := w.estate(t, "Harbour Homes", buyer)
	rosa := w.claim(t, e.codes["1"], "Rosa Gale", buyer, phone)
	ivo := w.claim(t, e.codes["1"], "Ivo Marsh", stranger, phone)
	if a, b := outline(rosa), outline(ivo); a != b {
		t.Errorf("buyer and stranger see different pages:\n%s\n%s", a, b)
	}
	if a, b := pixels(t, rosa), pixels(t, ivo); a != b {
		t.Error("the pages of buyer and stranger look different")
	}
	link := w.link(t, buyer, 1)
	w.noLink(t, stranger, 1)

	staff := e.office(t, "/requests", uitest.View{})
	says(t, staff, "Ivo Marsh", stranger, "1 Longview Park")
	shot(t, staff, "queue")
	staff.Click("main summary")
	staff.Submit(`form[action$="/reject"] button[type=submit]`)
	says(t, staff, "Nobody is waiting")
	w.noLink(t, stranger, 2)

	// The one who was turned down tries the other way in; the mail of the buyer, who asks later, shows that none will come.
	ivo.Goto(w.Tenant.URL + "/")
	askForLink(t, ivo, stranger)
	comeIn(t, rosa, link, "1 Longview Park")
	other := w.open(t, w.Tenant.URL+"/sign-in", uitest.View{})
	askForLink(t, other, buyer)
	comeIn(t, other, w.link(t, buyer, 2), "1 Longview Park")
	w.noLink(t, stranger, 2)

	ana := w.claim(t, e.codes["1"], "Ana Quirke", friend, uitest.View{Dark: true})
	w.noLink(t, friend, 1)
	staff.Goto(e.Developer.URL + e.homeNumber(e.development, "1"))
	says(t, staff, "Ana Quirke", "Approve as owner")
	staff.Submit(`main form[action$="/approve"] button[type=submit]`)
	comeIn(t, ana, w.link(t, friend, 2), "1 Longview Park")
	shot(t, ana, "approved")
	w.noLink(t, stranger, 2)
}

// outline is a page as it came, without what a form carries for itself.
func outline(p *uitest.Page) (html string) {
	p.Eval("document.documentElement.outerHTML", &html)
	return html
}

// pixels is a page as it looks.
func pixels(t *testing.T, p *uitest.Page) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "page.png")
	p.Screenshot(file)
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// aCouple comes with one card, at once: the buyer by the address on record, the other when staff agree.
func aCouple(t *testing.T, w *ways) {
	const buyer, partner = "rosa@couple.example.org", "tom@couple.example.org"
	e := w.estate(t, "Rowan Builders", buyer)
	rosa := w.claim(t, e.codes["1"], "Rosa Gale", buyer, phone)
	tom := w.claim(t, e.codes["1"], "Tom Kelly", partner, uitest.View{})
	w.noLink(t, partner, 1)
	rosa.Goto(w.link(t, buyer, 1))
	staff := e.office(t, "/requests", uitest.View{Width: 375})

	// She comes in while he is being let in, and then both come through the door together.
	rosa.Click(send)
	staff.Submit(`form[action$="/approve"]:has([value=occupier]) button[type=submit]`)
	says(t, staff, "Nobody is waiting")
	rosa.Wait(`location.pathname === "/"`)
	rosa2 := w.open(t, w.Tenant.URL+"/sign-in", uitest.View{})
	askForLink(t, rosa2, buyer)
	rosa2.Goto(w.link(t, buyer, 2))
	tom.Goto(w.link(t, partner, 2))
	rosa2.Click(send)
	tom.Click(send)
	for _, p := range []*uitest.Page{rosa, rosa2, tom} {
		p.Wait(`location.pathname === "/"`)
		at(t, p, "/", "1 Longview Park")
	}
	staff.Goto(e.Developer.URL + e.homeNumber(e.development, "1"))
	says(t, staff, "Rosa Gale", "Owner", "Tom Kelly", "Occupier")
	shot(t, staff, "home")
}
