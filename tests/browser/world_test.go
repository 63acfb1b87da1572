package browser

import (
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform/files"
	"openhouse.example/packages/web/auth"
	"openhouse.example/tests/demo"
	"openhouse.example/tests/e2e/samples"
	"openhouse.example/tests/e2e/visit"
	"openhouse.example/tests/stack"
)

// world is both portals with the demo companies and whatever the scenes need besides.
type world struct {
	*stack.Stack
	t        *testing.T
	accounts map[string]demo.Account // by e-mail address
	resident string                  // e-mail address of no. 14 of Longview Park

	staff, empty                            *visit.Visitor // of a company with data, and of one without
	staffCookies, emptyCookies, viewCookies []*http.Cookie
	homeCookies, bareCookies                []*http.Cookie // residents of a home that is known well, and of one that isn't
	longview, vacant, terrace               string         // "/developments/…" with homes, without, and with many imports
	home                                    string         // "/homes/…", no. 14
	imports                                 map[string]string
	links                                   map[string]string
	away                                    *deadPortals
	team                                    team
	persons                                 persons
	people                                  people
	documents                               documents
	asking                                  asking
	sheets                                  map[string]string
	cards                                   map[string]string // "/onboarding/…" of printed codes
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, accounts: map[string]demo.Account{}, imports: map[string]string{}, links: map[string]string{}}
	db, kept := pgtest.New(t), t.TempDir()
	summary, err := demo.Load(t.Context(), db.AdminURL(), demo.Options{
		Samples: os.DirFS(filepath.Join(w.root(), "tests", "testdata", "samples")), Passwords: filepath.Join(t.TempDir(), "passwords"), Files: files.NewFolder(kept),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range summary.Accounts {
		w.accounts[a.Email] = a
	}
	w.resident = summary.Resident
	w.Stack = stack.Start(t, db, stack.Options{Env: []string{"FILES_DIR=" + kept}})
	w.staff = w.signIn("maeve.admin@example.org")
	w.staffCookies = w.staff.Cookies()
	w.viewCookies = w.signIn("ines.viewer@example.org").Cookies()
	w.longview, w.vacant = w.developments("Longview Park"), w.developments("Mill Quarter")
	w.home = w.homeNumber(w.longview, "14")

	company := w.NewCompany("Newcomer Homes")
	w.empty = visit.New(t, w.Developer.URL)
	w.empty.Form(w.empty.Get("/sign-in"), "/sign-in").Set("email", company.Email).Set("password", stack.Password).Send().Want(200)
	w.emptyCookies = w.empty.Cookies()
	token, _ := w.NewResident(t, w.NewCompany("Rowan Builders"))
	w.bareCookies = []*http.Cookie{{Name: "oh_resident", Value: token, HttpOnly: true}}
	return w
}

// root is the repository's top folder.
func (w *world) root() string { return stack.Root(w.t) }

func (w *world) signIn(email string) *visit.Visitor {
	w.t.Helper()
	account := w.accounts[email]
	v := visit.New(w.t, w.Developer.URL)
	v.Form(v.Get("/sign-in"), "/sign-in").Set("email", email).Set("password", account.Password).Send().Want(200)
	if v.Cookie("oh_staff") == "" {
		w.t.Fatalf("%s can't sign in", email)
	}
	return v
}

func (w *world) developments(name string) string {
	w.t.Helper()
	return w.staff.Get("/developments").Want(200).Link(name)
}

func (w *world) homeNumber(development, number string) string {
	w.t.Helper()
	var list struct {
		Homes []struct{ ID, UnitNumber string }
	}
	w.staff.JSON(http.MethodGet, "/api"+development+"/homes", nil).Want(200).Decode(&list)
	for _, h := range list.Homes {
		if h.UnitNumber == number {
			return "/homes/" + h.ID
		}
	}
	w.t.Fatalf("no home %s in %s", number, development)
	return ""
}

// newDevelopment makes one more development of the company with data, so that imports don't disturb each other.
func (w *world) newDevelopment(name string) string {
	w.t.Helper()
	page := w.staff.Form(w.staff.Get("/developments/new"), "/developments").Set("name", name).Set("address", "Weir Lane, Ballyhale").Send().Want(200)
	return page.URL.Path
}

// importFile brings a file to its preview and returns the import's page.
func (w *world) importFile(development, name string, content []byte) string {
	w.t.Helper()
	page := w.staff.Form(w.staff.Get(development+"/import"), "/import").Attach("file", name, content).Send().Want(200)
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		var i struct{ State string }
		w.staff.JSON(http.MethodGet, "/api"+page.URL.Path, nil).Want(200).Decode(&i)
		if i.State != "uploaded" && i.State != "committing" {
			return page.URL.Path
		}
		if time.Now().After(end) {
			w.t.Fatalf("%s is still %s", name, i.State)
		}
	}
}

// furnish makes everything that the scenes of the pages look at.
func (w *world) furnish() {
	w.t.Helper()
	seventyFive := samples.Named(w.t, "longview-park-75-with-3-bad.csv").Bytes(w.t)
	crescent := w.newDevelopment("Weir Crescent")
	w.imports["errors"] = w.importFile(crescent, "weir-crescent.csv", seventyFive)

	broken := strings.NewReplacer("@", " at ", "Longview", "Lower Longview", "\n7", "\n").Replace(string(seventyFive))
	w.imports["many-errors"] = w.importFile(w.newDevelopment("Sluice Yard"), "sluice-yard, as the sales office keeps it (final, corrected, new).csv", []byte(broken))

	w.terrace = w.newDevelopment("Ferry Terrace")
	file := "unit_number,address_line_1,house_type,bedrooms,handover_date,purchaser_name,purchaser_email\n1,1 Ferry Terrace,B,3,03/04/2027,Ana Quirke,ana@example.org\n2,2 Ferry Terrace,B,3,05/06/2027,,\n"
	w.imports["ambiguous"] = w.importFile(w.terrace, "ferry-terrace.csv", []byte(file))
	first := w.importFile(w.terrace, "ferry-terrace.csv", []byte(file))
	w.staff.Form(w.staff.Get(first), "/commit").Send().Want(200)
	w.imports["committed"] = first
	w.imports["changed"] = w.importFile(w.terrace, "ferry-terrace-v2.csv", []byte(strings.Replace(file, "Ana Quirke,ana@", "Ana Quirke-Doyle,ana.doyle@", 1)))
	w.imports["nothing"] = w.importFile(w.terrace, "ferry-terrace.csv", []byte(file))
	w.imports["unreadable"] = w.importFile(w.terrace, "brochure.pdf", []byte("%PDF-1.7\n1 0 obj"))
	w.imports["columns"] = w.importFile(w.terrace, "columns.csv", []byte("plot,street,kind of house\n1,1 Ferry Terrace,B\n"))

	// Two that stay in work: nobody works on them, but they look as if somebody did a moment ago.
	w.imports["reading"] = w.stuck("Lock Gardens", seventyFive, "uploaded", 40)
	w.imports["committing"] = w.stuck("Boathouse Row", seventyFive, "committing", 30)

	w.homeCookies = w.enter(w.resident)
	w.links["used"] = w.lastLink(w.resident)
	w.links["valid"] = w.newLink("buyer00013@example.org")
	w.links["expired"] = w.newLink("buyer00012@example.org")
	w.DB.Exec("update email_tokens set created_at = now() - interval '20 minutes', expires_at = now() - interval '5 minutes' where email = 'buyer00012@example.org'")
	w.links["unknown"] = "/link/" + strings.Repeat("A", 43)
	w.away = w.deadPortals()
	w.furnishUndo()
	w.furnishTeam()
	w.furnishSheets()
	w.furnishAudit()
	w.furnishPeople()
	w.furnishDocuments()
	w.furnishOnboarding()
	w.furnishAsking()
}

func (w *world) stuck(name string, content []byte, state string, done int) string {
	w.t.Helper()
	address := w.importFile(w.newDevelopment(name), strings.ToLower(strings.ReplaceAll(name, " ", "-"))+".csv", content)
	w.DB.Exec("update imports set state = $2, done_rows = $3, updated_at = now() + interval '1 hour' where id = $1", path.Base(address), state, done)
	return address
}

var linkPattern = regexp.MustCompile(`/link/[A-Za-z0-9_-]+`)

// newLink asks for a link as a resident does, and returns it.
func (w *world) newLink(email string) string {
	w.t.Helper()
	before := w.lastLink(email)
	v := visit.New(w.t, w.Tenant.URL)
	v.Form(v.Get("/sign-in"), "/sign-in").Set("email", email).Send().Want(200)
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if link := w.lastLink(email); link != before {
			return link
		}
	}
	w.t.Fatalf("no mail to %s", email)
	return ""
}

// lastLink is the link in the newest mail to somebody, "" if there is none.
func (w *world) lastLink(email string) string {
	w.t.Helper()
	var outbox struct {
		Mail []struct{ To, Body string }
	}
	w.staff.JSON(http.MethodGet, "/api/outbox", nil).Want(200).Decode(&outbox)
	for _, m := range outbox.Mail {
		if m.To == email {
			return linkPattern.FindString(m.Body)
		}
	}
	return ""
}

// enter brings a resident in and returns the browser's cookies.
func (w *world) enter(email string) []*http.Cookie {
	w.t.Helper()
	link := w.newLink(email)
	v := visit.New(w.t, w.Tenant.URL)
	v.Form(v.Get(link).Want(200), link).Send().Want(200)
	return v.Cookies()
}

// deadPortals are portals whose database is away, with sessions of somebody.
type deadPortals struct {
	developer, tenant               *stack.Portal
	developerCookies, tenantCookies []*http.Cookie
}

func (w *world) deadPortals() *deadPortals {
	w.t.Helper()
	d := &deadPortals{developer: stack.Prepare(w.t, stack.DeveloperPortal), tenant: stack.Prepare(w.t, stack.TenantPortal)}
	for _, p := range []*stack.Portal{d.developer, d.tenant} {
		p.Launch("DATABASE_URL=postgres://nobody:nothing@127.0.0.1:1/openhouse", "DATABASE_SSL=false", "DB_POOL_CONN_TIMEOUT_MS=250",
			"OPENHOUSE_ENV=development", "DEVELOPER_PUBLIC_URL="+d.developer.URL, "TENANT_PUBLIC_URL="+d.tenant.URL, "DRAIN_DELAY_MS=0")
	}
	for _, p := range []*stack.Portal{d.developer, d.tenant} {
		for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
			if status, _ := p.Health(); status != 0 {
				break
			}
		}
	}
	d.developerCookies = w.cookie(auth.PortalDeveloper, d.developer, auth.Principal{Role: auth.RoleAdmin}, "oh_staff")
	d.tenantCookies = w.cookie(auth.PortalTenant, d.tenant, auth.Principal{Role: auth.RoleResident, DevelopmentID: uuid.New(), UnitID: uuid.New()}, "oh_resident")
	return d
}

func (w *world) cookie(portal string, p *stack.Portal, who auth.Principal, name string) []*http.Cookie {
	w.t.Helper()
	issuer, err := auth.NewIssuer(portal, p.URL, p.Key)
	if err != nil {
		w.t.Fatal(err)
	}
	who.Subject, who.TenantID, who.SessionID = uuid.New(), uuid.New(), uuid.New()
	who.Expires = time.Now().Add(time.Hour).Truncate(time.Second)
	token, err := issuer.Issue(who)
	if err != nil {
		w.t.Fatal(err)
	}
	return []*http.Cookie{{Name: name, Value: token, HttpOnly: true}}
}
