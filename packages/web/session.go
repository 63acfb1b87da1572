package web

import (
	"net/http"
	"time"

	"openhouse.example/packages/web/auth"
)

// SessionCookieName is the name of a portal's session cookie. With https it has
// the __Host- prefix, which no other host and no plain page can set; plain http
// on localhost can't have it.
func SessionCookieName(portal string, secure bool) string {
	name := "oh_staff"
	if portal == auth.PortalTenant {
		name = "oh_resident"
	}
	if secure {
		return "__Host-" + name
	}
	return name
}

func (a *App) cookieName() string {
	if a.CookieName != "" {
		return a.CookieName
	}
	return SessionCookieName(a.Portal, a.PublicURL.Secure())
}

// SetSession gives the browser a session token until expires.
func (a *App) SetSession(w http.ResponseWriter, token string, expires time.Time) {
	c := a.cookie(token)
	c.Expires = expires
	c.MaxAge = max(int(time.Until(expires).Seconds()), 1)
	http.SetCookie(w, c)
}

// ClearSession takes the session token from the browser. The session itself
// ends in the database.
func (a *App) ClearSession(w http.ResponseWriter) {
	c := a.cookie("")
	c.MaxAge = -1
	http.SetCookie(w, c)
}

// cookie has no Domain, so that it stays with this very host.
func (a *App) cookie(value string) *http.Cookie {
	return &http.Cookie{
		Name: a.cookieName(), Value: value, Path: "/",
		HttpOnly: true, Secure: a.PublicURL.Secure(), SameSite: http.SameSiteLaxMode,
	}
}

// sentCookie reports whether the session of a request came as a cookie.
func (a *App) sentCookie(r *http.Request) bool {
	_, err := r.Cookie(a.cookieName())
	return err == nil && r.Header.Get("Authorization") == ""
}
