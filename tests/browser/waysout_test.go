package browser

import (
	"testing"

	"openhouse.example/packages/ui/uitest"
)

// movedOut: whoever has moved out is led to the sign-in page by their next click, and mail doesn't bring them back.
func movedOut(t *testing.T, w *ways) {
	const buyer, partner = "rosa@moved.example.org", "ana@moved.example.org"
	e := w.estate(t, "Lock Homes", buyer)
	ana := w.claim(t, e.codes["1"], "Ana Quirke", partner, uitest.View{})
	w.noLink(t, partner, 1)
	staff := e.office(t, "/requests", uitest.View{})
	staff.Submit(`form[action$="/approve"]:has([value=occupier]) button[type=submit]`)
	comeIn(t, ana, w.link(t, partner, 2), "1 Longview Park")
	rosa := w.claim(t, e.codes["1"], "Rosa Gale", buyer, phone)
	comeIn(t, rosa, w.link(t, buyer, 1), "1 Longview Park")

	staff.Goto(e.Developer.URL + e.homeNumber(e.development, "1"))
	staff.Eval(`[...document.querySelectorAll('main a[href$="/moved-out"]')].find(a => a.parentElement.parentElement.innerText.includes("Ana")).id = "ana"`, nil)
	staff.Submit("#ana")
	says(t, staff, "Has Ana Quirke moved out?")
	shot(t, staff, "question")
	staff.Submit(`form[action$="/moved-out"] button[type=submit]`)
	says(t, staff, "Used to live here")
	// The session was ended with the decision, so the very next click shows it: nothing has to be waited for, and the
	// time that passes is the browser's. TestMovedOutAndBack in the developer portal holds that the session has ended when
	// staff are answered.
	ana.Submit(`a[href="/notices"]`)
	at(t, ana, "/sign-in", "Sign in to your home")
	ana.Goto(w.Tenant.URL + "/")
	askForLink(t, ana, partner)

	// Who stays isn't disturbed. Her mail, asked for later, shows that none will come to the other.
	rosa.Goto(w.Tenant.URL + "/")
	at(t, rosa, "/", "1 Longview Park")
	again := w.open(t, w.Tenant.URL+"/sign-in", phone)
	askForLink(t, again, buyer)
	comeIn(t, again, w.link(t, buyer, 2), "1 Longview Park")
	if letters := w.Post.To(partner); len(letters) != 3 { // the third told her that the buyer has come
		t.Errorf("%d letters to somebody who has moved out, want the 3 from before: %q", len(letters), letters)
	}
}

// soldAgain: a home changes hands. The old buyer is out, with every way in; the new one comes with the new card.
func soldAgain(t *testing.T, w *ways) {
	const before, after = "rosa@sold.example.org", "tom@sold.example.org"
	e := w.estate(t, "Boathouse Homes", before)
	rosa := w.claim(t, e.codes["1"], "Rosa Gale", before, phone)
	comeIn(t, rosa, w.link(t, before, 1), "1 Longview Park")

	staff := e.office(t, e.homeNumber(e.development, "1"), uitest.View{})
	staff.Submit(`main a[href$="/resale"]`)
	says(t, staff, "New buyer of 1 Longview Park", "1 person who lives here", "The printed code stops working")
	shot(t, staff, "form")
	staff.Fill("[name=name]", "Tom Kelly")
	staff.Fill("[name=email]", after)
	staff.Submit(`form[action$="/resale"] button[type=submit]`)
	says(t, staff, "The new buyer is on record", "Print a code", "Used to live here")
	shot(t, staff, "sold")

	rosa.Submit(`a[href="/notices"]`)
	at(t, rosa, "/sign-in")
	askForLink(t, rosa, before)
	rosa.Goto(e.codes["1"])
	says(t, rosa, "Ask your company for a new sheet")

	staff.Click(`summary:has(+ * form[action$="/code"])`)
	staff.Submit(`form[action$="/code"] button[type=submit]`)
	fresh := downloadCodes(t, staff)["1"]
	tom := w.claim(t, fresh, "Tom Kelly", after, uitest.View{Dark: true})
	comeIn(t, tom, w.link(t, after, 1), "1 Longview Park")
	shot(t, tom, "home")

	// The old buyer has seen the new card. It gives her what it gives to every stranger.
	w.claim(t, fresh, "Rosa Gale", before, phone)
	if letter := w.letter(t, before, 2); homeLink.MatchString(letter.Text) {
		t.Errorf("the old buyer has got a link:\n%s", letter.Text)
	}
	tom.Goto(w.Tenant.URL + "/")
	at(t, tom, "/", "1 Longview Park")
	if n := len(w.Post.To(before)); n != 2 {
		t.Errorf("%d letters to the old buyer, want 2", n)
	}
}
