package portal

import (
	"errors"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"openhouse.example/apps/developer-portal/internal/pages"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/db"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/ui/mail"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

// How often links can be asked for, and passwords be set. An office is one address for many people; what keeps a mailbox
// from being flooded is the limit on the account.
const (
	resetSpan         = 15 * time.Minute
	resetsByAddress   = 100
	resetsByAccount   = 5
	settingsByAddress = 100
)

// passwordPath is where a one-time link leads.
func passwordPath(secret string) string { return "/password/" + secret }

// ForgotPassword shows the form that asks for a link: GET /forgot-password.
func (p *Portal) ForgotPassword(w http.ResponseWriter, r *http.Request) error {
	return web.Render(w, r, http.StatusOK, pages.ForgotPassword(pages.ForgotView{}))
}

// SendReset takes an address and gives the same answer, in the same time, whether or not it has an account: what depends
// on that happens after the answer. POST /forgot-password.
func (p *Portal) SendReset(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	form, err := readInput(r, nil, "email")
	if err != nil {
		return err
	}
	in := input{form}
	email := in.email("email")
	in.Require("email")
	if err := in.Err(); err != nil {
		if web.WantsJSON(r) {
			return err
		}
		return web.Render(w, r, http.StatusUnprocessableEntity, pages.ForgotPassword(pages.ForgotView{
			Email: r.PostForm.Get("email"), Errors: web.Complaints(ctx, err),
		}))
	}
	if err := p.hitFrom(r, "reset-from", resetsByAddress, resetSpan); err != nil {
		return err
	}
	wanted, err := p.store.Hit(ctx, platform.Bucket("reset-for", email), resetsByAccount, resetSpan)
	if err != nil {
		return err
	}
	if wanted && !p.resets.later.Add(ctx, resetWish{p.app.Intent(r), email}) {
		return errResetsBusy
	}
	if web.WantsJSON(r) {
		return web.JSON(w, http.StatusAccepted, map[string]string{"message": text.T(ctx, "forgot.sent-lead")})
	}
	return web.Render(w, r, http.StatusOK, pages.ResetOnItsWay())
}

// hitFrom counts an attempt of the client's network, which has most of its kind in a span.
func (p *Portal) hitFrom(r *http.Request, kind string, most int, span time.Duration) error {
	allowed, err := p.store.Hit(r.Context(), platform.Bucket(kind, web.Network(web.ClientIP(r))), most, span)
	if err == nil && !allowed {
		err = web.TooMany(span)
	}
	return err
}

// linkAnswer is what a program is told about a link.
type linkAnswer struct {
	State      string     `json:"state"`
	Invitation bool       `json:"invitation,omitempty"`
	Company    string     `json:"company,omitempty"`
	Email      string     `json:"email,omitempty"`
	ExpiresAt  *time.Time `json:"expiresAt,omitempty"`
}

// ShowPasswordLink shows whose link it is and a form: GET /password/{token}. It changes nothing, however often it is
// called: mail scanners and previews open every link in a mail.
func (p *Portal) ShowPasswordLink(w http.ResponseWriter, r *http.Request) error {
	token := chi.URLParam(r, "token")
	link, err := p.store.PeekLink(r.Context(), platform.HashToken(token))
	if err != nil {
		return err
	}
	if link.State != store.LinkValid {
		return deadLink(w, r, link.State)
	}
	if web.WantsJSON(r) {
		return web.JSON(w, http.StatusOK, linkAnswer{link.State, link.Invitation, link.Company, link.Email, &link.Expires})
	}
	return web.Render(w, r, http.StatusOK, pages.ChoosePassword(pages.PasswordView{PasswordLink: link, Token: token}))
}

// SetPassword consumes the link and sets the password that was chosen: POST /password/{token}. Nobody is signed in by
// it; every session that the account had is ended.
func (p *Portal) SetPassword(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	form, err := readInput(r, nil, "password", "repeat")
	if err != nil {
		return err
	}
	if err := p.hitFrom(r, "password-from", settingsByAddress, resetSpan); err != nil {
		return err
	}
	token := chi.URLParam(r, "token")
	hash := platform.HashToken(token)
	link, err := p.store.PeekLink(ctx, hash)
	if err != nil {
		return err
	}
	if link.State != store.LinkValid { // before any work on the password, which is costly
		return deadLink(w, r, link.State)
	}
	in := input{form}
	password := r.PostForm.Get("password")
	in.newPassword("password", password, link.Email, link.Company)
	if _, asked := r.PostForm["repeat"]; (asked || !web.WantsJSON(r)) && r.PostForm.Get("repeat") != password {
		in.Fail("repeat", text.M("password.differs"))
	}
	if err := in.Err(); err != nil {
		if web.WantsJSON(r) {
			return err
		}
		return web.Render(w, r, http.StatusUnprocessableEntity, pages.ChoosePassword(pages.PasswordView{
			PasswordLink: link, Token: token, Errors: web.Complaints(ctx, err),
		}))
	}
	stored, err := p.passwords.Hash(ctx, password)
	if err != nil {
		return err
	}
	var told store.LinkMailText
	told.Subject, told.Body = mail.PasswordChanged{
		Company: link.Company, Email: link.Email, Address: p.app.PublicURL.Join("/forgot-password"), At: p.now(),
	}.Text(ctx)
	err = p.store.UseLink(ctx, p.app.Intent(r), hash, stored, told)
	if errors.Is(err, db.ErrNotFound) { // somebody was faster
		if link, err = p.store.PeekLink(ctx, hash); err != nil {
			return err
		}
		if link.State == store.LinkValid { // the account was disabled in this very moment
			link.State = store.LinkUnknown
		}
		return deadLink(w, r, link.State)
	}
	if err != nil {
		return err
	}
	if web.WantsJSON(r) {
		return web.JSON(w, http.StatusOK, linkAnswer{State: store.LinkUsed, Company: link.Company, Email: link.Email})
	}
	p.app.ClearSession(w) // whoever was signed in here signs in again
	p.done(w, r, p.app.SignInPath, "password-set")
	return nil
}

// deadLink says what became of the link and how to get another. Names are left out: the link proves nothing now.
func deadLink(w http.ResponseWriter, r *http.Request, state string) error {
	status := http.StatusGone
	if state == store.LinkUnknown {
		status = http.StatusNotFound
	}
	if web.WantsJSON(r) {
		return web.JSON(w, status, linkAnswer{State: state})
	}
	return web.Render(w, r, status, pages.DeadPasswordLink(state))
}
