// Package portal answers the tenant portal's requests. A handler takes the verified person out of the request once,
// asks the store on that person's behalf, and shows the result as a page or as JSON; errors go back to packages/web.
//
// It refuses to know SQL and how a page looks.
package portal

import (
	"context"
	"errors"
	"net/http"
	"time"

	"openhouse.example/apps/tenant-portal/internal/store"
	"openhouse.example/packages/platform/files"
	"openhouse.example/packages/web"
	"openhouse.example/packages/web/auth"
)

// Portal holds what the handlers need. It is safe for concurrent use.
type Portal struct {
	app    *web.App
	store  *store.Store
	issuer *auth.Issuer
	links  *linkSender
	scans  *web.Later[string] // of printed codes
	files  files.Storage
	now    func() time.Time
}

// New returns the portal's handlers. End it with Close, after the last request.
func New(app *web.App, s *store.Store, issuer *auth.Issuer, kept files.Storage) *Portal {
	p := &Portal{app: app, store: s, issuer: issuer, links: newLinkSender(app, s), files: kept, now: time.Now}
	p.scans = web.NewLater(1, p.countScan)
	return p
}

// Close waits until the links that people have asked for are written and the scans are counted, or ctx ends.
func (p *Portal) Close(ctx context.Context) error {
	return errors.Join(p.links.later.Close(ctx), p.scans.Close(ctx))
}

// resident is the one place where the verified person leaves the request.
func resident(r *http.Request) (store.Resident, error) {
	who, ok := web.PrincipalFrom(r.Context())
	if !ok {
		return store.Resident{}, web.Unauthorized()
	}
	return store.Resident{TenantID: who.TenantID, ID: who.Subject, UnitID: who.UnitID, SessionID: who.SessionID}, nil
}
