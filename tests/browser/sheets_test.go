package browser

import (
	"net/http"
	"path"
	"time"

	"openhouse.example/packages/ui/uitest"
)

// furnishSheets prints codes, and leaves prints in every state that they can have.
func (w *world) furnishSheets() {
	w.t.Helper()
	w.sheets = map[string]string{"development": w.newDevelopment("Quay Row"), "fresh": w.newDevelopment("Slip Lane")}
	quay := w.sheets["development"]
	homes := "unit_number,address_line_1,city,house_type\n1,1 Quay Row,Ballyhale,B\n2,2 Quay Row,Ballyhale,B\n"
	for development, file := range map[string]string{quay: homes + "3,東 Quay Row,Ballyhale,B\n", w.sheets["fresh"]: homes} {
		w.staff.Form(w.staff.Get(w.importFile(development, "homes.csv", []byte(file))), "/commit").Send().Want(200)
	}

	w.sheets["first"] = w.printed(quay+"/sheets", "development")
	w.sheets["ended"] = w.printed(quay+"/sheets", "development")
	w.sheets["ready"] = w.printed(quay+"/sheets", "development")
	w.sheets["gone"] = w.printed(w.terrace+"/sheets", "development")
	w.DB.Exec("update invite_batches set files_until = now() - interval '1 minute' where id = $1", path.Base(w.sheets["gone"]))
	w.DB.Exec("update unit_invites set scans = 41, last_scan_at = now() where batch_id = $1", path.Base(w.sheets["gone"]))
	w.DB.Exec("update invite_batches set link_origin = 'https://homes.old-name-of-the-company.example.org' where id = $1", path.Base(w.sheets["gone"]))
	w.DB.Exec("update invite_batches set state = 'failed', ready_at = null, error = 'failed' where id = $1", path.Base(w.sheets["first"]))
	w.sheets["failed"] = w.sheets["first"]
	w.sheets["home"] = w.homeNumber(quay, "2")

	// Nobody works on it, but it looks as if somebody did a moment ago.
	w.sheets["working"] = w.printed(w.longview+"/sheets", "development")
	w.DB.Exec("update invite_batches set state = 'working', ready_at = null, homes = 72, done = 31, updated_at = now() + interval '1 hour' where id = $1", path.Base(w.sheets["working"]))
}

// printed prints codes and returns the page of the print.
func (w *world) printed(sheets, reach string) string {
	w.t.Helper()
	var p struct{ ID, State string }
	w.staff.JSON(http.MethodPost, "/api"+sheets, map[string]string{"reach": reach, "address": w.Tenant.URL}).Want(202).Decode(&p)
	for end := time.Now().Add(60 * time.Second); p.State == "working"; time.Sleep(20 * time.Millisecond) {
		w.staff.JSON(http.MethodGet, "/api/sheets/"+p.ID, nil).Want(200).Decode(&p)
		if time.Now().After(end) {
			w.t.Fatalf("the print of %s is still going on", sheets)
		}
	}
	return "/sheets/" + p.ID
}

func (w *world) sheetScenes() []scene {
	in := w.staffCookies
	sheets := w.sheets["development"] + "/sheets"
	return []scene{
		{name: "sheets", path: sheets, cookies: in, says: "Printed so far"},
		{name: "sheets-first", path: w.sheets["fresh"] + "/sheets", cookies: in, says: "All 2 homes"},
		{name: "sheets-no-homes", path: w.vacant + "/sheets", cookies: in, says: "No homes yet"},
		{name: "sheets-not-confirmed", path: sheets, cookies: in, status: 422, says: "Look at the address", act: submit("main form button[type=submit]")},
		{name: "sheets-elsewhere", path: w.terrace + "/sheets", cookies: in, says: "Leads to"},
		{name: "sheet-ready", path: w.sheets["ready"], cookies: in, says: "3 cards are ready"},
		{name: "sheet-gone", path: w.sheets["gone"], cookies: in, says: "The files are not kept any more"},
		{name: "sheet-ended", path: w.sheets["ended"], cookies: in, says: "These codes have ended"},
		{name: "sheet-failed", path: w.sheets["failed"], cookies: in, says: "These sheets were not made"},
		{name: "sheet-working", path: w.sheets["working"], cookies: in, says: "31 of"},
		{name: "sheet-replace", path: w.sheets["ready"], cookies: in, says: "End 3 codes and print new ones?", act: func(p *uitest.Page) { p.Click("main summary") }},
		{name: "home-code", path: w.sheets["home"], cookies: in, says: "Replace the code"},
		{name: "home-replace-code", path: w.sheets["home"], cookies: in, says: "print a new one?", act: func(p *uitest.Page) { p.Click("main summary") }},
	}
}
