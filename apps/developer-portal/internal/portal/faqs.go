package portal

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/pages"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/web"
)

// ListFAQs shows the answers that the company has published: GET /faqs.
func (p *Portal) ListFAQs(w http.ResponseWriter, r *http.Request) error {
	who, err := staff(r)
	if err != nil {
		return err
	}
	number, page, err := pageOf(r)
	if err != nil {
		return err
	}
	list, total, err := p.store.FAQs(r.Context(), who, page)
	if err != nil {
		return err
	}
	around := counted(r, number, len(list), int(total))
	if web.WantsJSON(r) {
		return web.JSON(w, http.StatusOK, struct {
			FAQs  []store.FAQLine `json:"faqs"`
			Total int64           `json:"total"`
			Next  *string         `json:"next"`
		}{list, total, next(around)})
	}
	frame, err := p.frame(w, r, who)
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, pages.FAQs(pages.FAQsView{Frame: frame, List: list, Paging: around}))
}

// ShowFAQ shows a published answer, with the form that changes it: GET /faqs/{faq}.
func (p *Portal) ShowFAQ(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "faq")
	if err != nil {
		return err
	}
	return p.showFAQ(w, r, who, id, http.StatusOK, pages.FAQView{})
}

// showFAQ answers with a published answer as it is now. v has what was typed, if anything was.
func (p *Portal) showFAQ(w http.ResponseWriter, r *http.Request, who store.Staff, id uuid.UUID, status int, v pages.FAQView) error {
	var err error
	if v.FAQ, err = p.store.FAQ(r.Context(), who, id); err != nil {
		return err
	}
	if web.WantsJSON(r) {
		return web.JSON(w, status, v.FAQ)
	}
	if v.Typed == nil {
		typed := faqInput(v.FAQ)
		v.Typed = &typed
	} else {
		v.Conflicts = faqConflicts(r.Context(), v, status)
	}
	if v.Version.IsZero() {
		v.Version = v.FAQ.UpdatedAt
	}
	if v.Types, err = p.store.TypeChoices(r.Context(), who, v.FAQ.DevelopmentID); err != nil {
		return err
	}
	if v.Frame, err = p.frame(w, r, who); err != nil {
		return err
	}
	return web.Render(w, r, status, pages.EditFAQ(v))
}

// faqInput is a stored answer as a form would have sent it.
func faqInput(f store.FAQ) pages.FAQInput {
	in := pages.FAQInput{Question: f.Question, Answer: f.Answer}
	if f.HouseTypeID != nil {
		in.HouseType = f.HouseTypeID.String()
	}
	return in
}

// faqConflicts lists what is stored where something else was typed, for somebody who was not the first to save.
func faqConflicts(ctx context.Context, v pages.FAQView, status int) pages.Conflicts {
	if status != http.StatusConflict {
		return nil
	}
	return pages.FAQConflicts(ctx, v.FAQ, *v.Typed)
}

// SaveFAQ changes what a published answer says and for which homes: POST /faqs/{faq}.
func (p *Portal) SaveFAQ(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "faq")
	if err != nil {
		return err
	}
	stored, err := p.store.FAQ(r.Context(), who, id)
	if err != nil {
		return err
	}
	now := faqInput(stored)
	typed, fields, in, err := readFAQ(r, url.Values{
		"question": {now.Question}, "answer": {now.Answer}, "houseType": {now.HouseType}, "version": {stored.UpdatedAt.UTC().Format(time.RFC3339Nano)},
	})
	if err != nil {
		return err
	}
	in.Require("version")
	version := in.version("version")
	if err = in.Err(); err == nil {
		_, err = p.store.SaveFAQ(r.Context(), who, p.app.Intent(r), id, *version, fields)
	}
	err = faqRefusal(err)
	v := pages.FAQView{Typed: &typed, Errors: web.Complaints(r.Context(), err)}
	switch {
	case errors.Is(err, store.ErrChanged) && !web.WantsJSON(r):
		v.Errors = nil
		return p.showFAQ(w, r, who, id, http.StatusConflict, v)
	case v.Errors != nil && !web.WantsJSON(r):
		if version != nil {
			v.Version = *version // what the person has seen, not what has become of it
		}
		return p.showFAQ(w, r, who, id, http.StatusUnprocessableEntity, v)
	case err != nil:
		return err
	case web.WantsJSON(r):
		return p.showFAQ(w, r, who, id, http.StatusOK, pages.FAQView{})
	}
	p.done(w, r, "/faqs/"+id.String(), "faq-saved")
	return nil
}

// WithdrawFAQ takes a published answer back: POST /faqs/{faq}/withdraw.
func (p *Portal) WithdrawFAQ(w http.ResponseWriter, r *http.Request) error {
	return p.turnFAQ(w, r, p.store.WithdrawFAQ, "faq-withdrawn")
}

// PublishFAQ publishes a withdrawn answer again: POST /faqs/{faq}/publish.
func (p *Portal) PublishFAQ(w http.ResponseWriter, r *http.Request) error {
	return p.turnFAQ(w, r, p.store.RepublishFAQ, "faq-published")
}

// turnFAQ publishes or withdraws an answer that still is as the person saw it.
func (p *Portal) turnFAQ(w http.ResponseWriter, r *http.Request, turn versionedTurn, flash string) error {
	who, id, err := staffAnd(r, "faq")
	if err != nil {
		return err
	}
	if _, err := p.store.FAQ(r.Context(), who, id); err != nil { // what isn't there is no mistake in a field
		return err
	}
	version, err := readVersion(r)
	if err != nil {
		return err
	}
	_, err = turn(r.Context(), who, p.app.Intent(r), id, version)
	err = faqRefusal(err)
	var refused *web.Error
	switch {
	case errors.As(err, &refused) && refused.Status == http.StatusConflict && !web.WantsJSON(r):
		return p.showFAQ(w, r, who, id, http.StatusConflict, pages.FAQView{Refusal: refused.Public.In(r.Context())})
	case err != nil:
		return err
	case web.WantsJSON(r):
		return p.showFAQ(w, r, who, id, http.StatusOK, pages.FAQView{})
	}
	p.done(w, r, "/faqs/"+id.String(), flash)
	return nil
}
