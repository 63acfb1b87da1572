package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
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
	"openhouse.example/packages/ui/uitest"
	"openhouse.example/packages/web"
	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/webtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Wrap(withBrowser{m})) }

// withBrowser closes the browser after the tests.
type withBrowser struct{ *testing.M }

func (b withBrowser) Run() int { return uitest.Main(b.M) }

// site is the whole portal on a database of its own.
type site struct {
	t      *testing.T
	db     *pgtest.DB
	keys   *webtest.Portal
	http   *httptest.Server
	routes chi.Router
	p      *portal.Portal

	company, development, houseType uuid.UUID
}

// newSite serves the real routes. Homes are added by the tests.
func newSite(t *testing.T) *site {
	t.Helper()
	return newSiteOn(t, pgtest.New(t))
}

func newSiteOn(t *testing.T, database *pgtest.DB) *site {
	t.Helper()
	s := &site{t: t, db: database}
	log := slog.New(slog.DiscardHandler)
	pool, err := db.Open(t.Context(), poolConfig(t, s.db.ResidentURL()),
		db.WithLogger(log), db.WithRole(store.Role), db.WithLedger(platform.Ledger{}))
	if err != nil {
		t.Fatal(err)
	}
	s.http = httptest.NewUnstartedServer(nil)
	public := web.PublicURL("http://" + s.http.Listener.Addr().String())
	s.keys = webtest.NewPortal(t, auth.PortalTenant, public.Origin())
	app := &web.App{
		Portal: auth.PortalTenant, Log: log, Pool: pool, Verifier: s.keys.Verifier,
		Pages: ui.ErrorPages{Portal: ui.TenantPortal}, PublicURL: public, SignInPath: "/sign-in",
	}
	s.p = portal.New(app, store.New(pool), s.keys.Issuer)
	s.routes = routes(app, s.p)
	s.http.Config.Handler = s.routes
	s.http.Start()
	t.Cleanup(func() {
		s.http.Close()
		ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
		defer cancel()
		if err := s.p.Close(ctx); err != nil {
			t.Error(err)
		}
		if err := pool.ClosePool(ctx); err != nil {
			t.Error(err)
		}
	})
	s.company, s.development, s.houseType = s.addCompany("Harbour Homes", "harbour"), uuid.New(), uuid.New()
	s.addDevelopment(s.company, s.development, s.houseType, "Longview Park")
	return s
}

// poolConfig is what the portal would run with, on a smaller pool.
func poolConfig(t testing.TB, address string) db.Config {
	t.Helper()
	c, err := load(map[string]string{"OPENHOUSE_ENV": "development", "DATABASE_URL": address, "DB_POOL_MAX": "8", "DB_POOL_MIN": "1"})
	if err != nil {
		t.Fatal(err)
	}
	return c.DB
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
	s    *site
	http *http.Client
}

func (s *site) client() *client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &client{s, &http.Client{
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

func (c *client) do(method, path string, form url.Values, header ...string) answer {
	c.s.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(c.s.t.Context(), method, c.s.http.URL+path, body)
	if err != nil {
		c.s.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
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
	return c.do(http.MethodGet, path, nil, header...)
}

func (c *client) post(path string, form url.Values, header ...string) answer {
	c.s.t.Helper()
	if form == nil {
		form = url.Values{}
	}
	return c.do(http.MethodPost, path, form, header...)
}

// askLink asks for a link through the form and returns the paths of the links in the mails that came, in the order
// of the homes' numbers. want is how many there must be.
func (s *site) askLink(email string, want int) []string {
	s.t.Helper()
	before := query[int](s, `select count(*) from mail_outbox where to_email = lower($1)`, email)
	s.client().post("/sign-in", url.Values{"email": {email}}).is(s.t, http.StatusOK)
	s.wait("mail", func() bool {
		return query[int](s, `select count(*) from mail_outbox where to_email = lower($1)`, email) >= before+want
	})
	bodies := query[[]string](s, `select array_agg(body order by created_at, subject) from mail_outbox where to_email = lower($1)`, email)
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
func (s *site) enter(email string) *client {
	s.t.Helper()
	c := s.client()
	c.post(s.askLink(email, 1)[0], nil).is(s.t, http.StatusSeeOther)
	return c
}

// wait waits until ok, which the database or the portal is about to make true.
func (s *site) wait(what string, ok func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("no %s within 10 s", what)
		}
	}
}

func decode[T any](t testing.TB, body string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return v
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
	id := func(column string) uuid.UUID { return query[uuid.UUID](s, `select x.`+column+newest, email) }
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
func (s *site) withCookie(token string) *client {
	c := s.client()
	at, err := url.Parse(s.http.URL)
	if err != nil {
		s.t.Fatal(err)
	}
	c.http.Jar.SetCookies(at, []*http.Cookie{{Name: "oh_resident", Value: token, Path: "/"}})
	return c
}

// again is another browser with a copy of c's cookies, taken before the portal could change them.
func (s *site) again(c *client) *client {
	at, err := url.Parse(s.http.URL)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, cookie := range c.http.Jar.Cookies(at) {
		return s.withCookie(cookie.Value)
	}
	s.t.Fatal("the browser holds no cookie")
	return nil
}
