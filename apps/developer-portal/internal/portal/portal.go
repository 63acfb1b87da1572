// Package portal answers the developer portal's requests. A handler takes the verified person out of the request once,
// asks the store on that person's behalf, and shows the result as a page or as JSON; errors go back to packages/web.
//
// It refuses to know SQL, how a page looks and what stands in a file of homes.
package portal

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"
	"time"

	"openhouse.example/apps/developer-portal/internal/importing"
	"openhouse.example/apps/developer-portal/internal/pages"
	"openhouse.example/apps/developer-portal/internal/printing"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/platform/files"
	"openhouse.example/packages/web"
	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/idtoken"
)

// Portal holds what the handlers need. It is safe for concurrent use.
type Portal struct {
	app        *web.App
	store      *store.Store
	imports    *importing.Runner
	prints     *printing.Runner
	issuer     *auth.Issuer
	passwords  *platform.Passwords
	identities *idtoken.Verifier
	choiceKey  []byte // proves a choice of company
	resets     *resetSender
	residents  web.PublicURL
	files      files.Storage
	outbox     bool
	now        func() time.Time
}

// Options are what the portal is told about the installation.
type Options struct {
	Key        auth.Key            // signs sessions; the proof of a choice of company is made with a key derived from it
	Passwords  *platform.Passwords // of staff
	Residents  web.PublicURL       // the tenant portal: links in mails lead there
	Identities *idtoken.Verifier   // of companies' own identity providers; closed by whoever made it
	Files      files.Storage       // of documents
	Outbox     bool                // development only: show the mail that would have been sent
}

// New returns the portal's handlers; end them with Close. imports and prints are closed by whoever made them.
func New(app *web.App, s *store.Store, imports *importing.Runner, prints *printing.Runner, issuer *auth.Issuer, o Options) (*Portal, error) {
	choiceKey, err := hkdf.Key(sha256.New, o.Key.Private.Seed(), nil, "choice of company", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive the key for choices of company: %w", err)
	}
	return &Portal{
		app: app, store: s, imports: imports, prints: prints, issuer: issuer, passwords: o.Passwords,
		choiceKey: choiceKey, identities: o.Identities, resets: newResetSender(app, s), residents: o.Residents, files: o.Files, outbox: o.Outbox, now: time.Now,
	}, nil
}

// Close ends the work that goes on after answers, once it is done. It is called when the last request has been answered.
func (p *Portal) Close(ctx context.Context) error { return p.resets.later.Close(ctx) }

// staff is the one place where the verified person leaves the request.
func staff(r *http.Request) (store.Staff, error) {
	who, ok := web.PrincipalFrom(r.Context())
	if !ok {
		return store.Staff{}, web.Unauthorized()
	}
	return store.Staff{TenantID: who.TenantID, ID: who.Subject, SessionID: who.SessionID, Role: string(who.Role)}, nil
}

// frame is what stands around a page, with the message that the last action left behind.
func (p *Portal) frame(w http.ResponseWriter, r *http.Request, who store.Staff) (pages.Frame, error) {
	frame, err := p.store.Frame(r.Context(), who)
	if err != nil {
		return pages.Frame{}, err
	}
	return pages.Frame{Frame: frame, Flash: p.takeFlash(w, r), Outbox: p.outbox && !frame.Limited && onThisMachine(r)}, nil
}

// may asks the table of actions, for what the guard of a route can't decide.
func may(who store.Staff, a auth.Action) bool { return auth.Role(who.Role).May(a) }

// withheld tells programs what an answer leaves blank because the person may not see it, by the names of the actions;
// nil if nothing is.
func withheld(who store.Staff, actions ...auth.Action) []auth.Action {
	return slices.DeleteFunc(actions, func(a auth.Action) bool { return may(who, a) })
}

// Start leads to the first page: GET /.
func (p *Portal) Start(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, "/developments", http.StatusSeeOther)
	return nil
}
