package portal

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/pages"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

// ListNotices shows the company's notices: GET /notices, with ?state= only those in one state.
func (p *Portal) ListNotices(w http.ResponseWriter, r *http.Request) error {
	who, err := staff(r)
	if err != nil {
		return err
	}
	number, page, err := pageOf(r)
	if err != nil {
		return err
	}
	state := r.URL.Query().Get("state")
	if state != "" && !slices.Contains(pages.NoticeStates, state) {
		return web.Invalid(map[string]text.Message{"state": web.MsgChoose})
	}
	list, more, err := p.store.Notices(r.Context(), who, state, page)
	if err != nil {
		return err
	}
	around := paging(r, number, more)
	if web.WantsJSON(r) {
		return web.JSON(w, http.StatusOK, struct {
			Notices []store.NoticeLine `json:"notices"`
			Next    *string            `json:"next"`
		}{list, next(around)})
	}
	frame, err := p.frame(w, r, who)
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, pages.Notices(pages.NoticesView{Frame: frame, State: state, List: list, Paging: around}))
}

// ShowNotice shows one notice: GET /notices/{notice}.
func (p *Portal) ShowNotice(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "notice")
	if err != nil {
		return err
	}
	return p.showNotice(w, r, who, id, http.StatusOK)
}

// showNotice answers with a notice as it is now; as a page with status, of which 409 says that somebody else changed it.
func (p *Portal) showNotice(w http.ResponseWriter, r *http.Request, who store.Staff, id uuid.UUID, status int) error {
	n, err := p.store.Notice(r.Context(), who, id)
	if err != nil {
		return err
	}
	if web.WantsJSON(r) {
		return web.JSON(w, status, n)
	}
	frame, err := p.frame(w, r, who)
	if err != nil {
		return err
	}
	return web.Render(w, r, status, pages.Notice(pages.NoticeView{Frame: frame, Notice: n, Conflict: status == http.StatusConflict}))
}

// NewNotice shows the form for a new notice: GET /notices/new.
func (p *Portal) NewNotice(w http.ResponseWriter, r *http.Request) error {
	who, err := staff(r)
	if err != nil {
		return err
	}
	return p.noticeForm(w, r, who, http.StatusOK, pages.NoticeForm{Input: pages.NoticeInput{
		Category: "general", Priority: "normal",
	}})
}

// noticeForm answers with the form. A new notice is offered the time zone of the last one.
func (p *Portal) noticeForm(w http.ResponseWriter, r *http.Request, who store.Staff, status int, f pages.NoticeForm) error {
	var err error
	if f.Choices, err = p.store.NoticeChoices(r.Context(), who); err != nil {
		return err
	}
	if f.Frame, err = p.frame(w, r, who); err != nil {
		return err
	}
	if r.Method == http.MethodGet && f.Input.TimeZone == "" {
		f.Input.TimeZone = f.Choices.TimeZone
	}
	return web.Render(w, r, status, pages.EditNotice(f))
}

// CreateNotice makes a draft: POST /notices.
func (p *Portal) CreateNotice(w http.ResponseWriter, r *http.Request) error {
	who, err := staff(r)
	if err != nil {
		return err
	}
	var made store.Created
	typed, fields, _, err := p.readNotice(r, nil)
	if err == nil {
		made, err = p.store.CreateNotice(r.Context(), who, p.app.Intent(r), fields)
	}
	err = noticeRefusal(err)
	switch wrong := web.Complaints(r.Context(), err); {
	case wrong != nil && !web.WantsJSON(r):
		return p.noticeForm(w, r, who, http.StatusUnprocessableEntity, pages.NoticeForm{Input: typed, Errors: wrong})
	case err != nil:
		return err
	case web.WantsJSON(r):
		w.Header().Set("Location", "/api/notices/"+made.ID.String())
		return p.showNotice(w, r, who, made.ID, http.StatusCreated)
	}
	p.done(w, r, "/notices/"+made.ID.String(), "notice-created")
	return nil
}

// PreviewNotice shows the form again, with the notice as residents would see it: POST /notices/preview. It stores
// nothing.
func (p *Portal) PreviewNotice(w http.ResponseWriter, r *http.Request) error {
	who, err := staff(r)
	if err != nil {
		return err
	}
	read, err := readInput(r, nil)
	if err != nil {
		return err
	}
	f := pages.NoticeForm{Preview: true, ID: read.ID("notice")}
	var stored *store.Notice
	if f.ID != uuid.Nil {
		n, err := p.store.Notice(r.Context(), who, f.ID)
		if err != nil {
			return err
		}
		stored, f.Stored, f.Version = &n, n.Title, n.UpdatedAt
	}
	typed, _, version, err := p.readNotice(r, stored)
	wrong := web.Complaints(r.Context(), err)
	if err != nil && wrong == nil {
		return err
	}
	if version != nil {
		f.Version = *version // what the person has seen, not what has become of it
	}
	f.Input, f.Errors = typed, wrong
	return p.noticeForm(w, r, who, http.StatusOK, f)
}

// EditNotice shows the form for a notice: GET /notices/{notice}/edit.
func (p *Portal) EditNotice(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "notice")
	if err != nil {
		return err
	}
	n, err := p.store.Notice(r.Context(), who, id)
	if err != nil {
		return err
	}
	if n.Scope == store.ScopeCompany {
		frame, err := p.store.Frame(r.Context(), who)
		if err != nil {
			return err
		}
		if frame.Limited {
			return noticeRefusal(store.ErrLimited)
		}
	}
	return p.noticeForm(w, r, who, http.StatusOK, pages.NoticeForm{
		ID: id, Stored: n.Title, Version: n.UpdatedAt, Input: noticeInput(n),
	})
}

// SaveNotice changes what a notice says, for whom and when: POST /notices/{notice}.
func (p *Portal) SaveNotice(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "notice")
	if err != nil {
		return err
	}
	stored, err := p.store.Notice(r.Context(), who, id)
	if err != nil {
		return err
	}
	typed, fields, version, err := p.readNotice(r, &stored)
	if err == nil && version == nil {
		err = web.Invalid(map[string]text.Message{"version": web.MsgRequired})
	}
	if err == nil {
		_, err = p.store.SaveNotice(r.Context(), who, p.app.Intent(r), id, *version, fields)
	}
	err = noticeRefusal(err)
	f := pages.NoticeForm{ID: id, Stored: stored.Title, Version: stored.UpdatedAt, Input: typed, Errors: web.Complaints(r.Context(), err)}
	switch {
	case errors.Is(err, store.ErrChanged):
		if web.WantsJSON(r) {
			return err
		}
		if stored, err = p.store.Notice(r.Context(), who, id); err != nil {
			return err
		}
		f.Conflict, f.Version, f.Errors = true, stored.UpdatedAt, nil
		f.Conflicts = noticeConflicts(r.Context(), stored, noticeInput(stored), typed)
		return p.noticeForm(w, r, who, http.StatusConflict, f)
	case f.Errors != nil && !web.WantsJSON(r):
		if version != nil {
			f.Version = *version // what the person has seen, not what has become of it
		}
		return p.noticeForm(w, r, who, http.StatusUnprocessableEntity, f)
	case err != nil:
		return err
	case web.WantsJSON(r):
		return p.showNotice(w, r, who, id, http.StatusOK)
	}
	p.done(w, r, "/notices/"+id.String(), "notice-saved")
	return nil
}

// noticeConflicts lists what is stored where something else was typed.
func noticeConflicts(ctx context.Context, n store.Notice, stored, typed pages.NoticeInput) pages.Conflicts {
	var list pages.Conflicts
	list.Add(text.T(ctx, "notice.title"), stored.Title, typed.Title, stored.Title)
	list.Add(text.T(ctx, "notice.body"), stored.Body, typed.Body, stored.Body)
	list.Add(text.T(ctx, "notice.audience"), stored.Audience, typed.Audience, pages.NoticeAudience(ctx, n.Audience))
	list.Add(text.T(ctx, "notice.category"), stored.Category, typed.Category, text.T(ctx, "notice.category."+stored.Category))
	list.Add(text.T(ctx, "notice.priority"), stored.Priority, typed.Priority, text.T(ctx, "notice.priority."+stored.Priority))
	list.Add(text.T(ctx, "notice.zone"), stored.TimeZone, typed.TimeZone, stored.TimeZone)
	list.Add(text.T(ctx, "notice.starts"), stored.StartsAt, typed.StartsAt, stored.StartsAt)
	list.Add(text.T(ctx, "notice.ends"), stored.EndsAt, typed.EndsAt, stored.EndsAt)
	return list
}

// PublishNotice lets residents see a notice from its start on: POST /notices/{notice}/publish.
func (p *Portal) PublishNotice(w http.ResponseWriter, r *http.Request) error {
	return p.turnNotice(w, r, p.store.PublishNotice, "notice-published")
}

// UnpublishNotice makes a draft of it again: POST /notices/{notice}/unpublish.
func (p *Portal) UnpublishNotice(w http.ResponseWriter, r *http.Request) error {
	return p.turnNotice(w, r, p.store.UnpublishNotice, "notice-unpublished")
}

// EndNotice ends it before its end: POST /notices/{notice}/end.
func (p *Portal) EndNotice(w http.ResponseWriter, r *http.Request) error {
	return p.turnNotice(w, r, p.store.EndNotice, "notice-ended")
}

// ResumeNotice undoes that: POST /notices/{notice}/resume.
func (p *Portal) ResumeNotice(w http.ResponseWriter, r *http.Request) error {
	return p.turnNotice(w, r, p.store.ResumeNotice, "notice-resumed")
}

// turnNotice changes the state of a notice that still is as the person saw it.
func (p *Portal) turnNotice(w http.ResponseWriter, r *http.Request, turn versionedTurn, flash string) error {
	who, id, err := staffAnd(r, "notice")
	if err != nil {
		return err
	}
	if _, err := p.store.Notice(r.Context(), who, id); err != nil { // what isn't there is no mistake in a field
		return err
	}
	version, err := readVersion(r)
	if err != nil {
		return err
	}
	_, err = turn(r.Context(), who, p.app.Intent(r), id, version)
	switch {
	case errors.Is(err, store.ErrChanged) && !web.WantsJSON(r), errors.Is(err, store.ErrNoticeState) && !web.WantsJSON(r):
		return p.showNotice(w, r, who, id, http.StatusConflict)
	case err != nil:
		return noticeRefusal(err)
	case web.WantsJSON(r):
		return p.showNotice(w, r, who, id, http.StatusOK)
	}
	p.done(w, r, "/notices/"+id.String(), flash)
	return nil
}

// noticeRefusal says to people what the store refuses.
func noticeRefusal(err error) error {
	switch {
	case errors.Is(err, store.ErrLimited):
		return &web.Error{Status: http.StatusForbidden, Code: "limited", Public: text.M("notice.limited-refused")}
	case errors.Is(err, store.ErrAudience):
		return web.Invalid(map[string]text.Message{"audience": web.MsgChoose})
	case errors.Is(err, store.ErrNoticeState):
		return web.Conflict("notice_state", text.M("notice.state-refused"), err)
	case errors.Is(err, store.ErrChanged):
		return changed(err)
	}
	return err
}
