package portal

import (
	"context"
	"crypto/sha256"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/tenant-portal/internal/pages"
	"openhouse.example/apps/tenant-portal/internal/store"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/ui/mail"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

// How often homes can be claimed within limitSpan. A show home's network is one address for a hundred buyers; what
// keeps a mailbox from being flooded is the limit on the e-mail address, and what keeps a home's queue short, that of
// the database: three wait.
const (
	limitClaimsPerNetwork = 300
	limitClaimsPerCode    = 30
	limitClaimsPerEmail   = 5
	limitUnknown          = 100 // codes that don't exist, from one network
)

// limitsAway refuses what nobody can count. It is said to be a failure of ours, which it is.
func limitsAway(cause error) error {
	return &web.Error{
		Status: http.StatusServiceUnavailable, Code: "limits_unavailable", RetryAfter: 5 * time.Second,
		Public: text.M("onboarding.limits-away"), Cause: cause,
	}
}

// Claim takes the name and the address of whoever has come with a printed code. The answer is the same, in the same
// time, for the buyer, for somebody who lives there and for a stranger: the same is rendered and the same is asked of
// the database, which writes the same rows. What differs is in the mail.
func (p *Portal) Claim(w http.ResponseWriter, r *http.Request) error {
	code, ok := pathCode(r)
	if !ok {
		return deadCode(w, r, platform.InviteUnknown)
	}
	form, err := readInput(r, "fullName", "email")
	if err != nil {
		return err
	}
	name := strings.Join(strings.Fields(form.Line("fullName", pages.MaxName)), " ")
	if name == "" {
		form.Fail("fullName", text.M("claim.name.missing"))
	}
	typed, email := readEmail(form)
	if err := form.Err(); err != nil {
		if web.WantsJSON(r) {
			return err
		}
		return p.claimAgain(w, r, code, name, typed, err)
	}

	flooded, err := p.limitClaim(r, code, email)
	if err != nil {
		return err
	}
	invite, err := p.invite(r, code)
	if err != nil {
		return err
	}
	if invite.State != platform.InviteValid {
		return deadCode(w, r, invite.State)
	}
	in := p.app.Intent(r)
	claim := p.claimMails(r.Context(), invite, email)
	claim.CodeHash, claim.ID = platform.HashToken(code), claimID(in.Key, code, name, email, p.now())
	claim.Email, claim.Name, claim.Silent = email, name, flooded
	claim.From, claim.RequestID = in.From.String(), in.RequestID
	taken, err := p.store.Claim(r.Context(), claim)
	if err != nil {
		return err
	}
	if !taken { // it was replaced in this very moment
		return deadCode(w, r, platform.InviteRevoked)
	}
	if web.WantsJSON(r) {
		return web.JSON(w, http.StatusAccepted, map[string]string{"message": text.T(r.Context(), "claim.sent.lead")})
	}
	return web.Render(w, r, http.StatusOK, pages.ClaimSent(invite.Company))
}

// claimAgain shows the form once more, with what is wrong in it.
func (p *Portal) claimAgain(w http.ResponseWriter, r *http.Request, code, name, email string, wrong error) error {
	invite, err := p.invite(r, code)
	if err != nil {
		return err
	}
	if invite.State != platform.InviteValid {
		return deadCode(w, r, invite.State)
	}
	view := claimView(code, invite)
	view.FullName, view.Email, view.Errors = name, email, web.Complaints(r.Context(), wrong)
	return web.Render(w, r, http.StatusUnprocessableEntity, pages.Claim(view))
}

// limitClaim counts a claim by where it comes from, by its code and by its address. The first two are refused aloud;
// of the third only that no mail is sent, which nobody sees from outside. Without a count nothing is taken.
func (p *Portal) limitClaim(r *http.Request, code, email string) (flooded bool, err error) {
	ctx := r.Context()
	for _, limit := range []struct {
		bucket string
		most   int
	}{
		{platform.Bucket("claim-from", web.Network(web.ClientIP(r))), limitClaimsPerNetwork},
		{platform.Bucket("claim-code", code), limitClaimsPerCode},
	} {
		allowed, err := p.store.Hit(ctx, limit.bucket, limit.most, limitSpan)
		if err != nil {
			return false, limitsAway(err)
		}
		if !allowed {
			return false, web.TooMany(limitSpan)
		}
	}
	wanted, err := p.store.Hit(ctx, platform.Bucket("claim-to", email), limitClaimsPerEmail, limitSpan)
	if err != nil {
		return false, limitsAway(err)
	}
	return !wanted, nil
}

// claimMails words every mail that may follow, before anybody knows which.
func (p *Portal) claimMails(ctx context.Context, invite platform.Invite, email string) store.Claim {
	said := func(subject, body string) store.Mail { return store.Mail{Subject: subject, Body: body} }
	token, hash := platform.NewToken()
	about := mail.Claim{Company: invite.Company, Development: invite.Development, Home: invite.Address}
	return store.Claim{
		TokenHash: hash,
		Link: said(mail.Link{
			Company: invite.Company, Development: invite.Development, Home: invite.Address,
			Address: p.app.PublicURL.Join("/link/" + token), Life: platform.LinkLife,
		}.Text(ctx)),
		Waits:   said(about.Waits(ctx)),
		Refused: said(about.Refused(ctx)),
		Told:    said(about.Told(ctx, email)),
	}
}

// claimID is the same for the same form, sent again because its answer was lost or a button was pressed twice. Whoever
// comes back to the page once its link is too old, and has it sent again, asks anew: a link lives as long as a slot of
// time, so it can't outlast the slot after its own.
func claimID(key, code, name, email string, at time.Time) uuid.UUID {
	if key == "" {
		return uuid.New()
	}
	slot := at.UTC().Truncate(platform.LinkLife).Format(time.RFC3339)
	return uuid.NewHash(sha256.New(), uuid.Nil, []byte(platform.Bucket("claim", key, code, name, email, slot)), 8)
}
