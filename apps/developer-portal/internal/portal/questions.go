package portal

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/pages"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/ui/mail"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

// ListQuestions shows what residents ask the company: GET /questions?state=…&development=…&page=….
func (p *Portal) ListQuestions(w http.ResponseWriter, r *http.Request) error {
	who, err := staff(r)
	if err != nil {
		return err
	}
	number, page, err := pageOf(r)
	if err != nil {
		return err
	}
	v := pages.QuestionsView{Filter: store.QuestionFilter{State: store.QuestionOpen}}
	if state := r.URL.Query().Get("state"); state != "" {
		if !slices.Contains(pages.QuestionStates, state) {
			return web.Invalid(map[string]text.Message{"state": web.MsgChoose})
		}
		v.Filter.State = state
	}
	of, err := requestFilter(r)
	if err != nil {
		return err
	}
	if v.Filter.Development = of.Development; of.Development != uuid.Nil {
		d, err := p.store.Development(r.Context(), who, of.Development)
		if err != nil {
			return err
		}
		v.Development = d.Name
	}
	list, err := p.store.Questions(r.Context(), who, v.Filter, page)
	if err != nil {
		return err
	}
	v.List, v.Counts = list.Questions, list.Counts
	v.Paging = counted(r, number, len(list.Questions), int(list.Total))
	if web.WantsJSON(r) {
		return web.JSON(w, http.StatusOK, struct {
			Questions []store.QuestionLine `json:"questions"`
			Total     int64                `json:"total"`
			Next      *string              `json:"next"`
		}{v.List, list.Total, next(v.Paging)})
	}
	if v.Frame, err = p.frame(w, r, who); err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, pages.Questions(v))
}

// ShowQuestion shows one question, with the form that answers it: GET /questions/{question}.
func (p *Portal) ShowQuestion(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "question")
	if err != nil {
		return err
	}
	return p.showQuestion(w, r, who, id, http.StatusOK, pages.QuestionView{})
}

// showQuestion answers with a question as it is now. v has what was typed, and what is wrong with it.
func (p *Portal) showQuestion(w http.ResponseWriter, r *http.Request, who store.Staff, id uuid.UUID, status int, v pages.QuestionView) error {
	var err error
	if v.Question, err = p.store.Question(r.Context(), who, id); err != nil {
		return err
	}
	if web.WantsJSON(r) {
		return web.JSON(w, status, v.Question)
	}
	if v.Question.State == store.QuestionAnswered && v.Question.FAQ == nil {
		if v.Types, err = p.store.TypeChoices(r.Context(), who, v.Question.Home.DevelopmentID); err != nil {
			return err
		}
		if v.Publish == nil {
			v.Publish = &pages.FAQInput{Question: v.Question.QuestionLine.Question, Answer: v.Question.Answer}
		}
	}
	if v.Frame, err = p.frame(w, r, who); err != nil {
		return err
	}
	return web.Render(w, r, status, pages.Question(v))
}

// AnswerQuestion answers a question, and has whoever asked told by mail: POST /questions/{question}/answer.
func (p *Portal) AnswerQuestion(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "question")
	if err != nil {
		return err
	}
	if _, err := p.store.Question(r.Context(), who, id); err != nil { // what isn't there is no mistake in a field
		return err
	}
	form, err := readInput(r, nil, "answer")
	if err != nil {
		return err
	}
	in := input{form}
	answer := in.Text("answer", pages.MaxAnswer)
	in.Require("answer")
	if err := in.Err(); err != nil {
		if web.WantsJSON(r) {
			return err
		}
		return p.showQuestion(w, r, who, id, http.StatusUnprocessableEntity, pages.QuestionView{Answer: answer, Errors: web.Complaints(r.Context(), err)})
	}
	_, err = p.store.Answer(r.Context(), who, p.app.Intent(r), id, answer, func(m store.AnswerMail) (subject, body string) {
		return mail.Answered{Company: m.Company, Question: m.Question, Answer: m.Answer, Address: p.residents.Join("/ask")}.Text(r.Context())
	})
	var before *store.AnsweredError
	switch {
	case errors.As(err, &before):
		why := text.M("questions.answered-before", before.By, text.DateTime(r.Context(), before.At))
		if before.By == "" {
			why = text.M("questions.answered-before-unnamed", text.DateTime(r.Context(), before.At))
		}
		if web.WantsJSON(r) {
			return web.Conflict("answered", why, err)
		}
		return p.showQuestion(w, r, who, id, http.StatusConflict, pages.QuestionView{Answer: answer, Refusal: why.In(r.Context())})
	case err != nil:
		return err
	case web.WantsJSON(r):
		return p.showQuestion(w, r, who, id, http.StatusOK, pages.QuestionView{})
	}
	p.done(w, r, "/questions/"+id.String(), "question-answered")
	return nil
}

var faqNames = []string{"question", "answer", "houseType", "version"}

// readFAQ reads what was entered about an answer that is to be published: as typed, and as understood.
func readFAQ(r *http.Request, stored url.Values) (pages.FAQInput, store.FAQFields, input, error) {
	form, err := readInput(r, stored, faqNames...)
	if err != nil {
		return pages.FAQInput{}, store.FAQFields{}, input{}, err
	}
	in := input{form}
	f := store.FAQFields{Question: in.name("question", pages.MaxFAQQuestion), Answer: in.Text("answer", pages.MaxAnswer), HouseTypeID: in.ID("houseType")}
	in.Require("question", "answer")
	typed := pages.FAQInput{Question: f.Question, Answer: f.Answer}
	if f.HouseTypeID != uuid.Nil {
		typed.HouseType = f.HouseTypeID.String()
	}
	return typed, f, in, nil
}

// PublishQuestion publishes an answered question, so that the next one who asks gets it quoted: POST
// /questions/{question}/publish.
func (p *Portal) PublishQuestion(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "question")
	if err != nil {
		return err
	}
	stored, err := p.store.Question(r.Context(), who, id)
	if err != nil {
		return err
	}
	typed, fields, in, err := readFAQ(r, url.Values{"question": {stored.QuestionLine.Question}, "answer": {stored.Answer}})
	if err != nil {
		return err
	}
	var made store.Created
	if err = in.Err(); err == nil {
		made, err = p.store.PublishAnswer(r.Context(), who, p.app.Intent(r), id, fields)
	}
	err = faqRefusal(err)
	var refused *web.Error
	switch wrong := web.Complaints(r.Context(), err); {
	case wrong != nil && !web.WantsJSON(r):
		return p.showQuestion(w, r, who, id, http.StatusUnprocessableEntity, pages.QuestionView{Publish: &typed, Errors: wrong})
	case errors.As(err, &refused) && refused.Status == http.StatusConflict && !web.WantsJSON(r):
		return p.showQuestion(w, r, who, id, http.StatusConflict, pages.QuestionView{Publish: &typed, Refusal: refused.Public.In(r.Context())})
	case err != nil:
		return err
	case web.WantsJSON(r):
		w.Header().Set("Location", "/api/faqs/"+made.ID.String())
		return p.showFAQ(w, r, who, made.ID, http.StatusCreated, pages.FAQView{})
	}
	p.done(w, r, "/faqs/"+made.ID.String(), "faq-published")
	return nil
}

// faqRefusal says to people what the store refuses.
func faqRefusal(err error) error {
	switch {
	case errors.Is(err, store.ErrAudience):
		return web.Invalid(map[string]text.Message{"houseType": web.MsgChoose})
	case errors.Is(err, store.ErrPublished):
		return web.Conflict("published", text.M("faq.published-refused"), err)
	case errors.Is(err, store.ErrNotPublished):
		return web.Conflict("not_published", text.M("faq.not-published-refused"), err)
	case errors.Is(err, store.ErrChanged):
		return changed(err)
	}
	return err
}
