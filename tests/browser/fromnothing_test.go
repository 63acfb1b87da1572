package browser

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"openhouse.example/packages/ui/uitest"
)

var choosePassword = regexp.MustCompile(`https?://\S+/password/[A-Za-z0-9_-]+`)

// fromNothing goes from the operator's command to a resident's home: on a phone and on a desk, with and without
// JavaScript, in the light and in the dark.
func fromNothing(t *testing.T, w *ways) {
	for name, view := range map[string]uitest.View{
		"phone":                    {Width: 375},
		"phone without JavaScript": {Width: 375, NoScript: true, Dark: true},
		"desk":                     {Width: 1280, Dark: true},
		"desk without JavaScript":  {Width: 1280, NoScript: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w.fromNothing(t, name, view)
		})
	}
}

func (w *ways) fromNothing(t *testing.T, name string, view uitest.View) {
	const password = "the tide comes in at noon"
	place := strings.ToLower(strings.ReplaceAll(name, " ", "-"))
	company, admin, buyer := "Quay Homes, "+name, "ada@"+place+".example.org", "rosa@"+place+".example.org"
	w.found(t, company, admin)

	p := w.open(t, choosePassword.FindString(w.letter(t, admin, 1).Text), view)
	says(t, p, "Welcome to "+company, admin)
	shot(t, p, "password")
	p.Fill("[name=password]", password)
	p.Fill("[name=repeat]", password)
	p.Submit(send)
	at(t, p, "/sign-in", "Your password is set")
	p.Fill("[name=email]", admin)
	p.Fill("[name=password]", password)
	p.Submit(send)
	at(t, p, "/developments")
	shot(t, p, "start")

	p.Submit(`main a[href="/developments/new"]`)
	p.Fill("[name=name]", "Longview Park")
	p.Fill("[name=emergencyPhone]", "+353 20 915 0777")
	p.Submit(send)
	says(t, p, "Longview Park", "No homes yet")
	p.Submit(`main a[href$="/import"]`)
	file := filepath.Join(t.TempDir(), "homes.csv")
	if err := os.WriteFile(file, []byte("unit_number,address_line_1,city,house_type,purchaser_name,purchaser_email\n"+
		"14,14 Longview Park,Ballyhale,B,Rosa Gale,"+buyer+"\n15,15 Longview Park,Ballyhale,B,,\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.Upload("[name=file]", file)
	p.Submit(send)
	p.Wait(`document.querySelector('form[action$="/commit"]')`)
	p.Submit(`form[action$="/commit"] button`)
	p.Wait(`document.body.innerText.includes("2 homes were saved")`)
	shot(t, p, "imported")

	p.Submit(`main a[href$="/homes"]`)
	p.Submit(`main a[href$="/sheets"]`)
	says(t, p, "All 2 homes")
	shot(t, p, "sheets")
	p.Click("[name=address]")
	p.Submit(send)
	codes := downloadCodes(t, p)
	shot(t, p, "printed")
	card := codes["14"]
	if len(codes) != 2 || !strings.HasPrefix(card, w.Tenant.URL+"/onboarding/") {
		t.Fatalf("the cards lead to %q", codes)
	}

	r := w.open(t, card, view)
	says(t, r, company, "Longview Park", "Is this your home?")
	if text := r.Text("body"); strings.Contains(text, "14 Longview") || strings.Contains(text, "rosa") {
		t.Errorf("the page behind a code says too much:\n%s", text)
	}
	shot(t, r, "card")
	r.Fill("[name=fullName]", "Rosa Gale")
	r.Fill("[name=email]", strings.ToUpper(buyer[:1])+buyer[1:])
	r.Submit(send)
	says(t, r, "Look in your mail")
	shot(t, r, "sent")
	r.Goto(w.link(t, buyer, 1))
	says(t, r, "Longview Park")
	shot(t, r, "link")
	r.Submit(send)
	at(t, r, "/", "14 Longview Park", "Longview Park", company, "+353 20 915 0777")
	shot(t, r, "home")
	r.Goto(card)
	says(t, r, "This is your home")
	r.Submit(`main a[href="/"]`)
	at(t, r, "/", "14 Longview Park")
}

// found makes a company as its operator does. The link isn't theirs to see where mail is sent.
func (w *ways) found(t *testing.T, name, admin string) {
	t.Helper()
	code, said := w.Developer.Run(time.Minute, []string{
		"OPENHOUSE_ENV=development", "DATABASE_MIGRATE_URL=" + w.DB.AdminURL(), "DEVELOPER_PUBLIC_URL=" + w.Developer.URL, "SMTP_HOST=127.0.0.1",
	}, "company", "create", "--name", name, "--admin-email", admin)
	if code != 0 || strings.Contains(said, "/password/") {
		t.Fatalf("company create ends with %d: %s", code, said)
	}
}
