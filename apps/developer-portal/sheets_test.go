package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/apps/developer-portal/internal/sheets/sheetstest"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/web/auth"
)

// TestEveryCodeOfADevelopmentDecodesAndOpensItsHome prints 72 homes and reads the sheets as phones do.
func TestEveryCodeOfADevelopmentDecodesAndOpensItsHome(t *testing.T) {
	t.Parallel()
	o, homes := newStreet(t, 72)
	p := o.all()
	if p.Homes != 72 || p.Valid != 72 || p.Address != residents {
		t.Fatalf("%+v", p)
	}
	fromPDF := sheetstest.DecodePDF(t, o.download(p.Files.PDF))
	links, codes := o.manifest(p)
	if diff := cmp.Diff(links, fromPDF); diff != "" {
		t.Fatalf("the PDF's codes against the list's (-list +PDF):\n%s", diff)
	}
	pictures := o.unzip(p)
	for i, home := range homes {
		picture := pictures[fmt.Sprintf("%04d-%d.png", i+1, i+1)]
		if picture == nil {
			t.Fatalf("no picture of home %d", i+1)
		}
		if got := sheetstest.DecodePNG(t, picture); got != links[i] {
			t.Errorf("the picture of home %d says %q, want %q", i+1, got, links[i])
		}
		if !strings.HasPrefix(links[i], residents+"/onboarding/") {
			t.Errorf("link %q", links[i])
		}
		for how, hash := range map[string][]byte{"scanned": secret(t, links[i]), "typed": typed(t, codes[i])} {
			if got := o.homeOf(hash); got != home {
				t.Errorf("the code of home %d, %s, opens %v, want %v", i+1, how, got, home)
			}
		}
	}
	if stored := pgtest.Value[string](o.db, `select string_agg(unit_invites::text, '|') from unit_invites`); strings.Contains(stored, strings.ReplaceAll(codes[0], "-", "")) {
		t.Error("a code is stored")
	}
	log := pgtest.Value[string](o.db, `select string_agg(audit_log::text, '|') from audit_log`)
	if strings.Contains(log, strings.ReplaceAll(codes[0], "-", "")) || !strings.Contains(log, "sheet.order") || !strings.Contains(log, "sheet.issue") {
		t.Errorf("audit log: %s", log)
	}
}

// homeOf is the home whose living code has the hash; nil if none has.
func (o office) homeOf(hash []byte) uuid.UUID {
	o.t.Helper()
	return pgtest.Value[uuid.UUID](o.db, `select coalesce((select unit_id from unit_invites where token_hash = $1 and revoked_at is null), $2)`, hash, uuid.Nil)
}

func TestTheAddressIsConfirmedBeforePrinting(t *testing.T) {
	t.Parallel()
	o, homes := newStreet(t, 2)
	o.Get(o.sheetsPath()).Is(t, http.StatusOK).Says(t, "The codes lead to "+residents, "Tick this", `value="`+residents+`"`, "All 2 homes")
	form := url.Values{"reach": {"development"}}
	o.Post(o.sheetsPath(), form).Is(t, http.StatusUnprocessableEntity).Says(t, "Look at the address, and tick it", "There is a problem")
	form.Set("address", "https://old.example.org")
	o.Post(o.sheetsPath(), form).Is(t, http.StatusUnprocessableEntity).Says(t, "The address has changed to "+residents)
	o.Post(o.sheetsPath(), url.Values{"address": {residents}, "reach": {"everything"}}).Is(t, http.StatusUnprocessableEntity)
	o.PostJSON("/api"+o.sheetsPath(), map[string]string{"reach": "missing"}).Is(t, http.StatusUnprocessableEntity).Says(t, `"address"`)
	o.PostJSON("/api"+o.sheetsPath(), map[string]string{"reach": "missing", "address": residents, "homes": "3"}).Is(t, http.StatusUnprocessableEntity).Says(t, `"homes"`)
	o.Post("/homes/"+homes[0].String()+"/code", nil).Is(t, http.StatusUnprocessableEntity)
	if n := pgtest.Value[int](o.db, `select count(*) from invite_batches`); n != 0 {
		t.Errorf("%d prints without a confirmed address", n)
	}
	p := o.all()
	o.Post("/sheets/"+p.ID+"/rotate", url.Values{"address": {"http://homes.example.org"}}).Is(t, http.StatusUnprocessableEntity)
	if n := pgtest.Value[int](o.db, `select count(*) from invite_batches`); n != 1 {
		t.Errorf("%d prints", n)
	}
}

func TestAnAddressThatPhonesCannotOpenIsPointedOut(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"http://localhost:3002": "No phone can open this address", "http://homes.example.org": "This address is not protected", residents: "",
	} {
		s := newSiteWith(t, seams{settings: func(vars map[string]string) { vars["TENANT_PUBLIC_URL"] = address }})
		o := office{s, s.addStaff(s.company, auth.RoleDeveloper), s.addDevelopment(s.company, "Longview Park")}
		homes := o.addStreet(1)
		for _, path := range []string{o.sheetsPath(), "/homes/" + homes[0].String()} {
			a := o.Get(path).Is(t, http.StatusOK).Says(t, address, want)
			if want == "" && (strings.Contains(a.Text, "No phone can open") || strings.Contains(a.Text, "is not protected")) {
				t.Errorf("%s: warns of %s", path, address)
			}
		}
	}
}

func TestPrintingAgainEndsTheOldCodes(t *testing.T) {
	t.Parallel()
	o, homes := newStreet(t, 3)
	first := o.all()
	old, _ := o.manifest(first)
	o.Get(o.sheetsPath()).Is(t, http.StatusOK).Says(t, "3 codes that work now end")
	second := o.all()
	fresh, _ := o.manifest(second)
	for i := range homes {
		if got := o.homeOf(secret(t, old[i])); got != uuid.Nil {
			t.Errorf("the old code of home %d works", i+1)
		}
		if got := o.homeOf(secret(t, fresh[i])); got != homes[i] {
			t.Errorf("the new code of home %d doesn't work", i+1)
		}
	}
	// Nobody shall print dead codes.
	o.Get(first.Files.PDF).Is(t, http.StatusGone).Says(t, `"files_gone"`)
	o.Get("/sheets/"+first.ID).Is(t, http.StatusOK).Says(t, "These codes have ended", "ask for a new sheet")
	o.Get("/sheets/"+first.ID+"/sheets.pdf").Is(t, http.StatusGone).Says(t, "These codes have ended")
	detail := pgtest.Value[string](o.db, `select detail::text from audit_log where action = 'sheet.issue' and object_id = $1`, second.ID)
	for _, want := range []string{`"new": 3`, `"revoked": 3`, `"reach": "development"`} {
		if !strings.Contains(detail, want) {
			t.Errorf("audit entry %s lacks %s", detail, want)
		}
	}
}

func TestOnlyHomesWithoutACodeCanBePrinted(t *testing.T) {
	t.Parallel()
	o, homes := newStreet(t, 3)
	one := o.printSheets("/homes/"+homes[1].String()+"/code", nil)
	kept, _ := o.manifest(one)
	o.Get(o.sheetsPath()).Is(t, http.StatusOK).Says(t, "The 2 homes without a code", "All 3 homes", "1 code that works now ends")
	p := o.printSheets(o.sheetsPath(), map[string]string{"reach": "missing"})
	links, _ := o.manifest(p)
	if len(links) != 2 || o.homeOf(secret(t, links[0])) != homes[0] || o.homeOf(secret(t, links[1])) != homes[2] {
		t.Errorf("printed %v", links)
	}
	if o.homeOf(secret(t, kept[0])) != homes[1] {
		t.Error("the code that there was has ended")
	}
	o.PostJSON("/api"+o.sheetsPath(), map[string]string{"reach": "missing", "address": residents}).Is(t, http.StatusConflict).Says(t, `"no_homes"`)
	o.Post(o.sheetsPath(), url.Values{"reach": {"missing"}, "address": {residents}}).Is(t, http.StatusConflict).Says(t, "There is no home to print a code for")
}

func TestReplacingTheCodesOfAPrintLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	o, homes := newStreet(t, 4)
	whole := o.all()
	links, _ := o.manifest(whole)
	one := o.printSheets("/homes/"+homes[2].String()+"/code", nil) // has a code of its own from now on
	alone, _ := o.manifest(one)
	if one.Reach != "home" || o.homeOf(secret(t, links[2])) != uuid.Nil {
		t.Fatalf("%+v", one)
	}
	again := o.printSheets("/sheets/"+whole.ID+"/rotate", nil)
	fresh, _ := o.manifest(again)
	if again.Homes != 3 || again.Reach != "batch" || len(fresh) != 3 {
		t.Errorf("%+v", again)
	}
	for i, link := range links {
		if o.homeOf(secret(t, link)) != uuid.Nil {
			t.Errorf("the old code of home %d works", i+1)
		}
	}
	if o.homeOf(secret(t, alone[0])) != homes[2] {
		t.Error("the code that was printed alone has ended")
	}
	o.PostJSON("/api/sheets/"+whole.ID+"/rotate", map[string]string{"address": residents}).Is(t, http.StatusConflict).Says(t, `"no_homes"`)
}

func TestAPrintClickedTwiceIsOne(t *testing.T) {
	t.Parallel()
	o, _ := newStreet(t, 5)
	form := url.Values{"reach": {"development"}, "address": {residents}, "idempotency_key": {uuid.NewString()}}
	var wg sync.WaitGroup
	places := make([]string, 4)
	for i := range places {
		wg.Go(func() {
			a := o.Post(o.sheetsPath(), form)
			if a.StatusCode != http.StatusSeeOther {
				t.Errorf("status %d", a.StatusCode)
			}
			places[i] = a.Header.Get("Location")
		})
	}
	wg.Wait()
	o.printed(strings.TrimPrefix(places[0], "/sheets/"))
	for _, place := range places {
		if place != places[0] {
			t.Errorf("led to %s and to %s", places[0], place)
		}
	}
	if n := pgtest.Value[int](o.db, `select count(*) from unit_invites`); n != 5 {
		t.Errorf("%d codes", n)
	}
	// Much later the same answer leads to the same print, which says honestly that its files are gone.
	o.db.Exec(`update invite_batches set files_until = now() - interval '1 second'`)
	a := o.Post(o.sheetsPath(), form).Is(t, http.StatusSeeOther)
	o.Get(a.Header.Get("Location")).Is(t, http.StatusOK).Says(t, "The files are not kept any more", "print again")
	if n := pgtest.Value[int](o.db, `select count(*) from unit_invites`); n != 5 {
		t.Errorf("%d codes", n)
	}
	form.Set("reach", "missing")
	o.Post(o.sheetsPath(), form).Is(t, http.StatusUnprocessableEntity)
}

// hold keeps whoever writes into a table waiting until release is called.
func (s *site) hold(table string) (release func()) {
	s.t.Helper()
	conn, err := pgx.Connect(s.t.Context(), s.db.AdminURL())
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := conn.Exec(s.t.Context(), `begin; lock table `+pgx.Identifier{table}.Sanitize()+` in exclusive mode`); err != nil {
		s.t.Fatal(err)
	}
	var once sync.Once
	release = func() { once.Do(func() { _ = conn.Close(s.t.Context()) }) } // which ends the transaction
	s.t.Cleanup(release)
	return release
}

func TestAPrintInWorkShowsItsProgressAndTheOldCodesWork(t *testing.T) {
	t.Parallel()
	o, homes := newStreet(t, 3)
	links, _ := o.manifest(o.all())
	release := o.hold("invite_files")
	a := o.Post(o.sheetsPath(), url.Values{"reach": {"development"}, "address": {residents}}).Is(t, http.StatusSeeOther)
	place := a.Header.Get("Location")
	o.Get(place).Is(t, http.StatusOK).Says(t, "Drawing the cards", "of 3 cards", "<progress", `data-live="1"`, `<noscript><meta http-equiv="refresh" content="2"`,
		"The old codes work until the new sheets are there")
	o.Get(place+"/sheets.pdf").Is(t, http.StatusGone)
	if o.homeOf(secret(t, links[0])) != homes[0] {
		t.Error("the old code has ended before there is a new sheet")
	}
	// Another print of the development, from another page, leads to the one that is being made.
	for _, path := range []string{o.sheetsPath(), "/homes/" + homes[0].String() + "/code"} {
		again := o.Post(path, url.Values{"reach": {"development"}, "address": {residents}}).Is(t, http.StatusSeeOther)
		if got := again.Header.Get("Location"); got != place {
			t.Errorf("%s leads to %s", path, got)
		}
	}
	o.PostJSON("/api"+o.sheetsPath(), map[string]string{"reach": "development", "address": residents}).Is(t, http.StatusConflict).Says(t, `"other_print"`)
	release()
	if p := o.printed(strings.TrimPrefix(place, "/sheets/")); p.State != "ready" || p.Valid != 3 {
		t.Errorf("%+v", p)
	}
	if o.homeOf(secret(t, links[0])) != uuid.Nil {
		t.Error("the old code works")
	}
}

// A print that lost its process looks like this: in work, with a last sign of life long ago and half a file.
func TestAPrintThatLostItsProcessIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	for name, find := range map[string]func(o office, id string){
		"looked at": func(o office, id string) { o.Get("/sheets/"+id).Is(t, http.StatusOK).Says(t, "This was interrupted") },
		"in the way": func(o office, _ string) {
			o.PostJSON("/api"+o.sheetsPath(), map[string]string{"reach": "development", "address": residents}).Is(t, http.StatusConflict)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, _ := newStreet(t, 3)
			p := o.all()
			old, _ := o.manifest(p)
			o.db.Exec(`update invite_batches set state = 'working', ready_at = null, files_until = null, done = 1, updated_at = now() - interval '1 minute'`)
			o.db.Exec(`delete from invite_files where kind = 'zip'`)
			find(o, p.ID)
			again := o.printed(p.ID)
			links, _ := o.manifest(again)
			if again.State != "ready" || again.Valid != 3 || o.homeOf(secret(t, links[0])) == uuid.Nil || o.homeOf(secret(t, old[0])) != uuid.Nil {
				t.Errorf("%+v", again)
			}
			if n := len(sheetstest.DecodePDF(t, o.download(again.Files.PDF))); n != 3 {
				t.Errorf("%d codes in the PDF", n)
			}
		})
	}
}

func TestAPrintWhoseHomesAreGoneChangesNothing(t *testing.T) {
	t.Parallel()
	o, homes := newStreet(t, 2)
	p := o.printSheets("/homes/"+homes[0].String()+"/code", nil)
	o.db.Exec(`update invite_batches set state = 'working', ready_at = null, files_until = null, updated_at = now() - interval '1 minute'`)
	o.db.Exec(`delete from units where id = $1`, homes[0])
	o.Get("/sheets/"+p.ID).Is(t, http.StatusOK)
	if got := o.printed(p.ID); got.State != "failed" || !strings.Contains(got.Note, "not there any more") {
		t.Errorf("%+v", got)
	}
	o.Get("/sheets/"+p.ID).Is(t, http.StatusOK).Says(t, "These sheets were not made", "Print again")
}

// TestAHomeVanishesWhileItIsPrinted deletes one between the drawing and the moment when the codes begin to work.
func TestAHomeVanishesWhileItIsPrinted(t *testing.T) {
	t.Parallel()
	o, homes := newStreet(t, 3)
	release := o.hold("unit_invites")
	a := o.Post(o.sheetsPath(), url.Values{"reach": {"development"}, "address": {residents}}).Is(t, http.StatusSeeOther)
	id := strings.TrimPrefix(a.Header.Get("Location"), "/sheets/")
	o.db.Exec(`alter table units disable trigger all`) // the deletion asks unit_invites, which is held
	o.db.Exec(`delete from units where id = $1`, homes[1])
	o.db.Exec(`alter table units enable trigger all`)
	release()
	p := o.printed(id)
	if p.State != "ready" || p.Homes != 2 || p.Valid != 2 {
		t.Errorf("%+v", p)
	}
	if links, _ := o.manifest(p); len(links) != 2 {
		t.Errorf("%d cards", len(links))
	}
}

func TestTwoProcessesMakeOnePrint(t *testing.T) {
	t.Parallel()
	o, _ := newStreet(t, 3)
	second := newSiteBeside(t, o.site).as(o.person)
	p := o.all()
	o.db.Exec(`update invite_batches set state = 'working', ready_at = null, files_until = null, updated_at = now() - interval '1 minute'`)
	var wg sync.WaitGroup
	for _, c := range []*client{o.person.client, second} {
		wg.Go(func() { c.Get("/sheets/" + p.ID) })
	}
	wg.Wait()
	again := second.printed(p.ID)
	links, _ := second.manifest(again)
	if again.State != "ready" || again.Valid != 3 || o.homeOf(secret(t, links[2])) == uuid.Nil {
		t.Errorf("%+v", again)
	}
	if got := sheetstest.DecodePDF(t, second.download(again.Files.PDF)); len(got) != 3 || got[2] != links[2] {
		t.Errorf("the PDF says %v, the list %v", got, links)
	}
	if n := pgtest.Value[int](o.db, `select count(*) from unit_invites where revoked_at is null`); n != 3 {
		t.Errorf("%d codes work", n)
	}
}

func TestSheetsAreForThoseWhoEdit(t *testing.T) {
	t.Parallel()
	o, homes := newStreet(t, 1)
	p := o.all()
	home := "/homes/" + homes[0].String()
	viewer := o.addStaff(o.person.company, auth.RoleViewer)
	for _, path := range []string{o.sheetsPath(), "/sheets/" + p.ID, p.Files.PDF, p.Files.ZIP} {
		viewer.Get(path).Is(t, http.StatusForbidden)
	}
	a := viewer.Get(home).Is(t, http.StatusOK)
	b := viewer.Get("/developments/"+o.development.String()).Is(t, http.StatusOK)
	if strings.Contains(a.Text+b.Text, "QR") {
		t.Error("a viewer is shown codes")
	}
	if strings.Contains(viewer.Get("/api"+home).Text, `"code"`) {
		t.Error("a viewer's program is shown codes")
	}

	stranger := o.addStaff(o.addCompany("Other Homes"), auth.RoleAdmin)
	limited := o.addStaff(o.person.company, auth.RoleDeveloper)
	o.limit(limited, o.addDevelopment(o.person.company, "Mill Quarter"))
	for who, c := range map[string]person{"another company": stranger, "limited to another development": limited} {
		for _, path := range []string{o.sheetsPath(), "/sheets/" + p.ID, p.Files.PDF, p.Files.ZIP} {
			if a := c.Get(path); a.StatusCode != http.StatusNotFound {
				t.Errorf("%s: %s: %d", who, path, a.StatusCode)
			}
		}
		for _, path := range []string{o.sheetsPath(), "/sheets/" + p.ID + "/rotate", home + "/code"} {
			if a := c.PostJSON("/api"+path, map[string]string{"reach": "development", "address": residents}); a.StatusCode != http.StatusNotFound && a.StatusCode != http.StatusUnprocessableEntity {
				t.Errorf("%s: %s: %d", who, path, a.StatusCode)
			}
		}
	}
	if n := pgtest.Value[int](o.db, `select count(*) from unit_invites where revoked_at is null`); n != 1 {
		t.Errorf("%d codes", n)
	}
}

func TestAHomeShowsItsCode(t *testing.T) {
	t.Parallel()
	o, homes := newStreet(t, 1)
	home := "/homes/" + homes[0].String()
	o.Get(home).Is(t, http.StatusOK).Says(t, "Never printed", "Print a code", residents)
	p := o.printSheets(home+"/code", nil)
	o.db.Exec(`update unit_invites set scans = 12, last_scan_at = now()`)
	o.Get(home).Is(t, http.StatusOK).Says(t, "Works", "Replace the code", "/sheets/"+p.ID, "12")
	var answer struct {
		Code struct {
			State, Sheet string
			Scans        int
		}
	}
	if err := json.Unmarshal([]byte(o.Get("/api"+home).Text), &answer); err != nil || answer.Code.State != "valid" || answer.Code.Sheet != p.ID || answer.Code.Scans != 12 {
		t.Errorf("%+v, %v", answer, err)
	}
	o.db.Exec(`update unit_invites set revoked_at = now()`)
	o.Get(home).Is(t, http.StatusOK).Says(t, "Ended", "Print a code")
	o.printSheets(home+"/code", nil)
	if n := pgtest.Value[int](o.db, `select count(*) from unit_invites where revoked_at is null`); n != 1 {
		t.Errorf("%d codes work", n)
	}
	o.Get(home).Is(t, http.StatusOK).Says(t, "Works")
}

func TestTheListOfPrints(t *testing.T) {
	t.Parallel()
	o, homes := newStreet(t, 2)
	o.Get("/developments/"+o.development.String()).Is(t, http.StatusOK).Says(t, "QR sheets", o.sheetsPath())
	first := o.all()
	o.printSheets("/homes/"+homes[0].String()+"/code", nil)
	o.db.Exec(`update unit_invites set scans = 3 where revoked_at is null`)
	o.db.Exec(`update invite_batches set link_origin = 'https://old.example.org' where id = $1`, first.ID)
	o.Get(o.sheetsPath()).Is(t, http.StatusOK).Says(t, "One home", "All homes", "Nora Byrne", "Leads to https://old.example.org")
	o.Get("/sheets/"+first.ID).Is(t, http.StatusOK).Says(t, "Residents are at "+residents+" now")
	var list struct {
		Homes, WithCode int
		Address         string
		Sheets          []struct {
			Reach, State, CreatedBy string
			Homes, Valid, Scans     int
		}
	}
	if err := json.Unmarshal([]byte(o.Get("/api"+o.sheetsPath()).Is(t, http.StatusOK).Text), &list); err != nil {
		t.Fatal(err)
	}
	if list.Homes != 2 || list.WithCode != 2 || list.Address != residents || len(list.Sheets) != 2 {
		t.Fatalf("%+v", list)
	}
	if got := list.Sheets[1]; got.Reach != "development" || got.Homes != 2 || got.Valid != 1 || got.Scans != 3 || got.CreatedBy != "Nora Byrne" || got.State != "ready" {
		t.Errorf("%+v", got)
	}
	o.db.Exec(`insert into invite_batches (tenant_id, id, development_id, reach, state, ready_at) select $1, gen_random_uuid(), $2, 'development', 'ready', now() from generate_series(1, 60)`,
		o.person.company, o.development)
	o.Get(o.sheetsPath()).Is(t, http.StatusOK).Says(t, "page=2")
	if a := o.Get(o.sheetsPath()+"?page=2").Is(t, http.StatusOK); strings.Contains(a.Text, "page=3") {
		t.Error("there is a third page")
	}
}

func TestADevelopmentWithoutHomesHasNothingToPrint(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.Get(o.sheetsPath()).Is(t, http.StatusOK).Says(t, "No homes yet")
	o.Post(o.sheetsPath(), url.Values{"reach": {"development"}, "address": {residents}}).Is(t, http.StatusConflict)
	o.Get("/sheets/"+uuid.NewString()).Is(t, http.StatusNotFound)
}

// TestTwoThousandHomes is the size for which there is a progress bar; and 5,001 are refused.
func TestTwoThousandHomes(t *testing.T) {
	t.Parallel()
	o, _ := newStreet(t, 2000)
	began := time.Now()
	a := o.Post(o.sheetsPath(), url.Values{"reach": {"development"}, "address": {residents}}).Is(t, http.StatusSeeOther)
	id := strings.TrimPrefix(a.Header.Get("Location"), "/sheets/")
	seen := map[int]bool{}
	for end := time.Now().Add(5 * time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		var p printed
		if err := json.Unmarshal([]byte(o.Get("/api/sheets/"+id).Text), &p); err != nil {
			t.Fatal(err)
		}
		if p.State != "working" {
			break
		}
		seen[p.Done] = true
	}
	p := o.printed(id)
	if p.State != "ready" || p.Valid != 2000 || p.Done != 2000 {
		t.Fatalf("%+v", p)
	}
	if len(seen) < 3 {
		t.Errorf("the bar stood still: %v", seen)
	}
	file := o.Get(p.Files.PDF).Is(t, http.StatusOK)
	parts := pgtest.Value[int](o.db, `select count(*) from invite_files where kind = 'pdf'`)
	t.Logf("2,000 homes in %v, PDF %d bytes in %d pieces, %d values of the bar", time.Since(began), len(file.Text), parts, len(seen))
	if file.ContentLength != int64(len(file.Text)) || parts < 2 || !strings.HasSuffix(strings.TrimSpace(file.Text), "%%EOF") {
		t.Errorf("%d of %d bytes in %d pieces", len(file.Text), file.ContentLength, parts)
	}
	for header, want := range map[string]string{
		"Content-Type": "application/pdf", "Content-Disposition": `attachment; filename="qr-codes-longview-park.pdf"`,
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
	} {
		if got := file.Header.Get(header); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
	if n := len(o.unzip(p)); n != 2001 {
		t.Errorf("%d files in the archive", n)
	}

	o.db.Exec(`insert into units (tenant_id, id, development_id, house_type_id, unit_number) select tenant_id, gen_random_uuid(), development_id, house_type_id, 'x' || n
		from (select * from units limit 1) u, generate_series(1, 3001) n`)
	o.PostJSON("/api"+o.sheetsPath(), map[string]string{"reach": "development", "address": residents}).Is(t, http.StatusConflict).Says(t, `"too_many_homes"`)
	o.db.Exec("delete from units where unit_number like 'x%' and unit_number not in ('x1', 'x2', 'x3')")
	if got := o.printSheets(o.sheetsPath(), map[string]string{"reach": "missing"}); got.Homes != 3 {
		t.Errorf("%+v", got)
	}
}

func TestADownloadEndsWithTheSession(t *testing.T) {
	t.Parallel()
	o, _ := newStreet(t, 2)
	p := o.all()
	// A file of many pieces, of which the reader takes one.
	o.db.Exec(`insert into invite_files (tenant_id, batch_id, kind, part, development_id, content)
		select tenant_id, batch_id, kind, n, development_id, decode(repeat('00', 262144), 'hex') from invite_files, generate_series(1, 200) n where kind = 'pdf'`)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, o.http.URL+p.Files.PDF, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+o.person.Token)
	resp, err := o.http.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := resp.Body.Read(make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	o.db.Exec(`update sessions set revoked_at = now()`)
	var rest bytes.Buffer
	if _, err := rest.ReadFrom(resp.Body); err == nil {
		t.Errorf("the whole file of %d bytes came", rest.Len())
	}
}

func TestLettersThatCannotBePrintedAreNamed(t *testing.T) {
	t.Parallel()
	o, homes := newStreet(t, 2)
	o.db.Exec(`update units set address_line_1 = '東京 Court' where id = $1`, homes[0])
	o.db.Exec(`update units set address_line_1 = '' where id = $1`, homes[1])
	p := o.all()
	if p.Unprintable != "東京" {
		t.Errorf("unprintable: %q", p.Unprintable)
	}
	o.Get("/sheets/"+p.ID).Is(t, http.StatusOK).Says(t, "Some letters can’t be printed", "東京")
	if text := sheetstest.Pages(t, o.download(p.Files.PDF), 40)[0].Text; !strings.Contains(text, "□□ Court") || !strings.Contains(text, "Home 2") || !strings.Contains(text, "Harbour Homes") {
		t.Errorf("page: %s", text)
	}
	if !bytes.Contains(o.unzip(p)["manifest.csv"], []byte("東京 Court")) {
		t.Error("the list lacks the address")
	}
}

func TestFilesAreClearedAway(t *testing.T) {
	t.Parallel()
	o, _ := newStreet(t, 1)
	p := o.all()
	if life := time.Until(p.Files.Until); life < 20*time.Minute || life > 31*time.Minute {
		t.Errorf("the files can be had for %v", life)
	}
	o.db.Exec(`update invite_batches set files_until = now() - interval '1 second'`)
	o.Get(p.Files.ZIP).Is(t, http.StatusGone)
	ended, err := store.New(o.base.Pool).ExpireFiles(t.Context())
	if err != nil || ended < 2 {
		t.Errorf("%d pieces, %v", ended, err)
	}
	if n := pgtest.Value[int](o.db, `select count(*) from invite_files`); n != 0 {
		t.Errorf("%d pieces are left", n)
	}
	if got := o.printed(p.ID); got.Files != nil || got.Valid != 1 {
		t.Errorf("%+v", got)
	}
}

// TestTheConnectionIsCutWhileSheetsAreDrawn kills the portal's connections over and over: in the end there are sheets,
// and the codes on them are those that work.
func TestTheConnectionIsCutWhileSheetsAreDrawn(t *testing.T) {
	t.Parallel()
	o, homes := newStreet(t, 300)
	before, _ := o.manifest(o.all())
	a := o.Post(o.sheetsPath(), url.Values{"reach": {"development"}, "address": {residents}}).Is(t, http.StatusSeeOther)
	id := strings.TrimPrefix(a.Header.Get("Location"), "/sheets/")
	admin, err := pgx.Connect(t.Context(), o.db.AdminURL())
	if err != nil {
		t.Fatal(err)
	}
	cut, state := 0, "working"
	for cut < 5 && state == "working" {
		var n int
		err := admin.QueryRow(t.Context(), `select count(*) filter (where pg_terminate_backend(pid)), (select state from invite_batches where id = $1)
			from pg_stat_activity where datname = current_database() and usename <> session_user and xact_start is not null`, id).Scan(&n, &state)
		if err != nil {
			t.Fatal(err)
		}
		cut += n
	}
	if err := admin.Close(t.Context()); err != nil {
		t.Error(err)
	}
	p := o.printed(id)
	links, _ := o.manifest(p)
	if p.State != "ready" || p.Valid != 300 || len(links) != 300 {
		t.Fatalf("%+v", p)
	}
	for i := 0; i < len(homes); i += 23 {
		if o.homeOf(secret(t, links[i])) != homes[i] || o.homeOf(secret(t, before[i])) != uuid.Nil {
			t.Fatalf("home %d has another code than its sheet", i+1)
		}
	}
	t.Logf("%d times cut", cut)
	if cut == 0 {
		t.Error("nothing was cut")
	}
}
