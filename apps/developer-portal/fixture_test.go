package main

import (
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"go.uber.org/goleak"

	"openhouse.example/apps/developer-portal/internal/importing"
	"openhouse.example/apps/developer-portal/internal/portal"
	"openhouse.example/apps/developer-portal/internal/printing"
	"openhouse.example/apps/developer-portal/internal/sheets/sheetstest"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/db"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/ui"
	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/idtoken"
	"openhouse.example/packages/web/startup"
	"openhouse.example/packages/web/webtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(sheetstest.Wrap(pgtest.Wrap(m))) }

// site is the whole portal on a database of its own.
type site struct {
	t       *testing.T
	db      *pgtest.DB
	public  string // where people reach the portal
	files   string // the folder of documents
	keys    *webtest.Portal
	base    *startup.Base
	http    *httptest.Server
	routes  chi.Router
	imports *importing.Runner
	prints  *printing.Runner
	portal  *portal.Portal

	identities *idtoken.Verifier
	passwords  *platform.Passwords

	company uuid.UUID // Harbour Homes
}

// residents is where links in mails lead.
const residents = "https://homes.example.org"

// seams are where a test can listen in on a site; each may be left out.
type seams struct {
	database *pgtest.DB                      // nil = one of its own
	settings func(vars map[string]string)    // changes them before they are read
	observer db.Observer                     // sees what the pool does
	clock    func() time.Time                // tells the time to whoever checks tokens
	around   func(http.Handler) http.Handler // wraps the routes
}

// newSite serves the real routes for one company without developments.
func newSite(t *testing.T) *site {
	t.Helper()
	return newSiteWith(t, seams{})
}

func newSiteWith(t *testing.T, in seams) *site {
	t.Helper()
	if in.database == nil {
		in.database = pgtest.New(t)
	}
	s := &site{t: t, db: in.database, files: t.TempDir(), http: httptest.NewUnstartedServer(nil)}
	s.public = "http://" + s.http.Listener.Addr().String()
	s.keys = webtest.NewPortal(t, auth.PortalDeveloper, s.public)
	s.serve(in)
	s.company = s.addCompany("Harbour Homes")
	return s
}

// newSiteBeside is a second process on the same database with the same key, behind the same address.
func newSiteBeside(t *testing.T, first *site) *site {
	t.Helper()
	s := &site{t: t, db: first.db, files: first.files, http: httptest.NewUnstartedServer(nil), public: first.public, keys: first.keys, company: first.company}
	s.serve(seams{})
	return s
}

// serve does what run does, with the seams in.
func (s *site) serve(in seams) {
	s.t.Helper()
	vars := map[string]string{
		"DATABASE_URL": s.db.StaffURL(), "DEVELOPER_PUBLIC_URL": s.public, "TENANT_PUBLIC_URL": residents, "DEVELOPER_JWT_KEY": string(s.keys.PEM),
		"FILES_DIR": s.files,
	}
	if in.settings != nil {
		in.settings(vars)
	}
	cfg := settings(s.t, vars)
	options := []db.Option{db.WithRole(store.Role), db.WithLedger(platform.Ledger{})}
	if in.observer != nil {
		options = append(options, db.WithObserver(in.observer))
	}
	var err error
	s.base, err = self.Open(s.t.Context(), cfg.Settings(), slog.New(slog.DiscardHandler), ui.ErrorPages{Portal: ui.DeveloperPortal}, options...)
	if err != nil {
		s.t.Fatal(err)
	}
	if in.clock != nil {
		s.base.App.Verifier, err = auth.NewVerifier(s.keys.Name, s.public, auth.PublicKeys([]auth.Key{s.keys.Key}), auth.WithClock(in.clock))
		if err != nil {
			s.t.Fatal(err)
		}
	}
	data := store.New(s.base.Pool)
	s.passwords = platform.NewPasswords(0)
	s.identities = idtoken.New(idtoken.Options{Log: s.base.App.Log, Plain: true})
	s.imports, s.prints = importing.New(data, s.base.App.Log), printing.New(data, s.base.App.Log)
	s.portal, err = portal.New(s.base.App, data, s.imports, s.prints, s.base.Issuer, portal.Options{
		Key: s.base.Key, Passwords: s.passwords, Residents: cfg.ResidentsURL, Identities: s.identities, Files: cfg.Files.Folder(), Outbox: true,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.routes = routes(s.base.App, s.portal, true)
	s.http.Config.Handler = s.routes
	if in.around != nil {
		s.http.Config.Handler = in.around(s.routes)
	}
	s.http.Start()
	s.t.Cleanup(func() {
		s.http.Close()
		if err := s.base.Close(s.imports.Close, s.prints.Close, s.portal.Close, s.identities.Close); err != nil {
			s.t.Error(err)
		}
	})
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

func (s *site) addCompany(name string) uuid.UUID {
	id := uuid.New()
	s.db.Exec(`insert into tenants (id, name, slug, demo) values ($1, $2, $3, true)`, id, name, "c"+id.String()[:8])
	return id
}

// person is a member of staff with a session, and a browser that has it.
type person struct {
	*client
	company, id, session uuid.UUID
}

// addStaff adds somebody with a role and a living session.
func (s *site) addStaff(company uuid.UUID, role auth.Role) person {
	s.t.Helper()
	p := person{client: s.client(), company: company, id: uuid.New(), session: uuid.New()}
	s.db.Exec(`insert into staff (tenant_id, id, email, full_name, role) values ($1, $2, $3, 'Nora Byrne', $4)`,
		company, p.id, fmt.Sprintf("%s@example.org", p.id), role)
	s.db.Exec(`insert into sessions (tenant_id, id, kind, staff_id, expires_at) values ($1, $2, 'staff', $3, now() + interval '1 hour')`,
		company, p.session, p.id)
	token, err := s.keys.Issuer.Issue(auth.Principal{
		Subject: p.id, TenantID: company, SessionID: p.session, Role: role, Expires: time.Now().Add(time.Hour),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	p.Token = token
	return p
}

// limit lets a person see the given developments only.
func (s *site) limit(p person, developments ...uuid.UUID) {
	s.db.Exec(`update staff set limited = true where tenant_id = $1 and id = $2`, p.company, p.id)
	for _, d := range developments {
		s.db.Exec(`insert into staff_developments (tenant_id, staff_id, development_id) values ($1, $2, $3)`, p.company, p.id, d)
	}
}

func (s *site) addDevelopment(company uuid.UUID, name string) uuid.UUID {
	id := uuid.New()
	s.db.Exec(`insert into developments (tenant_id, id, slug, name) values ($1, $2, $3, $4)`, company, id, "d"+id.String()[:8], name)
	return id
}

// addType adds a house type with three bedrooms.
func (s *site) addType(company, development uuid.UUID, code string) uuid.UUID {
	id := uuid.New()
	s.db.Exec(`insert into house_types (tenant_id, id, development_id, code, name, bedrooms) values ($1, $2, $3, $4, '3 bed semi-detached', 3)`,
		company, id, development, code)
	return id
}

// addHome adds a home that is sold to the owner of email.
func (s *site) addHome(company, development, houseType uuid.UUID, number, email string) uuid.UUID {
	id := uuid.New()
	s.db.Exec(`insert into units (tenant_id, id, development_id, house_type_id, unit_number, address_line_1, city, status, purchaser_name, purchaser_email)
		values ($1, $2, $3, $4, $5::text, $5::text || ' Longview Park', 'Ballyhale', 'sale_agreed', 'Saoirse Walsh', $6)`,
		company, id, development, houseType, number, email)
	return id
}

// client is a browser, or a program, that has come to a site.
type client struct {
	*webtest.Client
	s *site
}

func (s *site) client() *client { return &client{webtest.NewClient(s.t, s.http), s} }

// as is p, come to this site instead of the one that they signed in to.
func (s *site) as(p person) *client {
	c := s.client()
	c.Token = p.Token
	return c
}
