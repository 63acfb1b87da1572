package browser

import (
	"net/http"

	"github.com/google/uuid"

	"openhouse.example/packages/ui/uitest"
)

// scene is a page in one of its states.
type scene struct {
	name    string
	portal  string // base address
	path    string
	cookies []*http.Cookie
	status  int                // of the last answer; 0 is 200
	act     func(*uitest.Page) // what a person does to get there
	says    string             // a text that shows that this is the page
}

// quiet keeps a page that tries again by itself from doing so while it is looked at.
func quiet(p *uitest.Page) {
	p.Eval("for (let i = setTimeout(() => {}, 0); i > 0; i--) clearTimeout(i)", nil)
}

func submit(selector string) func(*uitest.Page) {
	return func(p *uitest.Page) { p.Submit(selector) }
}

// scenes are all pages of both portals.
func (w *world) scenes() []scene {
	d, t := w.Developer.URL, w.Tenant.URL
	in, none := w.staffCookies, w.emptyCookies
	const send = "form button[type=submit]"
	list := []scene{
		{name: "staff-sign-in", path: "/sign-in", says: "Sign in"},
		{name: "staff-sign-in-missing", path: "/sign-in", status: 422, act: submit(send), says: "There are 2 problems"},
		{name: "staff-sign-in-wrong", path: "/sign-in", status: 401, says: "Sign in", act: func(p *uitest.Page) {
			p.Fill("[name=email]", "maeve.admin@example.org")
			p.Fill("[name=password]", "not the password")
			p.Submit(send)
		}},
		{name: "staff-choose-company", path: "/sign-in", says: "Meadowlark Living", act: func(p *uitest.Page) {
			p.Fill("[name=email]", "both@example.org")
			p.Fill("[name=password]", w.accounts["both@example.org"].Password)
			p.Submit(send)
		}},
		{name: "developments", path: "/developments", cookies: in, says: "Longview Park"},
		{name: "developments-none", path: "/developments", cookies: none, says: "No developments yet"},
		{name: "developments-viewer", path: "/developments", cookies: w.viewCookies, says: "Longview Park"},
		{name: "development-new", path: "/developments/new", cookies: in},
		{name: "development-new-wrong", path: "/developments/new", cookies: in, status: 422, says: "There are 2 problems", act: func(p *uitest.Page) {
			p.Fill("[name=contactEmail]", "nobody")
			p.Submit("main " + send)
		}},
		{name: "development", path: w.longview, cookies: in, says: "Nora Ferriter"},
		{name: "development-no-homes", path: w.vacant, cookies: in, says: "Mill Quarter"},
		{name: "development-edit", path: w.longview + "/edit", cookies: in},
		{name: "development-conflict", path: w.vacant + "/edit", cookies: in, status: 409, act: func(p *uitest.Page) {
			w.staff.JSON(http.MethodPost, "/api"+w.vacant, map[string]string{"address": "Weir Lane " + uuid.NewString()[:8]}).Want(200)
			p.Submit("main " + send)
		}},
		{name: "homes", path: w.longview + "/homes", cookies: in, says: "14 Longview Park"},
		{name: "homes-search", path: w.longview + "/homes?q=Longview&status=sale_agreed", cookies: in},
		{name: "homes-nothing-found", path: w.longview + "/homes?q=nowhere", cookies: in},
		{name: "homes-none", path: w.vacant + "/homes", cookies: in},
		{name: "homes-viewer", path: w.longview + "/homes", cookies: w.viewCookies},
		{name: "homes-none-viewer", path: w.vacant + "/homes", cookies: w.viewCookies},
		{name: "home", path: w.home, cookies: in, says: "14 Longview Park"},
		{name: "home-send-link", path: w.home, cookies: in, says: w.resident, act: func(p *uitest.Page) { p.Click("main summary") }},
		{name: "home-edit", path: w.home + "/edit", cookies: in},
		{name: "home-edit-wrong", path: w.home + "/edit", cookies: in, status: 422, says: "There are 3 problems", act: func(p *uitest.Page) {
			p.Fill("[name=purchaserEmail]", "nobody@@example.org")
			p.Fill("[name=bedrooms]", "many")
			p.Fill("[name=unitNumber]", "")
			p.Submit("main " + send)
		}},
		{name: "import-upload", path: w.longview + "/import", cookies: in},
		{name: "import-upload-again", path: w.terrace + "/import", cookies: in, says: "ferry-terrace-v2.csv"},
		{name: "import-upload-missing", path: w.longview + "/import", cookies: in, status: 422, act: submit("main " + send)},
		{name: "import-preview-errors", path: w.imports["errors"], cookies: in, says: "not-an-address"},
		{name: "import-preview-many-errors", path: w.imports["many-errors"], cookies: in, says: "Download them with what is wrong"},
		{name: "import-preview-new", path: w.imports["errors"] + "?show=new", cookies: in, says: "1 Longview Park"},
		{name: "import-preview-viewer", path: w.imports["errors"], cookies: w.viewCookies, says: "viewers don’t see them"},
		{name: "import-preview-ambiguous", path: w.imports["ambiguous"], cookies: in, says: "3 April 2027"},
		{name: "import-preview-changed", path: w.imports["changed"], cookies: in, says: "Ana Quirke-Doyle"},
		{name: "import-preview-nothing", path: w.imports["nothing"], cookies: in},
		{name: "import-unreadable", path: w.imports["unreadable"], cookies: in, says: "PDF"},
		{name: "import-columns-missing", path: w.imports["columns"], cookies: in},
		{name: "import-reading", path: w.imports["reading"], cookies: in},
		{name: "import-committing", path: w.imports["committing"], cookies: in},
		{name: "import-committed", path: w.imports["committed"], cookies: in},
		{name: "outbox", path: "/outbox", cookies: in, says: w.resident},
		{name: "outbox-empty", path: "/outbox", cookies: none},
		{name: "outbox-mail", path: "/outbox", cookies: in, says: "Hello,", act: submit("main tbody a")},
		{name: "staff-404", path: "/developments/" + uuid.NewString(), cookies: in, status: 404},
		{name: "staff-403", path: "/developments/new", cookies: w.viewCookies, status: 403},
		{name: "staff-503", portal: w.away.developer.URL, path: "/developments", cookies: w.away.developerCookies, status: 503, says: "Back in a moment", act: quiet},

		{name: "resident-sign-in", portal: t, path: "/sign-in"},
		{name: "resident-sign-in-wrong", portal: t, path: "/sign-in", status: 422, act: func(p *uitest.Page) {
			p.Fill("[name=email]", "nobody")
			p.Submit(send)
		}},
		{name: "resident-link-sent", portal: t, path: "/sign-in", says: "on its way", act: func(p *uitest.Page) {
			p.Fill("[name=email]", "nobody@example.org")
			p.Submit(send)
		}},
		{name: "link", portal: t, path: w.links["valid"], says: "Longview Park"},
		{name: "link-used", portal: t, path: w.links["used"], status: 410},
		{name: "link-expired", portal: t, path: w.links["expired"], status: 410},
		{name: "link-unknown", portal: t, path: w.links["unknown"], status: 404},
		{name: "my-home", portal: t, path: "/", cookies: w.homeCookies, says: "14 Longview Park"},
		{name: "my-home-little-known", portal: t, path: "/", cookies: w.bareCookies},
		{name: "resident-404", portal: t, path: "/nothing", cookies: w.homeCookies, status: 404},
		{name: "resident-503", portal: w.away.tenant.URL, path: "/", cookies: w.away.tenantCookies, status: 503, says: "Back in a moment", act: quiet},
	}
	list = append(list, w.undoScenes()...)
	list = append(list, w.teamScenes()...)
	list = append(list, w.sheetScenes()...)
	list = append(list, w.auditScenes()...)
	list = append(list, w.peopleScenes()...)
	list = append(list, w.onboardingScenes()...)
	list = append(list, w.askingScenes()...)
	list = append(list, w.noticeScenes()...)
	list = append(list, w.documentScenes()...)
	for i := range list {
		if list[i].portal == "" {
			list[i].portal = d
		}
	}
	return list
}
