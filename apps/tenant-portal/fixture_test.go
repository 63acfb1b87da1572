package main

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"openhouse.example/apps/tenant-portal/internal/portal"
	"openhouse.example/apps/tenant-portal/internal/store"
	"openhouse.example/packages/db"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/ui"
	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/webtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Wrap(m)) }

// site is the whole portal on a database of its own.
type site struct {
	t      *testing.T
	db     *pgtest.DB
	keys   *webtest.Portal
	http   *httptest.Server
	routes chi.Router

	company, development, houseType uuid.UUID
	files                           string // the folder of documents
}

// newSite serves the real routes. Homes are added by the tests.
func newSite(t *testing.T) *site {
	t.Helper()
	return newSiteOn(t, pgtest.New(t))
}

func newSiteOn(t *testing.T, database *pgtest.DB) *site {
	t.Helper()
	return newSiteWith(t, database, slog.New(slog.DiscardHandler), nil)
}

// newSiteWith is a site that writes its log to log and has vars among its settings.
func newSiteWith(t *testing.T, database *pgtest.DB, log *slog.Logger, vars map[string]string) *site {
	t.Helper()
	s := &site{t: t, db: database, files: t.TempDir(), http: httptest.NewUnstartedServer(nil)}
	public := "http://" + s.http.Listener.Addr().String()
	s.keys = webtest.NewPortal(t, auth.PortalTenant, public)
	all := map[string]string{"DATABASE_URL": s.db.ResidentURL(), "TENANT_PUBLIC_URL": public, "TENANT_JWT_KEY": string(s.keys.PEM), "FILES_DIR": s.files}
	maps.Copy(all, vars)
	cfg := settings(t, all)
	base, err := self.Open(t.Context(), cfg.Settings(), log, ui.ErrorPages{Portal: ui.TenantPortal},
		db.WithRole(store.Role), db.WithLedger(platform.Ledger{}))
	if err != nil {
		t.Fatal(err)
	}
	p := portal.New(base.App, store.New(base.Pool), base.Issuer, cfg.Files.Folder())
	s.routes = routes(base.App, p)
	s.http.Config.Handler = s.routes
	s.http.Start()
	t.Cleanup(func() {
		s.http.Close()
		if err := base.Close(p.Close); err != nil {
			t.Error(err)
		}
	})
	s.company, s.development, s.houseType = s.addCompany("Harbour Homes", "harbour"), uuid.New(), uuid.New()
	s.addDevelopment(s.company, s.development, s.houseType, "Longview Park")
	return s
}

// settings are those of a portal in development with a small pool, and vars.
func settings(t testing.TB, vars map[string]string) *Config {
	t.Helper()
	all := map[string]string{"OPENHOUSE_ENV": "development", "DB_POOL_MAX": "8", "DB_POOL_MIN": "1"}
	maps.Copy(all, vars)
	c, err := loadConfig(webtest.Environment(all))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (s *site) addCompany(name, slug string) uuid.UUID {
	id := uuid.New()
	s.db.Exec(`insert into tenants (id, name, slug, demo) values ($1, $2, $3, true)`, id, name, slug)
	return id
}

func (s *site) addDevelopment(company, development, houseType uuid.UUID, name string) {
	s.db.Exec(`insert into developments (tenant_id, id, slug, name, contact_name, contact_email, contact_phone, emergency_phone)
		values ($1, $2, 'dev', $3, 'Nora Byrne', 'care@example.org', '+353 1 555 0100', '+353 1 555 0999')`, company, development, name)
	s.db.Exec(`insert into house_types (tenant_id, id, development_id, code, name, bedrooms, bathrooms, floor_area_m2)
		values ($1, $2, $3, 'B', '3 bed semi-detached', 3, 2, 108.5)`, company, houseType, development)
}

// addHome adds a home of Longview Park, sold to the owner of email.
func (s *site) addHome(number, email string) uuid.UUID {
	id := uuid.New()
	s.db.Exec(`insert into units (tenant_id, id, development_id, house_type_id, unit_number, address_line_1, address_line_2, city, postcode,
			status, handover_date, purchaser_name, purchaser_email)
		values ($1, $2, $3, $4, $5::text, $5::text || ' Longview Park', 'Mill Road', 'Ballyhale', 'X42 B1C7', 'sale_agreed', current_date + 12, 'Buyer of ' || $5::text, $6)`,
		s.company, id, s.development, s.houseType, number, email)
	return id
}

func (s *site) client() *webtest.Client { return webtest.NewClient(s.t, s.http) }

// askLink asks for a link through the form and returns the paths of the links in the mails that came, in the order
// of the homes' numbers. want is how many there must be.
func (s *site) askLink(email string, want int) []string {
	s.t.Helper()
	before := pgtest.Value[int](s.db, `select count(*) from mail_outbox where to_email = lower($1)`, email)
	s.client().Post("/sign-in", url.Values{"email": {email}}).Is(s.t, http.StatusOK)
	webtest.Wait(s.t, "mail", func() bool {
		return pgtest.Value[int](s.db, `select count(*) from mail_outbox where to_email = lower($1)`, email) >= before+want
	})
	bodies := pgtest.Value[[]string](s.db, `select array_agg(body order by created_at, subject) from mail_outbox where to_email = lower($1)`, email)
	var links []string
	for _, body := range bodies[before:] {
		found := regexp.MustCompile(regexp.QuoteMeta(s.http.URL) + `(/link/\S+)`).FindStringSubmatch(body)
		if found == nil {
			s.t.Fatalf("no link in the mail:\n%s", body)
		}
		links = append(links, found[1])
	}
	return links
}

// enter signs a browser in to the home of email.
func (s *site) enter(email string) *webtest.Client {
	s.t.Helper()
	c := s.client()
	c.Post(s.askLink(email, 1)[0], nil).Is(s.t, http.StatusSeeOther)
	return c
}

// lockTable keeps everybody out of a table until release is called.
func (s *site) lockTable(table string) (release func()) {
	s.t.Helper()
	conn, err := pgx.Connect(s.t.Context(), s.db.AdminURL())
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := conn.Exec(s.t.Context(), `begin; lock table `+pgx.Identifier{table}.Sanitize()); err != nil {
		s.t.Fatal(err)
	}
	var once sync.Once
	release = func() { once.Do(func() { _ = conn.Close(context.Background()) }) } // which ends the transaction
	s.t.Cleanup(release)
	return release
}

// askSomebodyElse returns once every link that was asked for before it has been dealt with.
func (s *site) askSomebodyElse() {
	s.t.Helper()
	s.addHome("99", "last@example.org")
	for range 2 { // each of the two workers takes one
		s.askLink("last@example.org", 1)
	}
}

// principal is the person of email in the newest session.
func (s *site) principal(email string) auth.Principal {
	s.t.Helper()
	const newest = ` from sessions x join residents r on r.tenant_id = x.tenant_id and r.id = x.resident_id where r.email = $1 order by x.created_at desc limit 1`
	id := func(column string) uuid.UUID { return pgtest.Value[uuid.UUID](s.db, `select x.`+column+newest, email) }
	return auth.Principal{
		Portal: auth.PortalTenant, Role: auth.RoleResident, Subject: id("resident_id"), TenantID: id("tenant_id"), SessionID: id("id"),
		DevelopmentID: id("development_id"), UnitID: id("unit_id"), Expires: time.Now().Add(time.Hour),
	}
}

func withPrincipal(p auth.Principal, change func(*auth.Principal)) auth.Principal {
	change(&p)
	return p
}

// withCookie is a browser that holds a session token.
func (s *site) withCookie(token string) *webtest.Client {
	c := s.client()
	c.SetCookie("oh_resident", token)
	return c
}

// again is another browser with a copy of c's cookies, taken before the portal could change them.
func (s *site) again(c *webtest.Client) *webtest.Client {
	for _, cookie := range c.Cookies() {
		return s.withCookie(cookie.Value)
	}
	s.t.Fatal("the browser holds no cookie")
	return nil
}
