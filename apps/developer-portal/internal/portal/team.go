package portal

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/pages"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/db"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
	"openhouse.example/packages/web/auth"
)

// mostDevelopments is how many developments somebody can be limited to.
const mostDevelopments = 1000

// ListTeam shows the company's staff: GET /team.
func (p *Portal) ListTeam(w http.ResponseWriter, r *http.Request) error {
	who, err := staff(r)
	if err != nil {
		return err
	}
	number, page, err := pageOf(r)
	if err != nil {
		return err
	}
	list, more, err := p.store.Team(r.Context(), who, page)
	if err != nil {
		return err
	}
	around := paging(r, number, more)
	if web.WantsJSON(r) {
		return web.JSON(w, http.StatusOK, struct {
			Team []store.TeamLine `json:"team"`
			Next *string          `json:"next"`
		}{list, next(around)})
	}
	frame, err := p.frame(w, r, who)
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, pages.Team(pages.TeamView{Frame: frame, List: list, Paging: around}))
}

// ShowMember shows a member of staff, with the form to change what they may do: GET /team/{member}.
func (p *Portal) ShowMember(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "member")
	if err != nil {
		return err
	}
	m, err := p.store.MemberToEdit(r.Context(), who, id)
	if err != nil {
		return err
	}
	if web.WantsJSON(r) {
		return web.JSON(w, http.StatusOK, m.MemberView)
	}
	return p.showMember(w, r, who, http.StatusOK, pages.MemberForm{Stored: m, Version: m.UpdatedAt, Input: memberInput(m)})
}

func (p *Portal) showMember(w http.ResponseWriter, r *http.Request, who store.Staff, status int, f pages.MemberForm) error {
	frame, err := p.frame(w, r, who)
	if err != nil {
		return err
	}
	f.Frame, f.Own, f.Hours = frame, f.Stored.ID == who.ID, int(platform.InviteLife.Hours())
	return web.Render(w, r, status, pages.Member(f))
}

// memberInput is a member as a form would have sent it.
func memberInput(m store.MemberToEdit) pages.MemberInput {
	in := pages.MemberInput{Name: m.Name, Email: m.Email, Role: m.Role, Limited: strconv.FormatBool(m.Limited)}
	for _, d := range m.Developments {
		in.Developments = append(in.Developments, d.ID)
	}
	return in
}

func memberValues(m store.MemberToEdit) url.Values {
	in := memberInput(m)
	values := url.Values{
		"name": {in.Name}, "role": {in.Role}, "limited": {in.Limited}, "version": {m.UpdatedAt.UTC().Format(time.RFC3339Nano)},
	}
	for _, id := range in.Developments {
		values.Add("developments", id.String())
	}
	return values
}

// member reads what was decided about a member of staff: as typed, and as understood.
func (in input) member() (typed pages.MemberInput, f store.MemberFields) {
	typed = pages.MemberInput{
		Name: in.name("name", 120), Role: in.oneOf("role", pages.StaffRoles), Limited: in.oneOf("limited", []string{"false", "true"}),
		Developments: in.IDs("developments", mostDevelopments),
	}
	f = store.MemberFields{Name: typed.Name, Role: typed.Role, Limited: typed.Limited == "true"}
	if !f.Limited {
		return typed, f
	}
	f.Developments = typed.Developments
	switch {
	case f.Role == string(auth.RoleAdmin):
		in.Fail("limited", text.M("team.admin-sees-all"))
	case len(f.Developments) == 0:
		in.Fail("limited", text.M("team.choose-developments"))
	}
	return typed, f
}

// SaveMember changes name, role and limit of a member of staff: POST /team/{member}.
func (p *Portal) SaveMember(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "member")
	if err != nil {
		return err
	}
	stored, err := p.store.MemberToEdit(r.Context(), who, id)
	if err != nil {
		return err
	}
	read, err := readInput(r, memberValues(stored), "name", "role", "limited", "developments[]", "version")
	if err != nil {
		return err
	}
	in := input{read}
	typed, fields := in.member()
	in.Require("version")
	version := in.version("version")
	if err = in.Err(); err == nil {
		_, err = p.store.SaveMember(r.Context(), who, p.app.Intent(r), id, *version, fields)
	}
	err = memberRefusal(err)
	f := pages.MemberForm{Stored: stored, Version: stored.UpdatedAt, Input: typed, Errors: web.Complaints(r.Context(), err)}
	switch {
	case errors.Is(err, store.ErrChanged):
		if web.WantsJSON(r) {
			return changed(err)
		}
		if f.Stored, err = p.store.MemberToEdit(r.Context(), who, id); err != nil {
			return err
		}
		f.Version, f.Conflict = f.Stored.UpdatedAt, true
		return p.showMember(w, r, who, http.StatusConflict, f)
	case f.Errors != nil && !web.WantsJSON(r):
		if version != nil {
			f.Version = *version // what the person has seen, not what has become of it
		}
		return p.showMember(w, r, who, http.StatusUnprocessableEntity, f)
	case err != nil:
		return err
	}
	return p.memberDone(w, r, who, id, "member-saved")
}

// memberRefusal says to people what the store refuses.
func memberRefusal(err error) error {
	switch {
	case errors.Is(err, store.ErrOwnAccount):
		return web.Conflict("own_account", text.M("team.own-refused"), err)
	case errors.Is(err, store.ErrDevelopments):
		return web.Invalid(map[string]text.Message{"limited": text.M("team.choose-developments")})
	case errors.Is(err, store.ErrNotInvited):
		return web.Conflict("not_invited", text.M("team.not-invited"), err)
	case errors.Is(err, store.ErrInTeam):
		return web.Invalid(map[string]text.Message{"email": text.M("team.in-team")})
	}
	return err
}

// memberDone answers a change: programs with the member as it is now, people with its page and a message.
func (p *Portal) memberDone(w http.ResponseWriter, r *http.Request, who store.Staff, id uuid.UUID, flash string) error {
	if !web.WantsJSON(r) {
		p.done(w, r, "/team/"+id.String(), flash)
		return nil
	}
	m, err := p.store.MemberToEdit(r.Context(), who, id)
	if err != nil {
		return err
	}
	return web.JSON(w, http.StatusOK, m.MemberView)
}

// DisableMember shuts a member of staff out: POST /team/{member}/disable.
func (p *Portal) DisableMember(w http.ResponseWriter, r *http.Request) error {
	return p.switchMember(w, r, p.store.DisableMember, "member-disabled")
}

// EnableMember lets a member of staff in again: POST /team/{member}/enable.
func (p *Portal) EnableMember(w http.ResponseWriter, r *http.Request) error {
	return p.switchMember(w, r, p.store.EnableMember, "member-enabled")
}

type memberSwitch = func(ctx context.Context, who store.Staff, in db.Intent, id uuid.UUID) (store.Created, error)

func (p *Portal) switchMember(w http.ResponseWriter, r *http.Request, turn memberSwitch, flash string) error {
	who, id, err := staffAnd(r, "member")
	if err != nil {
		return err
	}
	if _, err := readInput(r, nil); err != nil { // no fields but the idempotency key, which the intent needs
		return err
	}
	if _, err := turn(r.Context(), who, p.app.Intent(r), id); err != nil {
		return memberRefusal(err)
	}
	return p.memberDone(w, r, who, id, flash)
}
