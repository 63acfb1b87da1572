package portal

import (
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/pages"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/ui/mail"
	"openhouse.example/packages/web"
)

// How often invitations can be sent: an invitation is a mail to whatever address somebody types.
const (
	invitesByCompany = 100
	invitesToMember  = 5
	inviteSpan       = time.Hour
)

// NewMember shows the form for an invitation: GET /team/new.
func (p *Portal) NewMember(w http.ResponseWriter, r *http.Request) error {
	who, err := staff(r)
	if err != nil {
		return err
	}
	return p.showInvite(w, r, who, http.StatusOK, pages.InviteForm{Input: pages.MemberInput{Role: "developer", Limited: "false"}})
}

func (p *Portal) showInvite(w http.ResponseWriter, r *http.Request, who store.Staff, status int, f pages.InviteForm) error {
	var err error
	if f.Choices, err = p.store.DevelopmentNames(r.Context(), who); err != nil {
		return err
	}
	if f.Frame, err = p.frame(w, r, who); err != nil {
		return err
	}
	return web.Render(w, r, status, pages.Invite(f))
}

// InviteMember adds a member of staff and mails them a link to choose a password: POST /team.
func (p *Portal) InviteMember(w http.ResponseWriter, r *http.Request) error {
	who, err := staff(r)
	if err != nil {
		return err
	}
	read, err := readInput(r, url.Values{"limited": {"false"}}, "email", "name", "role", "limited", "developments[]")
	if err != nil {
		return err
	}
	in := input{read}
	typed, fields := in.member()
	typed.Email = in.email("email")
	in.Require("email", "role")
	var made store.Created
	if err = in.Err(); err == nil {
		made, err = p.invite(r, who, typed.Email, fields)
	}
	err = memberRefusal(err)
	if wrong := web.Complaints(r.Context(), err); wrong != nil && !web.WantsJSON(r) {
		return p.showInvite(w, r, who, http.StatusUnprocessableEntity, pages.InviteForm{Input: typed, Errors: wrong})
	}
	switch {
	case err != nil:
		return err
	case web.WantsJSON(r):
		w.Header().Set("Location", "/api/team/"+made.ID.String())
		return web.JSON(w, http.StatusCreated, made)
	}
	p.done(w, r, "/team", "invited")
	return nil
}

func (p *Portal) invite(r *http.Request, who store.Staff, email string, fields store.MemberFields) (store.Created, error) {
	if err := p.hitInvites(r, platform.Bucket("invites-of", who.TenantID.String()), invitesByCompany); err != nil {
		return store.Created{}, err
	}
	return p.store.Invite(r.Context(), who, p.app.Intent(r), email, fields, p.invitation(r, email))
}

func (p *Portal) hitInvites(r *http.Request, bucket string, most int) error {
	allowed, err := p.store.Hit(r.Context(), bucket, most, inviteSpan)
	if err == nil && !allowed {
		err = web.TooMany(inviteSpan)
	}
	return err
}

// invitation is a new link for the account email, and the mail that carries it.
func (p *Portal) invitation(r *http.Request, email string) store.Invitation {
	secret, hash := platform.NewToken()
	return store.Invitation{Hash: hash, Write: func(company string) (subject, body string) {
		return mail.StaffInvite{
			Company: company, Email: email, Address: p.app.PublicURL.Join(passwordPath(secret)), Life: platform.InviteLife,
		}.Text(r.Context())
	}}
}

// InviteAgain mails another link to somebody who has not come yet: POST /team/{member}/invite.
func (p *Portal) InviteAgain(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "member")
	if err != nil {
		return err
	}
	if _, err := readInput(r, nil); err != nil { // no fields but the idempotency key, which the intent needs
		return err
	}
	m, err := p.store.MemberToEdit(r.Context(), who, id)
	if err != nil {
		return err
	}
	if err := p.hitInvites(r, inviteBucket(who, id), invitesToMember); err != nil {
		return err
	}
	if _, err := p.store.InviteAgain(r.Context(), who, p.app.Intent(r), id, p.invitation(r, m.Email)); err != nil {
		return memberRefusal(err)
	}
	return p.memberDone(w, r, who, id, "invited")
}

func inviteBucket(who store.Staff, id uuid.UUID) string {
	return platform.Bucket("invites-to", who.TenantID.String(), id.String())
}
