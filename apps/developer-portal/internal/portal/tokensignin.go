package portal

import (
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
	"openhouse.example/packages/web/idtoken"
)

// providerBack is when it is worth trying again with a provider that is away.
const providerBack = 10 * time.Second

// errTokenUsed refuses a token that was exchanged before.
var errTokenUsed = errors.New("the token was exchanged before")

// SignInByToken exchanges a token of a company's own identity provider, once, for a session of ours:
// POST /api/sign-in/token. It opens accounts that are there; it never makes one.
func (p *Portal) SignInByToken(w http.ResponseWriter, r *http.Request) error {
	if _, err := readInput(r, nil, "token"); err != nil {
		return err
	}
	token := r.PostForm.Get("token")
	// What no provider's token looks like costs neither a count nor a look into the database.
	issuer, audiences, err := idtoken.Peek(token)
	if err != nil {
		return p.refuseToken(r, slog.LevelDebug, err)
	}
	if err := p.countTry(r); err != nil {
		return err
	}
	providers, err := p.store.IdentityProviders(r.Context(), issuer, audiences)
	if err != nil {
		return err
	}
	accounts, err := p.tokenAccounts(r, token, issuer, providers)
	switch {
	case errors.Is(err, idtoken.ErrNoKeys):
		return &web.Error{
			Status: http.StatusServiceUnavailable, Code: "identity_provider_away", Public: text.M("token.provider-away"), Cause: err,
			RetryAfter: providerBack,
		}
	case errors.Is(err, idtoken.ErrInvalidToken), errors.Is(err, errTokenUsed):
		return p.refuseToken(r, slog.LevelInfo, err)
	case err != nil:
		return err
	}
	switch len(accounts) {
	case 0:
		return p.refuseToken(r, slog.LevelInfo, errors.New("nobody who may get in has this address"))
	case 1:
		return p.enter(w, r, accounts[0], "/developments")
	}
	return p.choose(w, r, accounts, "/developments")
}

// tokenAccounts are the accounts that a token opens: one for each company that takes this issuer's tokens and has such
// a person. The token is used up by that.
func (p *Portal) tokenAccounts(r *http.Request, token, issuer string, providers []store.IdentityProvider) ([]store.Account, error) {
	var who idtoken.Identity
	var good []store.IdentityProvider
	failed := idtoken.ErrInvalidToken // no company takes this issuer's tokens
	for _, provider := range providers {
		identity, err := p.identities.Verify(r.Context(), token, idtoken.Provider{
			Issuer: issuer, Audience: provider.Audience, KeysURL: provider.KeysURL, Algorithms: provider.Algorithms,
		})
		switch {
		case err == nil:
			who, good = identity, append(good, provider)
		case !errors.Is(failed, idtoken.ErrNoKeys):
			failed = err
		}
	}
	if len(good) == 0 {
		return nil, failed
	}
	if err := p.useUp(r, who); err != nil {
		return nil, err
	}
	var accounts []store.Account
	for _, provider := range good {
		found, err := p.store.ProviderAccounts(r.Context(), provider, who.Email)
		if err != nil {
			return nil, err
		}
		accounts = append(accounts, found...)
	}
	return accounts, nil
}

// useUp notes that a token is exchanged now, over all instances and for as long as it is good.
func (p *Portal) useUp(r *http.Request, who idtoken.Identity) error {
	life := max(who.Expires.Sub(p.now()), 0) + 2*idtoken.Leeway
	first, err := p.store.Hit(r.Context(), platform.Bucket("identity-token", hex.EncodeToString(who.Once[:])), 1, life)
	if err == nil && !first {
		err = errTokenUsed
	}
	return err
}

// refuseToken says that a token opens nothing, and only the log why: to whoever set the provider up, and not for each
// text that comes along.
func (p *Portal) refuseToken(r *http.Request, level slog.Level, cause error) error {
	p.app.Log.LogAttrs(r.Context(), level, "a token of an identity provider was refused", slog.String("error", cause.Error()))
	return &web.Error{Status: http.StatusUnauthorized, Code: "token_refused", Public: text.M("token.refused")}
}
