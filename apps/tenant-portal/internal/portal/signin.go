package portal

import (
	"net/http"
	"net/mail"
	"strings"
	"time"
	"unicode"

	"openhouse.example/apps/tenant-portal/internal/pages"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

// How often links can be asked for. A building site's office or a mobile network is one address for many people;
// what keeps a mailbox from being flooded is the limit on the e-mail address.
const (
	limitSpan     = 15 * time.Minute
	limitPerIP    = 100
	limitPerEmail = 5
)

// SignInForm shows the form that asks for a link. Whoever is signed in already is at home.
func (p *Portal) SignInForm(w http.ResponseWriter, r *http.Request) error {
	if _, ok := web.PrincipalFrom(r.Context()); ok {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil
	}
	return web.Render(w, r, http.StatusOK, pages.SignIn(pages.SignInView{}))
}

// SignIn takes the address and gives the same answer, in the same time, whether or not a company knows it: what
// depends on that happens after the answer.
func (p *Portal) SignIn(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	typed, email := readEmail(form)
	if err := form.Err(); err != nil {
		if web.WantsJSON(r) {
			return err
		}
		return web.Render(w, r, http.StatusUnprocessableEntity,
			pages.SignIn(pages.SignInView{Email: typed, Errors: web.Complaints(ctx, err)}))
	}
	allowed, err := p.store.Hit(ctx, platform.Bucket("link-from", web.Network(web.ClientIP(r))), limitPerIP, limitSpan)
	if err != nil {
		return limitsAway(err)
	}
	if !allowed {
		return web.TooMany(limitSpan)
	}
	wanted, err := p.store.Hit(ctx, platform.Bucket("link-to", email), limitPerEmail, limitSpan)
	if err != nil {
		return limitsAway(err)
	}
	if wanted && !p.links.later.Add(ctx, linkWish{p.app.Intent(r), email}) {
		return errLinksBusy
	}
	if web.WantsJSON(r) {
		return web.JSON(w, http.StatusAccepted, map[string]string{"message": text.T(ctx, "sent.lead")})
	}
	return web.Render(w, r, http.StatusOK, pages.LinkOnItsWay())
}

// readEmail reads the field of a form for an e-mail address, as it was typed and as it is stored, and says in the form
// what is wrong with it.
func readEmail(form *web.Form) (typed, email string) {
	typed = form.Line("email", pages.MaxEmail)
	email, ok := parseEmail(typed)
	switch {
	case typed == "":
		form.Fail("email", text.M("signin.email.missing"))
	case !ok:
		form.Fail("email", text.M("signin.email.wrong"))
	}
	return typed, email
}

// parseEmail reads a plain address, lower-cased as it is stored.
func parseEmail(typed string) (email string, ok bool) {
	a, err := mail.ParseAddress(typed)
	if err != nil || a.Address != typed || strings.ContainsFunc(typed, unicode.IsSpace) || strings.Count(typed, "@") != 1 {
		return "", false
	}
	return strings.ToLower(typed), true
}
