package web

import (
	"context"
	"log/slog"
	"net/http"
	"strings"

	"openhouse.example/packages/web/auth"
)

type principalKey struct{}

// PrincipalFrom returns the person behind a request, once Authenticate has
// verified the token; ok is false without one.
func PrincipalFrom(ctx context.Context) (p auth.Principal, ok bool) {
	p, ok = ctx.Value(principalKey{}).(auth.Principal)
	return p, ok
}

// WithPrincipal returns a context in which p is the person behind the request.
func WithPrincipal(ctx context.Context, p auth.Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// Authenticate reads the session token from Authorization: Bearer or from the
// session cookie. A good one makes a Principal; with a bad or missing one the
// request goes on without, and the route's guard says what that means. Neither
// way is the database asked.
func (a *App) Authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := a.token(r)
		if token == "" {
			next.ServeHTTP(w, r)
			return
		}
		p, err := a.Verifier.Verify(token)
		if err != nil {
			a.Log.LogAttrs(r.Context(), slog.LevelDebug, "token refused",
				slog.String("error", err.Error()), slog.String("request_id", requestOf(r).id))
			next.ServeHTTP(w, r)
			return
		}
		requestOf(r).tenantID = p.TenantID
		next.ServeHTTP(w, r.WithContext(WithPrincipal(r.Context(), p)))
	})
}

// token returns what was sent as a session. A program's header wins over a
// cookie; any other kind of Authorization is no session and no reason to look
// further.
func (a *App) token(r *http.Request) string {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, token, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return ""
		}
		return strings.TrimSpace(token)
	}
	c, err := r.Cookie(a.cookieName())
	if err != nil {
		return ""
	}
	return c.Value
}
