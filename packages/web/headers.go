package web

import (
	"net/http"

	"github.com/go-chi/chi/v5/middleware"
)

// policy lets a page load its own files and nothing else: no inline script or
// style, no frame around it, no form that posts elsewhere.
const policy = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"

// secureHeaders sets what holds for every answer. A handler may replace a field.
//
// Referrer-Policy is same-origin, not no-referrer: under no-referrer browsers
// send "Origin: null" with our own forms, and where they also leave out
// Sec-Fetch-Site (plain http in a home network, older phones) sameOrigin would
// have to refuse them. Other sites learn nothing either way.
func (a *App) secureHeaders(next http.Handler) http.Handler {
	secure := a.PublicURL.Secure()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if secure { // over plain http browsers ignore both, the first with a warning
			h.Set("Cross-Origin-Opener-Policy", "same-origin")
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// sameOrigin refuses state changes that another site's page asks a browser for.
// Requests of programs, which send neither Origin nor Sec-Fetch-Site, pass: they
// carry no cookie that somebody else put there.
func (a *App) sameOrigin(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	if a.PublicURL != "" {
		// A proxy may rewrite Host; the public address is ours whatever it says.
		if err := protection.AddTrustedOrigin(a.PublicURL.Origin()); err != nil {
			panic("web: PublicURL: " + err.Error())
		}
	}
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.fail(w, r, errCrossOrigin)
	}))
	return protection.Handler(next)
}

func getForHead(next http.Handler) http.Handler { return middleware.GetHead(next) }
