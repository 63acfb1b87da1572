// Package portal answers the tenant portal's requests. A handler takes the verified person out of the request once,
// asks the store on that person's behalf, and shows the result as a page or as JSON; errors go back to packages/web.
//
// It refuses to know SQL and how a page looks.
package portal

import (
	"context"
	"net/http"
	"time"

	"openhouse.example/apps/tenant-portal/internal/store"
	"openhouse.example/packages/web"
	"openhouse.example/packages/web/auth"
)

// Portal holds what the handlers need. It is safe for concurrent use.
type Portal struct {
	app    *web.App
	store  *store.Store
	issuer *auth.Issuer
	links  *linkSender
	now    func() time.Time
}

// New returns the portal's handlers. End it with Close, after the last request.
func New(app *web.App, s *store.Store, issuer *auth.Issuer) *Portal {
	return &Portal{app: app, store: s, issuer: issuer, links: newLinkSender(app, s), now: time.Now}
}

// Close waits until the links that people have asked for are written, or ctx ends.
func (p *Portal) Close(ctx context.Context) error { return p.links.later.Close(ctx) }

// resident is the one place where the verified person leaves the request.
func resident(r *http.Request) (store.Resident, error) {
	who, ok := web.PrincipalFrom(r.Context())
	if !ok {
		return store.Resident{}, web.Unauthorized()
	}
	return store.Resident{TenantID: who.TenantID, ID: who.Subject, UnitID: who.UnitID, SessionID: who.SessionID}, nil
}
