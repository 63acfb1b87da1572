package web

import "net/http"

// Base returns the middleware that every request goes through, outermost first.
// It is mounted once, on the portal's top router.
func (a *App) Base() []func(http.Handler) http.Handler {
	return []func(http.Handler) http.Handler{
		a.observe,       // request id, client address, access log
		language,        // of every answer from here on, refusals included
		a.recoverPanics, //
		a.secureHeaders, //
		a.limitInFlight, // from here on a request may be refused
		a.sameOrigin,    //
		a.limitBody,     //
		a.limitTime,     //
		getForHead,      // HEAD is answered wherever GET is
	}
}
