package web

import (
	"net/http"

	"github.com/go-chi/chi/v5/middleware"
)

// policy lets a page load its own files and nothing else: no inline script or
// style, no frame around it, no form that posts elsewhere.
const policy = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"

// SecurityHeaders is what holds for every answer of a portal; secure says that it is reached through TLS. A handler may
// replace a field with a stricter one.
//
// Referrer-Policy is same-origin, not no-referrer: under no-referrer browsers
// send "Origin: null" with our own forms, and where they also leave out
// Sec-Fetch-Site (plain http in a home network, older phones) sameOrigin would
// have to refuse them. Other sites learn nothing either way.
func SecurityHeaders(secure bool) map[string]string {
	fields := map[string]string{
		"Content-Security-Policy":      policy,
		"X-Content-Type-Options":       "nosniff",
		"Referrer-Policy":              "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
	}
	if secure { // over plain http browsers ignore both, the first with a warning
		fields["Cross-Origin-Opener-Policy"] = "same-origin"
		fields["Strict-Transport-Security"] = "max-age=31536000"
	}
	return fields
}

// secureHeaders sets SecurityHeaders.
func (a *App) secureHeaders(next http.Handler) http.Handler {
	fields := SecurityHeaders(a.PublicURL.Secure())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range fields {
			w.Header().Set(name, value)
		}
		next.ServeHTTP(w, r)
	})
}

// Secret is for pages with a secret in their address: they stand in no cache and no search engine. That they load nothing
// from elsewhere, which would learn the address as its referrer, is the policy of all pages; that our own log has the
// route's pattern only, too.
func Secret(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Robots-Tag", "noindex")
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
