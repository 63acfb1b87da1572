package webtest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"openhouse.example/packages/web"
	"openhouse.example/packages/web/auth"
)

// Route is one route as it was mounted.
type Route struct {
	Method  string // "ANY" for a handler of every method
	Pattern string
	Roles   []auth.Role // nil = no guard
	Action  auth.Action // that the guard asks for; "" = no guard, or roles only
}

// Guard is the route's guard as it stands in the golden file.
func (r Route) Guard() string {
	if r.Roles == nil {
		return "public"
	}
	names := make([]string, len(r.Roles))
	for i, role := range r.Roles {
		names[i] = string(role)
	}
	return strings.Join(names, ",")
}

// Routes lists every route of a router, by pattern and method. It fails the test
// for a route with two guards.
func Routes(t testing.TB, router chi.Routes) []Route {
	t.Helper()
	var routes []Route
	err := chi.Walk(router, func(method, pattern string, _ http.Handler, mws ...func(http.Handler) http.Handler) error {
		route := Route{Method: method, Pattern: pattern}
		for _, mw := range mws {
			guard, ok := mw(http.NotFoundHandler()).(web.Guarded)
			if !ok {
				continue
			}
			if route.Roles != nil {
				t.Errorf("%s %s has two guards; mount one", method, pattern)
			}
			route.Roles, route.Action = guard.GuardRoles(), guard.GuardAction()
		}
		routes = append(routes, route)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	routes = foldMethods(routes)
	slices.SortFunc(routes, func(a, b Route) int {
		return cmp.Or(cmp.Compare(a.Pattern, b.Pattern), cmp.Compare(a.Method, b.Method))
	})
	return routes
}

// foldMethods makes one route of the many that chi shows for a handler of every
// method. TRACE gives it away: nobody mounts that one alone.
func foldMethods(routes []Route) []Route {
	every := map[string]bool{}
	for _, r := range routes {
		if r.Method == http.MethodTrace {
			every[r.Pattern] = true
		}
	}
	var folded []Route
	for _, r := range routes {
		if every[r.Pattern] {
			if r.Method != http.MethodTrace {
				continue
			}
			r.Method = "ANY"
		}
		folded = append(folded, r)
	}
	return folded
}

// Text writes routes as a golden file has them: method, pattern, guard.
func Text(routes []Route) string {
	var b strings.Builder
	for _, r := range routes {
		fmt.Fprintf(&b, "%-6s %s  %s\n", r.Method, r.Pattern, r.Guard())
	}
	return b.String()
}
