package portal

import (
	"errors"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"openhouse.example/apps/tenant-portal/internal/pages"
	"openhouse.example/apps/tenant-portal/internal/store"
	"openhouse.example/packages/db"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/web"
	"openhouse.example/packages/web/auth"
)

// linkAnswer is what a program is told about a link.
type linkAnswer struct {
	State       store.LinkState `json:"state"`
	Company     string          `json:"company,omitempty"`
	Development string          `json:"development,omitempty"`
}

// Link shows whose link it is and a button. It changes nothing, however often it is called: mail scanners and
// previews open every link in a mail.
func (p *Portal) Link(w http.ResponseWriter, r *http.Request) error {
	token := chi.URLParam(r, "token")
	link, err := p.store.PeekLink(r.Context(), platform.HashToken(token))
	if err != nil {
		return err
	}
	if link.State != store.LinkValid {
		return deadLink(w, r, link)
	}
	if web.WantsJSON(r) {
		return web.JSON(w, http.StatusOK, linkAnswer(link))
	}
	return web.Render(w, r, http.StatusOK, pages.Link(pages.LinkView{
		Company: link.Company, Development: link.Development, Token: token,
	}))
}

// EnterByLink consumes the link and opens the session: once, whoever else tries.
func (p *Portal) EnterByLink(w http.ResponseWriter, r *http.Request) error {
	hash := platform.HashToken(chi.URLParam(r, "token"))
	expires := p.now().Add(sessionLife)
	who, err := p.store.Enter(r.Context(), hash, uuid.New(), expires, p.app.Intent(r))
	if errors.Is(err, db.ErrNotFound) {
		link, err := p.store.PeekLink(r.Context(), hash)
		if err != nil {
			return err
		}
		if link.State == store.LinkValid { // the company changed the address in this very moment
			link.State = store.LinkUnknown
		}
		return deadLink(w, r, link)
	}
	if err != nil {
		return err
	}
	session, err := p.issuer.Issue(auth.Principal{
		Role: auth.RoleResident, Subject: who.ID, TenantID: who.TenantID, SessionID: who.SessionID,
		DevelopmentID: who.DevelopmentID, UnitID: who.UnitID, Expires: expires,
	})
	if err != nil {
		return err
	}
	if web.WantsJSON(r) { // a program keeps the token itself and sends it as Authorization: Bearer
		return web.JSON(w, http.StatusOK, map[string]string{"token": session, "expiresAt": expires.UTC().Format(time.RFC3339)})
	}
	p.app.SetSession(w, session, expires)
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

// deadLink says what became of the link and how to get another. Names are left out: the link proves nothing now.
func deadLink(w http.ResponseWriter, r *http.Request, link store.Link) error {
	status := http.StatusGone
	if link.State == store.LinkUnknown {
		status = http.StatusNotFound
	}
	if web.WantsJSON(r) {
		return web.JSON(w, status, linkAnswer{State: link.State})
	}
	_, signedIn := web.PrincipalFrom(r.Context())
	return web.Render(w, r, status, pages.DeadLink(string(link.State), signedIn))
}
