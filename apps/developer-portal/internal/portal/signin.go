package portal

import (
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/pages"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
	"openhouse.example/packages/web/auth"
)

const (
	sessionLife = 8 * time.Hour // a working day
	// How often passwords can be tried. An office is one address for many people; what keeps an account from being
	// guessed at is the limit on the account.
	tryAgainAfter  = 15 * time.Minute
	triesByAddress = 100
	triesByAccount = 20
)

// hashesOfATry is how many hashes answer a try, whether the address has no account or as many as there can be: if there
// were one for each account, time would tell who works for several companies, and which addresses are known at all. All
// hashes of the most accounts are made, and not a floor of time waited for instead, since under load hashes overtake any
// floor, just for those who are to be hidden. It costs some 0.2 s of one core where 0.04 s would do for most, once per
// person and working day, and for guessers as often as the limits above allow.
const hashesOfATry = store.MostAccounts

// SignInForm shows the form: GET /sign-in.
func (p *Portal) SignInForm(w http.ResponseWriter, r *http.Request) error {
	return web.Render(w, r, http.StatusOK, pages.SignIn(pages.SignInView{
		Next: web.SafeNext(r.URL.Query().Get("next"), ""), Flash: p.takeFlash(w, r),
	}))
}

// SignIn checks address and password, or the choice between several companies, and opens a session: POST /sign-in.
func (p *Portal) SignIn(w http.ResponseWriter, r *http.Request) error {
	form, err := readInput(r, nil, "email", "password", "choice", "company", "next")
	if err != nil {
		return err
	}
	in := input{form}
	next := web.SafeNext(r.PostForm.Get("next"), "/developments")
	if in.Has("choice") {
		return p.chosen(w, r, in, next)
	}
	email, password := in.email("email"), r.PostForm.Get("password")
	in.Require("email", "password")
	if err := in.Err(); err != nil {
		if web.WantsJSON(r) {
			return err
		}
		return web.Render(w, r, http.StatusUnprocessableEntity, pages.SignIn(pages.SignInView{
			Email: r.PostForm.Get("email"), Next: next, Errors: web.Complaints(r.Context(), err),
		}))
	}
	accounts, err := p.accounts(r, email, password)
	if err != nil {
		return err
	}
	switch len(accounts) {
	case 0:
		return p.refused(w, r, email, next)
	case 1:
		return p.enter(w, r, accounts[0], next)
	}
	return p.choose(w, r, accounts, next)
}

// accounts are those that the password opens. An unknown address takes as long as that of one account or several.
func (p *Portal) accounts(r *http.Request, email, password string) ([]store.Account, error) {
	ctx := r.Context()
	if err := p.countTry(r); err != nil {
		return nil, err
	}
	allowed, err := p.store.Hit(ctx, platform.Bucket("sign-in-as", email), triesByAccount, tryAgainAfter)
	if err != nil {
		return nil, err
	}
	if !allowed {
		return nil, web.TooMany(tryAgainAfter)
	}
	known, err := p.store.Accounts(ctx, email)
	if err != nil {
		return nil, err
	}
	stored := make([]string, len(known))
	for i, a := range known {
		stored[i] = a.PasswordHash
	}
	fits, err := p.passwords.VerifyEach(ctx, stored, password, hashesOfATry)
	if err != nil {
		return nil, err
	}
	var opened []store.Account
	for i, a := range known {
		if fits[i] {
			opened = append(opened, a)
		}
	}
	return opened, nil
}

// countTry counts a try to sign in, by whichever way, of the client's network.
func (p *Portal) countTry(r *http.Request) error {
	return p.hitFrom(r, "sign-in-from", triesByAddress, tryAgainAfter)
}

// refused says that address and password don't go together, and never which of them is wrong.
func (p *Portal) refused(w http.ResponseWriter, r *http.Request, email, next string) error {
	wrong := text.M("signin.wrong")
	if web.WantsJSON(r) {
		return &web.Error{Status: http.StatusUnauthorized, Code: "wrong_password", Public: wrong}
	}
	return web.Render(w, r, http.StatusUnauthorized, pages.SignIn(pages.SignInView{Email: email, Next: next, Wrong: wrong.In(r.Context())}))
}

// enter opens a session of the account.
func (p *Portal) enter(w http.ResponseWriter, r *http.Request, a store.Account, next string) error {
	intent := p.app.Intent(r)
	intent.Key, intent.BodyHash = "", nil // the body holds a password, which must not be stored by a mere hash
	expires := p.now().Add(sessionLife).Truncate(time.Second)
	who, err := p.store.OpenSession(r.Context(), a, intent, expires, r.UserAgent())
	if errors.Is(err, store.ErrPasswordReplaced) {
		return p.refused(w, r, "", next)
	}
	if err != nil {
		return err
	}
	token, err := p.issuer.Issue(auth.Principal{
		Portal: auth.PortalDeveloper, Subject: who.ID, TenantID: who.TenantID, SessionID: who.SessionID, Role: auth.Role(who.Role), Expires: expires,
	})
	if err != nil {
		return err
	}
	p.app.SetSession(w, token, expires)
	if web.WantsJSON(r) {
		return web.JSON(w, http.StatusOK, struct {
			Token     string    `json:"token"`
			ExpiresAt time.Time `json:"expiresAt"`
		}{token, expires.UTC()})
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

// choose asks which company a person wants to work for now.
func (p *Portal) choose(w http.ResponseWriter, r *http.Request, accounts []store.Account, next string) error {
	choice, err := p.proof(accounts)
	if err != nil {
		return err
	}
	type company struct {
		ID   uuid.UUID `json:"id"`
		Name string    `json:"name"`
		Role string    `json:"role"`
	}
	companies := make([]company, len(accounts))
	view := pages.ChoiceView{Choice: choice, Next: next}
	for i, a := range accounts {
		companies[i] = company{a.TenantID, a.Company, a.Role}
		view.Companies = append(view.Companies, pages.Company{ID: a.TenantID.String(), Name: a.Company, Role: a.Role})
	}
	if web.WantsJSON(r) {
		return web.JSON(w, http.StatusOK, struct {
			Choice    string    `json:"choice"`
			Companies []company `json:"companies"`
		}{choice, companies})
	}
	return web.Render(w, r, http.StatusOK, pages.ChooseCompany(view))
}

// chosen opens a session in the company that was chosen, if the proof is good and still fresh.
func (p *Portal) chosen(w http.ResponseWriter, r *http.Request, in input, next string) error {
	company := in.ID("company")
	for _, a := range p.proved(r.PostForm.Get("choice")) {
		if a.TenantID == company {
			return p.enter(w, r, a, next)
		}
	}
	late := text.M("choose.late")
	if web.WantsJSON(r) {
		return &web.Error{Status: http.StatusUnauthorized, Code: "choice_expired", Public: late}
	}
	return web.Render(w, r, http.StatusUnauthorized, pages.SignIn(pages.SignInView{Next: next, Wrong: late.In(r.Context())}))
}

// SignOut ends the session: POST /sign-out.
func (p *Portal) SignOut(w http.ResponseWriter, r *http.Request) error {
	if who, err := staff(r); err == nil {
		if _, err := readInput(r, nil); err != nil {
			return err
		}
		if err := p.store.EndSession(r.Context(), who, p.app.Intent(r)); err != nil {
			return err
		}
	}
	p.app.ClearSession(w)
	if web.WantsJSON(r) {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	http.Redirect(w, r, p.app.SignInPath, http.StatusSeeOther)
	return nil
}
