package portal

import (
	"net/http"
	"time"

	"openhouse.example/apps/tenant-portal/internal/pages"
	"openhouse.example/apps/tenant-portal/internal/store"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

const (
	exchangesOnPage = 10

	// How often one person may ask. Nobody who reads the answers gets there.
	questionsMost = 120
	questionsSpan = time.Minute
	// How often one person may ask the company, where people read it.
	putMost = 20
	putSpan = time.Hour
)

// Conversation shows what a person has asked, the newest first: GET /ask and GET /api/chat.
func (p *Portal) Conversation(w http.ResponseWriter, r *http.Request) error {
	who, err := resident(r)
	if err != nil {
		return err
	}
	return p.showConversation(w, r, who, http.StatusOK, pages.AskView{})
}

func (p *Portal) showConversation(w http.ResponseWriter, r *http.Request, who store.Resident, status int, v pages.AskView) error {
	page, err := web.PageOf(r, exchangesOnPage)
	if err != nil {
		return err
	}
	list, more, err := p.store.Conversation(r.Context(), who, store.Page{Size: page.Size, Offset: page.Offset()})
	if err != nil {
		return err
	}
	if v.Home, err = p.around(r, who); err != nil {
		return err
	}
	v.List = make([]pages.Exchange, len(list))
	for i, e := range list {
		v.List[i] = exchangeView(e, v.Home.Development.EmergencyPhone)
	}
	v.Previous, v.Next = page.Beside(r, more)
	if !web.WantsJSON(r) {
		return web.Render(w, r, status, pages.Ask(v))
	}
	return web.JSON(w, status, struct {
		Exchanges []pages.Exchange `json:"exchanges"`
		Next      *string          `json:"next"` // null behind the last page
	}{v.List, web.OrNull(v.Next)})
}

// Ask answers a question from the papers of a home: POST /ask from the page, POST /api/chat for programs, which get JSON
// or, if they prefer that, events.
func (p *Portal) Ask(w http.ResponseWriter, r *http.Request) error {
	who, err := resident(r)
	if err != nil {
		return err
	}
	form, err := readInput(r, "question")
	if err != nil {
		return err
	}
	question := form.Text("question", pages.MaxQuestion)
	if question == "" {
		form.Fail("question", text.M("ask.missing"))
	}
	if err := form.Err(); err != nil {
		if web.WantsJSON(r) {
			return err
		}
		view := pages.AskView{Typed: question, Error: web.Complaints(r.Context(), err)["question"]}
		return p.showConversation(w, r, who, http.StatusUnprocessableEntity, view)
	}
	if err := p.limit(r, who, "ask", questionsMost, questionsSpan); err != nil {
		return err
	}
	asked, err := p.store.Ask(r.Context(), who, p.app.Intent(r), question, text.T(r.Context(), "ask.not-found"))
	if err != nil {
		return err
	}
	if !web.WantsJSON(r) {
		http.Redirect(w, r, exchangeView(asked, "").Path(), http.StatusSeeOther)
		return nil
	}
	phone := ""
	if asked.Outcome == store.InEmergency {
		home, err := p.store.Home(r.Context(), who)
		if err != nil {
			return err
		}
		phone = home.Emergency
	}
	view := exchangeView(asked, phone)
	if wantsEvents(r) {
		sendEvents(w, view)
		return nil
	}
	return web.JSON(w, http.StatusOK, view)
}

// limit refuses somebody who does something much too often.
func (p *Portal) limit(r *http.Request, who store.Resident, what string, most int, span time.Duration) error {
	allowed, err := p.store.Hit(r.Context(), platform.Bucket(what, who.TenantID.String(), who.ID.String()), most, span)
	if err != nil {
		return err
	}
	if !allowed {
		return web.TooMany(span)
	}
	return nil
}

// AskCompany puts a question of the conversation to the company: POST /ask/{message}/company and POST
// /api/chat/{message}/company.
func (p *Portal) AskCompany(w http.ResponseWriter, r *http.Request) error {
	who, err := resident(r)
	if err != nil {
		return err
	}
	message, err := web.PathID(r, "message")
	if err != nil {
		return err
	}
	if err := readNothing(r); err != nil {
		return err
	}
	if err := p.limit(r, who, "ask-company", putMost, putSpan); err != nil {
		return err
	}
	if _, err := p.store.PutToCompany(r.Context(), who, p.app.Intent(r), message); err != nil {
		return err
	}
	if web.WantsJSON(r) {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	http.Redirect(w, r, pages.Exchange{ID: message}.Path(), http.StatusSeeOther)
	return nil
}

// readNothing reads a form for its key only; a program need not send a body.
func readNothing(r *http.Request) error {
	if r.ContentLength == 0 {
		return nil
	}
	_, err := readInput(r)
	return err
}

// exchangeView is what page and JSON share.
func exchangeView(e store.Exchange, phone string) pages.Exchange {
	v := pages.Exchange{
		ID: e.ID, At: e.At, Question: e.Question, Outcome: e.Outcome, Answer: e.Answer, Citations: make([]pages.Citation, len(e.Cited)),
	}
	if e.Outcome == store.InEmergency {
		v.Emergency = &pages.Emergency{Kind: e.Danger, Phone: phone}
	}
	for i, c := range e.Cited {
		v.Citations[i] = citationView(c)
	}
	if e.Company != nil {
		v.Company = &pages.ToCompany{At: e.Company.At, AnsweredAt: e.Company.AnsweredAt, Answer: e.Company.Answer}
	}
	return v
}

func citationView(c store.Citation) pages.Citation {
	v := pages.Citation{Kind: "document", Title: c.Title, Version: c.Number, Page: c.Page, Date: c.Dated, Quote: c.Quote, Current: c.Current, There: c.There}
	switch {
	case c.Number == nil:
		v.Kind = "answer"
	case c.There && c.DocumentID != nil:
		v.URL = pages.VersionPath(*c.DocumentID, *c.Number, c.Page)
	}
	return v
}
