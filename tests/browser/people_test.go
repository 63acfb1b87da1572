package browser

import (
	"net/http"
	"path"

	"github.com/google/uuid"

	"openhouse.example/packages/ui/uitest"
)

// people are the homes and requests that the scenes about people look at.
type people struct {
	quiet, busy       string // "/developments/…" without and with requests
	home, former      string // "/homes/…" with requests, and with people who live and lived there
	moving            string // "/homes/…/residents/…/moved-out"
	decided, disabled string // ids of requests that can't be approved
}

// furnishPeople makes requests that wait, and a home that has seen people come and go.
func (w *world) furnishPeople() {
	w.t.Helper()
	const file = "unit_number,address_line_1,house_type,purchaser_name,purchaser_email\n" +
		"1,1 Gable Court,B,Aoife Ní Dhomhnaill,aoife.nidhomhnaill@example.org\n2,2 Gable Court,B,Tom Kelly-Achterberg,tom.kelly@example.org\n3,3 Gable Court,B,,\n"
	court := w.newDevelopment("Gable Court")
	imported := w.importFile(court, "gable-court.csv", []byte(file))
	w.staff.Form(w.staff.Get(imported).Want(200), "/commit").Send().Want(200)
	w.people = people{busy: court, quiet: w.vacant, home: w.homeNumber(court, "1"), former: w.homeNumber(court, "2")}
	w.request(w.people.home, "Aoife Ní Dhomhnaill", "aoife.nidomhnaill@example.org")
	w.request(w.people.home, "Seán Ó Broin", "sean.with.a.long.address.behind.the.name@subsidiary.of.the.company.example.org")
	w.request(w.homeNumber(court, "3"), "", "somebody@example.org")
	w.people.decided = w.request(w.people.former, "Bea Kelly-Achterberg", "bea@example.org")
	w.DB.Exec("update unit_claims set state = 'rejected', decided_at = now(), decided_by = (select s.id from staff s where s.email = 'tomas.developer@example.org' and s.tenant_id = unit_claims.tenant_id) where id = $1", w.people.decided)
	w.people.disabled = w.request(w.people.former, "Ivo Marsh", "ivo@example.org")
	w.DB.Exec("insert into residents (tenant_id, id, email, disabled_at) select tenant_id, gen_random_uuid(), email, now() from unit_claims where id = $1", w.people.disabled)

	tom := w.lives(w.people.former, "Tom Kelly-Achterberg", "tom.kelly@example.org", "owner")
	w.lives(w.people.former, "", "with.a.long.address.behind.the.name@subsidiary.of.the.company.example.org", "occupier")
	gone := w.lives(w.people.former, "Ana Quirke-Doyle", "ana.quirke.doyle@example.org", "occupier")
	w.staff.JSON(http.MethodPost, "/api"+w.people.former+"/residents/"+gone+"/moved-out", map[string]string{}).Want(200)
	w.people.moving = w.people.former + "/residents/" + tom + "/moved-out"
}

func (w *world) request(home, name, email string) (id string) {
	w.t.Helper()
	id = uuid.NewString()
	w.DB.Exec(`insert into unit_claims (tenant_id, id, development_id, unit_id, email, full_name, state)
		select tenant_id, $2, development_id, id, $4, $3, 'pending' from units where id = $1`, path.Base(home), id, name, email)
	return id
}

func (w *world) lives(home, name, email, kind string) (id string) {
	w.t.Helper()
	id = uuid.NewString()
	w.DB.Exec("insert into residents (tenant_id, id, email, full_name) select tenant_id, $2, $4, $3 from units where id = $1", path.Base(home), id, name, email)
	w.DB.Exec(`insert into occupancies (tenant_id, id, development_id, unit_id, resident_id, kind, started_at)
		select tenant_id, gen_random_uuid(), development_id, id, $2, $3, now() - interval '80 days' from units where id = $1`, path.Base(home), id, kind)
	return id
}

// peopleScenes are the pages about who may enter a home.
func (w *world) peopleScenes() []scene {
	in, p := w.staffCookies, w.people
	approve := func(id string) func(*uitest.Page) {
		return func(page *uitest.Page) {
			// As from a page that was opened before somebody else decided.
			page.Eval(`document.querySelector('form[action$="/approve"]').action = "/requests/`+id+`/approve"`, nil)
			page.Submit(`form[action$="/` + id + `/approve"] button[type=submit]`)
		}
	}
	return []scene{
		{name: "requests", path: "/requests", cookies: in, says: "Address differs from the buyer’s on record by 1 letter"},
		{name: "requests-none", path: "/requests", cookies: w.emptyCookies, says: "Nobody is waiting"},
		{name: "requests-none-of-one", path: "/requests?development=" + path.Base(p.quiet), cookies: in, says: "Nobody is waiting in Mill Quarter"},
		{name: "requests-of-one", path: "/requests?development=" + path.Base(p.busy), cookies: in, says: "Somebody without a name"},
		{name: "requests-viewer", path: "/requests", cookies: w.viewCookies, says: "A colleague with the role Developer decides"},
		{name: "requests-reject", path: "/requests", cookies: in, says: "Turn this request down?", act: func(page *uitest.Page) { page.Click("main summary") }},
		{name: "requests-decided", path: "/requests", cookies: in, status: 409, says: "Tomás Okonkwo rejected this request on", act: approve(p.decided)},
		{name: "requests-disabled", path: "/requests", cookies: in, status: 409, says: "account is disabled", act: approve(p.disabled)},
		{name: "home-requests", path: p.home, cookies: in, says: "Approve as owner"},
		{name: "home-people", path: p.former, cookies: in, says: "Used to live here"},
		{name: "home-people-viewer", path: p.former, cookies: w.viewCookies, says: "Used to live here"},
		{name: "home-moved-out", path: p.moving, cookies: in, says: "Has Tom Kelly-Achterberg moved out?"},
		{name: "home-resale", path: p.former + "/resale", cookies: in, says: "2 people who live here"},
		{name: "home-resale-wrong", path: p.former + "/resale", cookies: in, status: 422, says: "There are 3 problems", act: func(page *uitest.Page) {
			page.Fill("[name=email]", "nobody@@example.org")
			page.Fill("[name=day]", "2099-01-01")
			page.Submit("main form[action$=resale] button[type=submit]")
		}},
		{name: "home-resale-changed", path: p.home + "/resale", cookies: in, status: 409, says: "Somebody else has changed this home", act: func(page *uitest.Page) {
			w.DB.Exec("update units set updated_at = clock_timestamp() where id = $1", path.Base(p.home))
			page.Fill("[name=name]", "Bea Kelly")
			page.Submit("main form[action$=resale] button[type=submit]")
		}},
	}
}
