package browser

import (
	"net/http"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/ui/uitest"
)

// persons are the pages of residents that the scenes look at.
type persons struct {
	known, erased string // "/residents/…"
}

func (w *world) furnishAudit() {
	w.t.Helper()
	w.persons.known = w.personOf(w.resident)
	// Somebody who is erased: the log keeps the number. No buyer of a file that looks as if it were being committed.
	const gone = "aoife.nolan@example.org"
	w.DB.Exec(`insert into residents (tenant_id, id, email, full_name) select tenant_id, gen_random_uuid(), $2, 'Aoife Nolan' from residents where email = $1`, w.resident, gone)
	w.persons.erased = w.personOf(gone)
	w.staff.JSON(http.MethodPost, "/api"+w.persons.erased+"/erase", map[string]any{"address": gone}).Want(200)
	w.staff.JSON(http.MethodPost, "/api/audit/export", map[string]string{"format": "csv", "action": "home.update"}).Want(200)
}

// personOf is the page of the resident with an address.
func (w *world) personOf(email string) string {
	w.t.Helper()
	return "/residents/" + pgtest.Value[string](w.DB, `select id::text from residents where email = $1`, email)
}

// auditScenes are the pages of the audit log and of a person.
func (w *world) auditScenes() []scene {
	in := w.staffCookies
	const send = "form button[type=submit]"
	return []scene{
		{name: "audit", path: "/audit", cookies: in, says: "downloaded the audit log"},
		{name: "audit-filters", path: "/audit?action=session.begin&from=2020-01-01&request=x", cookies: in, says: "Nothing like that on record"},
		{name: "audit-wrong", path: "/audit?from=someday", cookies: in, status: 422, says: "There is a problem"},
		{name: "audit-one-thing", path: "/audit?object=" + w.persons.erased[len("/residents/"):], cookies: in, says: "erased a person"},
		{name: "audit-viewer", path: "/audit", cookies: w.viewCookies, status: 403},
		{name: "person", path: w.persons.known, cookies: in, says: w.resident},
		{name: "person-erased", path: w.persons.erased, cookies: in, status: 404},
		{name: "person-erase", path: w.persons.known + "/erase", cookies: in, says: "This can’t be undone"},
		{name: "person-erase-wrong", path: w.persons.known + "/erase", cookies: in, status: 422, says: "There is a problem", act: func(p *uitest.Page) {
			p.Fill("[name=address]", "somebody@example.org")
			p.Submit("main " + send)
		}},
	}
}
