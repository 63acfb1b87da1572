package webtest

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"openhouse.example/packages/web/auth"
)

// Actions checks that every guard asks the table of actions, and that every action
// of the portal guards a route, but for those in data, which decide what a page or
// an answer shows.
func Actions(t *testing.T, routes []Route, portal string, data ...auth.Action) {
	t.Helper()
	asked := map[auth.Action]bool{}
	for _, route := range routes {
		if route.Roles != nil && route.Action == "" {
			t.Errorf("%s %s lists roles; use App.Allow with an action of package auth", route.Method, route.Pattern)
		}
		asked[route.Action] = true
	}
	for _, p := range auth.Permissions() {
		if p.Roles[0].Portal() == portal && asked[p.Action] == slices.Contains(data, p.Action) {
			t.Errorf("%s: guards a route: %v, is about data only: %v", p.Action, asked[p.Action], slices.Contains(data, p.Action))
		}
	}
}

// Guards calls every guarded route of handler without a token, with a made-up
// one and with the other portal's, which all must be 401, and with each role that
// the guard doesn't admit, which must be 403. It fails the test if no route is
// guarded.
func Guards(t *testing.T, handler http.Handler, routes []Route, portal *Portal) {
	t.Helper()
	other := auth.PortalTenant
	if portal.Name == auth.PortalTenant {
		other = auth.PortalDeveloper
	}
	foreign := NewPortal(t, other, "https://other.example.org").Token(t, auth.Roles(other)[0])
	checked := 0
	for _, route := range routes {
		if route.Roles == nil {
			continue
		}
		checked++
		t.Run(route.Method+" "+route.Pattern, func(t *testing.T) {
			expect := func(name, token string, want int) {
				if got := call(handler, route, token); got != want {
					t.Errorf("with %s: status %d, want %d", name, got, want)
				}
			}
			expect("no token", "", http.StatusUnauthorized)
			expect("a made-up token", "abc.def.ghi", http.StatusUnauthorized)
			expect("the other portal's token", foreign, http.StatusUnauthorized)
			for _, role := range auth.Roles(portal.Name) {
				if !slices.Contains(route.Roles, role) {
					expect("role "+string(role), portal.Token(t, role), http.StatusForbidden)
				}
			}
		})
	}
	if checked == 0 {
		t.Error("no route has a guard")
	}
}

func call(handler http.Handler, route Route, token string) int {
	method := route.Method
	if method == "ANY" {
		method = http.MethodGet
	}
	r := httptest.NewRequest(method, Path(route.Pattern), nil)
	r.Header.Set("Accept", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w.Code
}

var parameter = regexp.MustCompile(`\{[^/]*\}`)

// Path makes an address of a pattern: every parameter is an id that never
// existed.
func Path(pattern string) string {
	path := parameter.ReplaceAllStringFunc(pattern, func(string) string { return uuid.NewString() })
	return strings.ReplaceAll(path, "*", "x")
}
