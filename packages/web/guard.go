package web

import (
	"fmt"
	"net/http"
	"slices"

	"openhouse.example/packages/web/auth"
)

// Guarded is a handler that admits some roles only. Package webtest finds the
// guard of every route through it.
type Guarded interface {
	http.Handler
	GuardRoles() []auth.Role
	GuardAction() auth.Action // "" for a guard made by RequireRole itself
}

// Allow returns the guard of a route that is for those who may do something, as the
// table of actions in package auth has it. It panics on an action of another portal
// and on an unknown one.
func (a *App) Allow(action auth.Action) func(http.Handler) http.Handler {
	roles := auth.Admitted(action)
	if roles == nil {
		panic(fmt.Sprintf("web: the table of actions in package auth has no %q", action))
	}
	require := a.RequireRole(roles...)
	return func(next http.Handler) http.Handler {
		g := require(next).(*guard)
		g.action = action
		return g
	}
}

// RequireRole is below Allow, which routes use. It returns the guard of a route: no session is 401 (a page is sent to
// sign in), any other role 403. It panics on no role and on one of another
// portal, so that a wrong route is found at start.
func (a *App) RequireRole(roles ...auth.Role) func(http.Handler) http.Handler {
	if len(roles) == 0 {
		panic("web: RequireRole needs at least one role")
	}
	for _, role := range roles {
		if role.Portal() != a.Portal {
			panic(fmt.Sprintf("web: role %q does not belong to the %s", role, a.Portal))
		}
	}
	return func(next http.Handler) http.Handler {
		return &guard{app: a, roles: slices.Clone(roles), next: next}
	}
}

type guard struct {
	app    *App
	action auth.Action
	roles  []auth.Role
	next   http.Handler
}

func (g *guard) GuardRoles() []auth.Role { return g.roles }

func (g *guard) GuardAction() auth.Action { return g.action }

func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p, ok := PrincipalFrom(r.Context())
	switch {
	case !ok:
		g.app.fail(w, r, Unauthorized())
	case !slices.Contains(g.roles, p.Role):
		g.app.fail(w, r, Forbidden())
	default:
		g.next.ServeHTTP(w, r)
	}
}
