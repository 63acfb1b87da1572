package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"openhouse.example/packages/web"
	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/webtest"
)

func guarded(t *testing.T) *stand {
	t.Helper()
	s := newStand(t)
	s.router.With(s.app.RequireRole(auth.RoleDeveloper, auth.RoleAdmin)).Get("/homes", s.app.Handle(
		func(w http.ResponseWriter, r *http.Request) error {
			p, found := web.PrincipalFrom(r.Context())
			if !found {
				t.Error("behind a guard there is no principal")
			}
			return web.JSON(w, http.StatusOK, p.Subject)
		}))
	return s
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	s := guarded(t)
	token := s.portal.Token(t, auth.RoleDeveloper)
	stranger := webtest.NewPortal(t, auth.PortalDeveloper, publicURL).Token(t, auth.RoleAdmin)
	resident := webtest.NewPortal(t, auth.PortalTenant, publicURL).Token(t, auth.RoleResident)
	const cookie = "__Host-oh_staff="
	for name, c := range map[string]struct {
		headers []string
		want    int
	}{
		"cookie":                      {[]string{"Cookie", cookie + token}, 200},
		"bearer":                      {[]string{"Authorization", "Bearer " + token}, 200},
		"bearer in small letters":     {[]string{"Authorization", "bearer " + token}, 200},
		"nothing":                     {nil, 401},
		"the plain cookie name":       {[]string{"Cookie", "oh_staff=" + token}, 401},
		"the residents' cookie":       {[]string{"Cookie", "__Host-oh_resident=" + token}, 401},
		"basic":                       {[]string{"Authorization", "Basic " + token}, 401},
		"bearer without a token":      {[]string{"Authorization", "Bearer"}, 401},
		"another scheme and a cookie": {[]string{"Authorization", "Basic eDp5", "Cookie", cookie + token}, 401},
		"another key":                 {[]string{"Authorization", "Bearer " + stranger}, 401},
		"the other portal":            {[]string{"Cookie", cookie + resident}, 401},
		"huge":                        {[]string{"Authorization", "Bearer " + strings.Repeat("a", 9000)}, 401},
		"too low a role":              {[]string{"Authorization", "Bearer " + s.portal.Token(t, auth.RoleViewer)}, 403},
	} {
		if w := s.do(get("/homes", append(c.headers, "Accept", "application/json")...)); w.Code != c.want {
			t.Errorf("%s: status %d, want %d: %s", name, w.Code, c.want, w.Body)
		}
	}
	if s.db.asked != 0 {
		t.Errorf("the database was asked %d times", s.db.asked)
	}
}

func TestUnauthorizedAnswers(t *testing.T) {
	t.Parallel()
	s := guarded(t)
	s.router.With(s.app.RequireRole(auth.RoleAdmin)).Post("/homes", s.app.Handle(ok))
	s.router.With(s.app.RequireRole(auth.RoleAdmin)).Get("/", s.app.Handle(ok))
	s.router.With(s.app.RequireRole(auth.RoleAdmin)).Get("/sign-in", s.app.Handle(ok))
	s.router.With(s.app.RequireRole(auth.RoleAdmin)).Get("/api/homes", s.app.Handle(ok))
	for name, c := range map[string]struct {
		r        *http.Request
		want     int
		location string
	}{
		"page":                    {get("/homes?q=14&page=2"), 303, "/sign-in?next=%2Fhomes%3Fq%3D14%26page%3D2"},
		"first page":              {get("/"), 303, "/sign-in"},
		"form":                    {request(http.MethodPost, "/homes", ""), 303, "/sign-in"},
		"the sign-in page itself": {get("/sign-in"), 401, ""},
		"program":                 {get("/homes", "Accept", "application/json"), 401, ""},
		"under /api/":             {get("/api/homes", "Accept", "text/html"), 401, ""},
		"too long an address":     {get("/homes?q=" + strings.Repeat("a", 3000)), 303, "/sign-in"},
	} {
		w := s.do(c.r)
		if w.Code != c.want || w.Header().Get("Location") != c.location {
			t.Errorf("%s: %d to %q, want %d to %q", name, w.Code, w.Header().Get("Location"), c.want, c.location)
		}
		isProgram := web.WantsJSON(c.r)
		if (w.Header().Get("WWW-Authenticate") != "") != isProgram {
			t.Errorf("%s: WWW-Authenticate = %q", name, w.Header().Get("WWW-Authenticate"))
		}
	}
}

// TestUselessCookieIsTaken: else the sign-in page and a page that sends there
// could play ball with a browser.
func TestUselessCookieIsTaken(t *testing.T) {
	t.Parallel()
	s := guarded(t)
	w := s.do(get("/homes", "Cookie", "__Host-oh_staff=old"))
	if got := w.Header().Get("Set-Cookie"); !strings.HasPrefix(got, "__Host-oh_staff=;") || !strings.Contains(got, "Max-Age=0") {
		t.Errorf("Set-Cookie = %q, want the cookie cleared", got)
	}
	w = s.do(get("/homes", "Authorization", "Bearer old", "Cookie", "__Host-oh_staff=old"))
	if got := w.Header().Get("Set-Cookie"); got != "" {
		t.Errorf("a program's bad token cleared the cookie: %q", got)
	}
}

func TestRequireRoleRefusesAtStart(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	for name, roles := range map[string][]auth.Role{
		"none": nil, "unknown": {"operator"}, "another portal's": {auth.RoleAdmin, auth.RoleResident},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: RequireRole didn't panic", name)
				}
			}()
			s.app.RequireRole(roles...)
		}()
	}
}

func TestSessionCookie(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		portal, address, name string
		secure                bool
	}{
		{auth.PortalDeveloper, "https://staff.example.org", "__Host-oh_staff", true},
		{auth.PortalTenant, "https://home.example.org", "__Host-oh_resident", true},
		{auth.PortalDeveloper, "http://localhost:3001", "oh_staff", false},
		{auth.PortalTenant, "", "oh_resident", false},
	} {
		app := &web.App{Portal: c.portal, PublicURL: web.PublicURL(c.address)}
		w := &recorder{header: http.Header{}}
		app.SetSession(w, "token", time.Now().Add(8*time.Hour))
		got, err := http.ParseSetCookie(w.header.Get("Set-Cookie"))
		if err != nil {
			t.Fatal(err)
		}
		if got.Name != c.name || got.Value != "token" || got.Secure != c.secure || !got.HttpOnly ||
			got.SameSite != http.SameSiteLaxMode || got.Path != "/" || got.Domain != "" || got.MaxAge < 28790 || got.MaxAge > 28800 {
			t.Errorf("%s at %q: %v", c.portal, c.address, got)
		}
	}
	named := &web.App{Portal: auth.PortalTenant, CookieName: "oh_preview"}
	w := &recorder{header: http.Header{}}
	named.ClearSession(w)
	if got, err := http.ParseSetCookie(w.header.Get("Set-Cookie")); err != nil || got.Name != "oh_preview" || got.MaxAge != -1 || got.Value != "" {
		t.Errorf("ClearSession: %v, %v", got, err)
	}
}

func TestSafeNext(t *testing.T) {
	t.Parallel()
	for next, good := range map[string]bool{
		"/":                             true,
		"/developments?page=2&q=a%20b":  true,
		"/developments#homes":           true,
		"/a//b":                         true,
		"":                              false,
		"developments":                  false,
		"//evil.example.net":            false,
		"///evil.example.net":           false,
		"/\\evil.example.net":           false,
		"\\\\evil.example.net":          false,
		"/\t/evil.example.net":          false,
		"/\n/evil.example.net":          false,
		"https://evil.example.net/":     false,
		"javascript:alert(1)":           false,
		" /developments":                false,
		"/%zz":                          false,
		"/" + strings.Repeat("a", 2000): false,
	} {
		got := web.SafeNext(next, "/fallback")
		if (got == next) != good || !good && got != "/fallback" {
			t.Errorf("SafeNext(%q) = %q, good: %v", next, got, good)
		}
	}
}
