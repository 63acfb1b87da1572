package browser

import (
	"path"
	"strings"
	"testing"

	"openhouse.example/packages/ui/uitest"
)

// aUsedLink says so, and leads to a new one.
func aUsedLink(t *testing.T, w *ways) {
	const buyer = "rosa@used.example.org"
	e := w.estate(t, "Mill Lane Homes", buyer)
	rosa := w.claim(t, e.codes["1"], "Rosa Gale", buyer, phone)
	link := w.link(t, buyer, 1)
	late := w.open(t, link, uitest.View{NoScript: true}) // on another device, before it is used
	comeIn(t, rosa, link, "1 Longview Park")

	if status := late.Submit(send); status != 410 {
		t.Errorf("the button of a used link is answered %d", status)
	}
	says(t, late, "This link was used already")
	again := w.open(t, link, uitest.View{Width: 375, Dark: true})
	says(t, again, "This link was used already")
	shot(t, again, "used")
	again.Submit(`main a[href="/sign-in"]`)
	askForLink(t, again, buyer)
	comeIn(t, again, w.link(t, buyer, 2), "1 Longview Park")
	rosa.Goto(link) // from the same mail, on the device that is signed in
	says(t, rosa, "You are signed in on this device already")
	rosa.Submit(`main a[href="/"]`)
	at(t, rosa, "/", "1 Longview Park")
}

// anOldSheet invites nowhere once there is a new one, and neither does a form that was opened before.
func anOldSheet(t *testing.T, w *ways) {
	const buyer = "rosa@old.example.org"
	e := w.estate(t, "Ferry Homes", buyer)
	open := w.open(t, e.codes["1"], phone)
	says(t, open, "Is this your home?")

	staff := e.office(t, e.homeNumber(e.development, "1"), uitest.View{})
	staff.Click(`summary:has(+ * form[action$="/code"])`)
	staff.Submit(`form[action$="/code"] button[type=submit]`)
	fresh := downloadCodes(t, staff)["1"]
	if fresh == "" || fresh == e.codes["1"] {
		t.Fatalf("the new code is %q, the old one %q", fresh, e.codes["1"])
	}

	open.Fill("[name=fullName]", "Rosa Gale")
	open.Fill("[name=email]", buyer)
	if status := open.Submit(send); status != 410 {
		t.Errorf("a form from an old sheet is answered %d", status)
	}
	says(t, open, "This card is out of date", "Ask your company for a new sheet")
	old := w.open(t, e.codes["1"], uitest.View{Dark: true})
	says(t, old, "Ask your company for a new sheet")
	shot(t, old, "old")
	w.noLink(t, buyer, 0)

	rosa := w.claim(t, fresh, "Rosa Gale", buyer, phone)
	comeIn(t, rosa, w.link(t, buyer, 1), "1 Longview Park")
}

// aTypedCode leads where the square does, also after a slip.
func aTypedCode(t *testing.T, w *ways) {
	const buyer = "una@typed.example.org"
	e := w.estate(t, "Weir Homes", "", buyer)
	code := path.Base(e.codes["2"])
	p := w.open(t, w.Tenant.URL+"/", phone)
	at(t, p, "/sign-in")
	p.Submit(`main a[href="/onboarding"]`)
	p.Fill("[name=code]", code[:11])
	p.Submit(send)
	says(t, p, "There is a problem", "Enter all 12 letters and digits")
	shot(t, p, "short")

	p.Fill("[name=code]", mistyped(code))
	if status := p.Submit(send); status != 404 {
		t.Errorf("a code that doesn't exist is answered %d", status)
	}
	says(t, p, "We don’t know this code")
	shot(t, p, "mistyped")
	p.Submit(`main a[href="/onboarding"]`)
	p.Fill("[name=code]", strings.ToLower(code[:4]+" "+code[4:8]+"–"+code[8:]))
	p.Submit(send)
	says(t, p, "Weir Homes", "Is this your home?")
	p.Fill("[name=fullName]", "Una Gale")
	p.Fill("[name=email]", buyer)
	p.Submit(send)
	comeIn(t, p, w.link(t, buyer, 1), "2 Longview Park")
}

// mistyped is a code with another last letter.
func mistyped(code string) string {
	last := "Z"
	if strings.HasSuffix(code, last) {
		last = "Y"
	}
	return code[:len(code)-1] + last
}
