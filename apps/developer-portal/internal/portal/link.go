package portal

import (
	"errors"
	"net/http"
	"time"

	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

// How often links can be sent to one home's buyer.
const (
	linksPerHome = 5
	linkSpan     = 15 * time.Minute
)

// SendLink mails the buyer a one-time sign-in link: POST /homes/{home}/link.
func (p *Portal) SendLink(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "home")
	if err != nil {
		return err
	}
	if _, err := readInput(r, nil); err != nil { // no fields but the idempotency key, which the intent needs
		return err
	}
	if _, err := p.store.Home(r.Context(), who, id); err != nil {
		return err
	}
	allowed, err := p.store.Hit(r.Context(), platform.Bucket("home-link", who.TenantID.String(), id.String()), linksPerHome, linkSpan)
	if err != nil {
		return err
	}
	if !allowed {
		return web.TooMany(linkSpan)
	}
	sent, err := p.store.SendLink(r.Context(), who, p.app.Intent(r), id, p.linkToHome(r))
	switch {
	case errors.Is(err, store.ErrNoAddress):
		return web.Conflict("no_address", text.M("home.link-needs-email"), err)
	case errors.Is(err, store.ErrMovedOut):
		return web.Conflict("moved_out", text.M("home.buyer-left"), err)
	case err != nil:
		return err
	case web.WantsJSON(r):
		return web.JSON(w, http.StatusAccepted, sent)
	}
	p.done(w, r, "/homes/"+id.String(), "link-sent")
	return nil
}
