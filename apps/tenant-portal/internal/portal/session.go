package portal

import (
	"log/slog"
	"net/http"
	"time"

	"openhouse.example/packages/web"
)

// A resident stays signed in for a day after the last visit, for at most 30 days in all. The session is moved on at
// most once an hour.
const (
	sessionLife  = 24 * time.Hour
	sessionMost  = 30 * 24 * time.Hour
	sessionStale = sessionLife - time.Hour
)

// KeepSession moves the session of a person who uses it on, and gives the browser the newer token. What fails here
// fails quietly: the old token is good for hours, and the next visit tries again. A program's token is left alone.
func (p *Portal) KeepSession(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, ok := web.PrincipalFrom(r.Context())
		if ok && r.Header.Get("Authorization") == "" && who.Expires.Sub(p.now()) < sessionStale {
			if err := p.extend(w, r); err != nil {
				p.app.Log.LogAttrs(r.Context(), slog.LevelDebug, "session not extended", slog.String("error", err.Error()))
			}
		}
		next.ServeHTTP(w, r)
	})
}

func (p *Portal) extend(w http.ResponseWriter, r *http.Request) error {
	who, err := resident(r)
	if err != nil {
		return err
	}
	in := p.app.Intent(r)
	in.Key = "" // to do it twice is harmless
	expires, err := p.store.ExtendSession(r.Context(), who, in, sessionLife, sessionMost)
	if err != nil {
		return err
	}
	if latest := p.now().Add(sessionLife); expires.After(latest) { // the database's clock is ahead of ours
		expires = latest
	}
	principal, _ := web.PrincipalFrom(r.Context())
	principal.Expires = expires
	token, err := p.issuer.Issue(principal)
	if err != nil {
		return err
	}
	p.app.SetSession(w, token, expires)
	return nil
}

// SignOut ends the session in the database and takes the cookie away.
func (p *Portal) SignOut(w http.ResponseWriter, r *http.Request) error {
	who, err := resident(r)
	if err != nil {
		return err
	}
	in := p.app.Intent(r)
	in.Key = ""
	if err := p.store.EndSession(r.Context(), who, in); err != nil {
		return err
	}
	p.app.ClearSession(w)
	if web.WantsJSON(r) {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	http.Redirect(w, r, p.app.SignInPath, http.StatusSeeOther)
	return nil
}
