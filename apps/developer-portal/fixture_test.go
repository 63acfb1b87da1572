package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"openhouse.example/apps/developer-portal/internal/importing"
	"openhouse.example/apps/developer-portal/internal/portal"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/config"
	"openhouse.example/packages/db"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/ui"
	"openhouse.example/packages/web"
	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/startup"
	"openhouse.example/packages/web/webtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Wrap(m)) }

// site is the whole portal on a database of its own.
type site struct {
	t       *testing.T
	db      *pgtest.DB
	pool    *db.Pool
	keys    *webtest.Portal
	http    *httptest.Server
	routes  chi.Router
	imports *importing.Runner
	app     *web.App
	portal  *portal.Portal

	company uuid.UUID // Harbour Homes
}

// residents is where links in mails lead.
const residents = "https://homes.example.org"

// newSite serves the real routes for one company without developments.
func newSite(t *testing.T) *site {
	t.Helper()
	s := serve(t, pgtest.New(t), nil)
	s.company = s.addCompany("Harbour Homes")
	return s
}

// newSiteBeside is a second process on the same database with the same key.
func newSiteBeside(t *testing.T, first *site) *site {
	t.Helper()
	s := serve(t, first.db, first.keys)
	s.company = first.company
	return s
}

func serve(t *testing.T, database *pgtest.DB, keys *webtest.Portal) *site {
	t.Helper()
	s := &site{t: t, db: database, keys: keys}
	log := slog.New(slog.DiscardHandler)
	var err error
	s.pool, err = db.Open(t.Context(), poolConfig(t, s.db.StaffURL()),
		db.WithLogger(log), db.WithRole(store.Role), db.WithLedger(platform.Ledger{}))
	if err != nil {
		t.Fatal(err)
	}
	s.http = httptest.NewUnstartedServer(nil)
	public := web.PublicURL("http://" + s.http.Listener.Addr().String())
	if s.keys == nil {
		s.keys = webtest.NewPortal(t, auth.PortalDeveloper, "https://staff.example.org")
	}
	s.app = &web.App{
		Portal: auth.PortalDeveloper, Log: log, Pool: s.pool, Verifier: s.keys.Verifier,
		Pages: ui.ErrorPages{Portal: ui.DeveloperPortal}, PublicURL: public, SignInPath: "/sign-in",
	}
	data := store.New(s.pool)
	s.imports = importing.New(data, log)
	s.portal, err = portal.New(s.app, data, s.imports, s.keys.Issuer, portal.Options{Key: s.keys.Key, Residents: residents, Outbox: true})
	if err != nil {
		t.Fatal(err)
	}
	s.routes = routes(s.app, s.portal, true)
	s.http.Config.Handler = s.routes
	s.http.Start()
	t.Cleanup(func() {
		s.http.Close()
		if err := startup.Within(closeLimit, s.imports.Close); err != nil {
			t.Error(err)
		}
		if err := startup.Within(closeLimit, s.pool.ClosePool); err != nil {
			t.Error(err)
		}
	})
	return s
}

// poolConfig has the defaults of a real portal, but a smaller pool.
func poolConfig(t testing.TB, address string) db.Config {
	t.Helper()
	var c db.Config
	set := map[string]string{"DATABASE_URL": address, "DB_POOL_MAX": "8", "DB_POOL_MIN": "1"}
	lookup := func(name string) (string, bool) { v, ok := set[name]; return v, ok }
	if err := config.LoadFrom(&c, lookup, nil); err != nil {
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
	p.client.token = token
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

// query reads one value as the superuser.
func query[T any](s *site, sql string, args ...any) T {
	s.t.Helper()
	conn, err := pgx.Connect(s.t.Context(), s.db.AdminURL())
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(s.t.Context()))
	var v T
	if err := conn.QueryRow(s.t.Context(), sql, args...).Scan(&v); err != nil {
		s.t.Fatalf("%v\nin %s", err, sql)
	}
	return v
}

// client is a browser: it keeps cookies and shows redirects instead of following them.
type client struct {
	s     *site
	http  *http.Client
	token string // sent as a program would, when set
}

func (s *site) client() *client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &client{s: s, http: &http.Client{
		Jar: jar, Transport: s.http.Client().Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// answer is a response that was read to its end.
type answer struct {
	*http.Response
	body string
}

func (a answer) is(t testing.TB, status int) answer {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("%s %s: status %d, want %d\n%s", a.Request.Method, a.Request.URL.Path, a.StatusCode, status, a.body)
	}
	return a
}

// says fails the test unless the page has each of the words.
func (a answer) says(t testing.TB, words ...string) answer {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(a.body, w) {
			t.Errorf("%s %s doesn't say %q:\n%s", a.Request.Method, a.Request.URL.Path, w, a.body)
		}
	}
	return a
}

func (c *client) send(method, path, kind string, body io.Reader, header ...string) answer {
	c.s.t.Helper()
	r, err := http.NewRequestWithContext(c.s.t.Context(), method, c.s.http.URL+path, body)
	if err != nil {
		c.s.t.Fatal(err)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := c.http.Do(r)
	if err != nil {
		c.s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		c.s.t.Fatal(err)
	}
	return answer{resp, string(text)}
}

func (c *client) get(path string, header ...string) answer {
	c.s.t.Helper()
	return c.send(http.MethodGet, path, "", nil, header...)
}

func (c *client) post(path string, form url.Values, header ...string) answer {
	c.s.t.Helper()
	return c.send(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()), header...)
}

func (c *client) postJSON(path string, v any, header ...string) answer {
	c.s.t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		c.s.t.Fatal(err)
	}
	return c.send(http.MethodPost, path, "application/json", strings.NewReader(string(body)), header...)
}

func decode[T any](t testing.TB, a answer) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
	return v
}

// wait waits until ok, which the database or the portal is about to make true.
func (s *site) wait(what string, ok func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("no %s within 60 s", what)
		}
	}
}
