package portal

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"

	"openhouse.example/apps/tenant-portal/internal/pages"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

// CodeForm shows the form for a printed code.
func (p *Portal) CodeForm(w http.ResponseWriter, r *http.Request) error {
	return web.Render(w, r, http.StatusOK, pages.TypeCode(pages.CodeView{}))
}

// TypedCode sends whoever has typed a code to where the square on the card leads. It asks nobody whether there is such
// a code.
func (p *Portal) TypedCode(w http.ResponseWriter, r *http.Request) error {
	form, err := readInput(r, "code")
	if err != nil {
		return err
	}
	typed := form.Line("code", pages.MaxTyped)
	code, ok := platform.ParseInviteCode(typed)
	switch {
	case typed == "":
		form.Fail("code", text.M("onboarding.missing"))
	case !ok:
		form.Fail("code", text.M("onboarding.wrong"))
	}
	if err := form.Err(); err != nil {
		if web.WantsJSON(r) {
			return err
		}
		return web.Render(w, r, http.StatusUnprocessableEntity,
			pages.TypeCode(pages.CodeView{Code: typed, Errors: web.Complaints(r.Context(), err)}))
	}
	if web.WantsJSON(r) {
		return web.JSON(w, http.StatusOK, map[string]string{"code": code, "location": "/api/onboarding/" + code})
	}
	http.Redirect(w, r, "/onboarding/"+code, http.StatusSeeOther)
	return nil
}

// inviteAnswer is what a program is told about a printed code. Unless it is valid, only that.
type inviteAnswer struct {
	State       platform.InviteState `json:"state"`
	Company     string               `json:"company,omitempty"`
	Development string               `json:"development,omitempty"`
	Address     string               `json:"address,omitempty"`  // masked
	SignedIn    bool                 `json:"signedIn,omitempty"` // to this very home
}

// Invite shows which home a printed code belongs to, and the form to claim it.
func (p *Portal) Invite(w http.ResponseWriter, r *http.Request) error {
	code, ok := pathCode(r)
	if !ok {
		return deadCode(w, r, platform.InviteUnknown)
	}
	invite, err := p.invite(r, code)
	if err != nil {
		return err
	}
	if invite.State != platform.InviteUnknown {
		p.scans.Add(r.Context(), code) // if too many wait, this one isn't counted
	}
	if invite.State != platform.InviteValid {
		return deadCode(w, r, invite.State)
	}
	who, ok := web.PrincipalFrom(r.Context())
	own := ok && who.TenantID == invite.TenantID && who.UnitID == invite.UnitID
	if web.WantsJSON(r) {
		return web.JSON(w, http.StatusOK, inviteAnswer{
			State: invite.State, Company: invite.Company, Development: invite.Development, Address: invite.Address, SignedIn: own,
		})
	}
	view := claimView(code, invite)
	if own {
		return web.Render(w, r, http.StatusOK, pages.OwnHome(view))
	}
	return web.Render(w, r, http.StatusOK, pages.Claim(view))
}

func claimView(code string, invite platform.Invite) pages.ClaimView {
	return pages.ClaimView{Code: code, Company: invite.Company, Development: invite.Development, Address: invite.Address}
}

// pathCode is the code in the request's path, however it is written there.
func pathCode(r *http.Request) (code string, ok bool) {
	typed := chi.URLParam(r, "code")
	if r.URL.RawPath != "" { // the router has matched what stands on the wire
		plain, err := url.PathUnescape(typed)
		if err != nil {
			return "", false
		}
		typed = plain
	}
	return platform.ParseInviteCode(typed)
}

// invite looks a code up. Codes that don't exist are counted, and who comes with too many is not answered any more:
// neither no nor yes.
func (p *Portal) invite(r *http.Request, code string) (platform.Invite, error) {
	ctx, guesses := r.Context(), platform.Bucket("code-unknown", web.Network(web.ClientIP(r)))
	switch spent, err := p.store.Spent(ctx, guesses, limitUnknown); {
	case err != nil:
		return platform.Invite{}, limitsAway(err)
	case spent:
		return platform.Invite{}, web.TooMany(limitSpan)
	}
	invite, err := p.store.Invite(ctx, platform.HashToken(code))
	if err != nil {
		return platform.Invite{}, err
	}
	if invite.State == platform.InviteUnknown {
		if _, err := p.store.Hit(ctx, guesses, limitUnknown, limitSpan); err != nil {
			return platform.Invite{}, limitsAway(err)
		}
	}
	return invite, nil
}

// countScan runs after the answer: counting waits while codes are being replaced, and nobody else need.
func (p *Portal) countScan(ctx context.Context, code string) {
	if err := p.store.CountScan(ctx, platform.HashToken(code)); err != nil {
		p.app.Log.LogAttrs(ctx, slog.LevelWarn, "a scan was not counted", slog.String("error", err.Error()))
	}
}

// deadCode says what to do with a code that invites nowhere, and not where it once did.
func deadCode(w http.ResponseWriter, r *http.Request, state platform.InviteState) error {
	status := http.StatusNotFound
	if state == platform.InviteRevoked {
		status = http.StatusGone
	}
	if web.WantsJSON(r) {
		return web.JSON(w, status, inviteAnswer{State: state})
	}
	return web.Render(w, r, status, pages.DeadCode(string(state)))
}
