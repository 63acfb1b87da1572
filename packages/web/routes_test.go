package web_test

import (
	"net/http"
	"testing"

	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/webtest"
)

// mounted is a small portal, as an app's routes.go would mount it.
func mounted(t *testing.T) *stand {
	t.Helper()
	s := newStand(t)
	all := s.app.RequireRole(auth.RoleViewer, auth.RoleDeveloper, auth.RoleAdmin)
	s.router.With(all).Get("/developments/{id}", s.app.Handle(ok))
	s.router.With(s.app.RequireRole(auth.RoleAdmin)).Post("/developments/{id:[0-9a-f-]+}/archive", s.app.Handle(ok))
	s.router.Post("/sign-in", s.app.Handle(ok))
	s.router.Handle("/static/*", s.app.Handle(ok))
	s.router.With(s.app.RequireRole(auth.RoleDeveloper), s.app.Upload(25<<20, 0)).Post("/imports", s.app.Handle(ok))
	return s
}

func TestRoutesGolden(t *testing.T) {
	t.Parallel()
	webtest.Golden(t, "testdata/routes.golden", webtest.Text(webtest.Routes(t, mounted(t).router)))
}

func TestGuards(t *testing.T) {
	t.Parallel()
	s := mounted(t)
	webtest.Guards(t, s.router, webtest.Routes(t, s.router), s.portal)
}

// TestGuardedRoutesLetTheRightRoleIn is the other half of what Guards checks.
func TestGuardedRoutesLetTheRightRoleIn(t *testing.T) {
	t.Parallel()
	s := mounted(t)
	for _, route := range webtest.Routes(t, s.router) {
		for _, role := range route.Roles {
			r := request(route.Method, webtest.Path(route.Pattern), "", "Authorization", "Bearer "+s.portal.Token(t, role))
			if w := s.do(r); w.Code != http.StatusOK {
				t.Errorf("%s %s as %s: %d", route.Method, route.Pattern, role, w.Code)
			}
		}
	}
}
