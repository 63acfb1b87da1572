package browser

import (
	"fmt"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/ui/uitest"
)

// notice is the page of a notice of the demo's, by its title.
func (w *world) notice(title string) string {
	w.t.Helper()
	return "/notices/" + pgtest.Value[string](w.DB, `select id::text from notices where title = $1`, title)
}

// write puts a value into a field that keys don't fill: a text of several lines, a date with its time.
func write(p *uitest.Page, selector, text string) {
	p.Eval(fmt.Sprintf(`(document.querySelector(%q).value = %q) && true`, selector, text), nil)
}

// noticeScenes are the pages of notices in both portals.
func (w *world) noticeScenes() []scene {
	in, t := w.staffCookies, w.Tenant.URL
	const send = "form button[type=submit]"
	draft, water, drill, crane, holidays := w.notice("New bins"), w.notice("Water off on Thursday morning"), w.notice("Fire drill"), w.notice("Crane on Mill Road"), w.notice("How to reach us over the holidays")
	changed := func() { // by a colleague
		w.DB.Exec(`update notices set body = 'Brown bins come next month.', updated_at = clock_timestamp() where title = 'New bins'`)
	}
	return []scene{
		{name: "notices", path: "/notices", cookies: in, says: "Fire drill"},
		{name: "notices-viewer", path: "/notices", cookies: w.viewCookies, says: "Fire drill"},
		{name: "notices-scheduled", path: "/notices?state=scheduled", cookies: in, says: "Fire drill"},
		{name: "notices-none", path: "/notices", cookies: w.emptyCookies, says: "No notices yet"},
		{name: "notices-none-in-state", path: "/notices?state=draft", cookies: w.emptyCookies, says: "No notice is in this state"},
		{name: "notice-new", path: "/notices/new", cookies: in, says: "Longview Park: all homes"},
		{name: "notice-new-wrong", path: "/notices/new", cookies: in, status: 422, says: "There are 4 problems", act: func(p *uitest.Page) {
			write(p, "[name=startsAt]", "2030-01-01T10:00")
			write(p, "[name=endsAt]", "2030-01-01T09:00")
			p.Submit("main " + send)
		}},
		{name: "notice-preview", path: "/notices/new", cookies: in, says: "Nothing is stored yet", act: func(p *uitest.Page) {
			p.Fill("[name=title]", "Lift of block C")
			write(p, "[name=body]", "The lift is **serviced on Monday**.\n\n## Please\n\n- use the stairs\n- or [ask for help](https://example.org)\n\n> It takes two hours.")
			p.Submit("main button[formaction]")
		}},
		{name: "notice-draft", path: draft, cookies: in, says: "Residents don’t see a draft"},
		{name: "notice-edit", path: draft + "/edit", cookies: in, says: "Europe/Dublin"},
		{name: "notice-edit-conflict", path: draft + "/edit", cookies: in, status: 409, says: "Somebody else has saved", act: func(p *uitest.Page) {
			changed()
			p.Fill("[name=title]", "New bins in March")
			p.Submit("main " + send)
		}},
		{name: "notice-changed", path: draft, cookies: in, status: 409, says: "Nothing was done", act: func(p *uitest.Page) {
			changed()
			p.Submit("form[action$='/publish'] button")
		}},
		{name: "notice-scheduled", path: drill, cookies: in, says: "Scheduled"},
		{name: "notice-live", path: water, cookies: in, says: "End now"},
		{name: "notice-over", path: crane, cookies: in, says: "Its time is over"},
		{name: "notice-viewer", path: water, cookies: w.viewCookies, says: "Water off"},
		{name: "notice-404", path: "/notices/00000000-0000-0000-0000-000000000000", cookies: in, status: 404},

		{name: "my-notices", portal: t, path: "/notices", cookies: w.homeCookies, says: "Water off"},
		{name: "my-notices-none", portal: t, path: "/notices", cookies: w.bareCookies, says: "No notices at the moment"},
		{name: "my-notices-beyond", portal: t, path: "/notices?page=9", cookies: w.homeCookies, says: "The list ends"},
		{name: "my-notice", portal: t, path: water, cookies: w.homeCookies, says: "Fill a kettle"},
		{name: "my-notice-headings", portal: t, path: holidays, cookies: w.homeCookies, says: "In an emergency"},
		{name: "my-notice-404", portal: t, path: drill, cookies: w.homeCookies, status: 404},
	}
}
