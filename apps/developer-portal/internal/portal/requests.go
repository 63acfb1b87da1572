package portal

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/pages"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/ui/mail"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
	"openhouse.example/packages/web/auth"
)

// ListRequests shows who says that a home is theirs and waits for staff: GET /requests?development=…&page=….
func (p *Portal) ListRequests(w http.ResponseWriter, r *http.Request) error {
	who, err := staff(r)
	if err != nil {
		return err
	}
	filter, err := requestFilter(r)
	if err != nil {
		return err
	}
	return p.showRequests(w, r, who, http.StatusOK, pages.RequestsView{Filter: filter})
}

// requestFilter reads which development is asked for. One that is no id was never there.
func requestFilter(r *http.Request) (store.RequestFilter, error) {
	asked := r.URL.Query().Get("development")
	if asked == "" {
		return store.RequestFilter{}, nil
	}
	id, err := uuid.Parse(asked)
	if err != nil || id.String() != asked || id == uuid.Nil {
		return store.RequestFilter{}, web.NotFound()
	}
	return store.RequestFilter{Development: id}, nil
}

func (p *Portal) showRequests(w http.ResponseWriter, r *http.Request, who store.Staff, status int, v pages.RequestsView) error {
	number, page, err := pageOf(r)
	if err != nil {
		return err
	}
	if v.Filter.Development != uuid.Nil {
		d, err := p.store.Development(r.Context(), who, v.Filter.Development)
		if err != nil {
			return err
		}
		v.Development = d.Name
	}
	list, err := p.store.Requests(r.Context(), who, v.Filter, page)
	if err != nil {
		return err
	}
	v.List, v.Counts, v.Total = requestLines(who, list.Requests), list.Counts, list.Total
	v.Paging = counted(atQueue(r), number, len(list.Requests), int(list.Total))
	if web.WantsJSON(r) {
		return web.JSON(w, status, struct {
			Requests []pages.RequestLine `json:"requests"`
			Total    int64               `json:"total"`
			Next     *string             `json:"next"`
			Withheld []auth.Action       `json:"withheld,omitempty"`
		}{v.List, v.Total, next(v.Paging), withheld(who, auth.SeePeople)})
	}
	if v.Frame, err = p.frame(w, r, who); err != nil {
		return err
	}
	return web.Render(w, r, status, pages.Requests(v))
}

// atQueue is a request to the queue's own address: a refused decision shows the queue at another one.
func atQueue(r *http.Request) *http.Request {
	if r.Method != http.MethodPost {
		return r
	}
	at := r.WithContext(r.Context())
	at.URL = &url.URL{Path: pages.RequestsPath}
	return at
}

// requestLines adds, for those who decide, how people resemble the buyer on record.
func requestLines(who store.Staff, list []store.Request) []pages.RequestLine {
	lines := make([]pages.RequestLine, len(list))
	for i, q := range list {
		lines[i] = pages.RequestLine{Request: q}
		if may(who, auth.DecideRequests) {
			lines[i].Buyer = likenessOf(q.Name, q.Email, q.BuyerName, q.BuyerEmail)
		}
	}
	return lines
}

// Approve lets somebody into the home that they asked for, and mails them a link: POST /requests/{request}/approve.
func (p *Portal) Approve(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "request")
	if err != nil {
		return err
	}
	form, err := readInput(r, nil, "kind", "back")
	if err != nil {
		return err
	}
	in := input{form}
	kind := in.oneOf("kind", pages.ResidentKinds)
	if err := in.Err(); err != nil {
		return p.refuseDecision(w, r, who, err)
	}
	done, err := p.store.Approve(r.Context(), who, p.app.Intent(r), id, kind, p.linkToHome(r))
	return p.decided(w, r, who, done, "request-approved", err)
}

// Reject turns somebody's request for a home down: POST /requests/{request}/reject.
func (p *Portal) Reject(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "request")
	if err != nil {
		return err
	}
	if _, err := readInput(r, nil, "back"); err != nil {
		return err
	}
	done, err := p.store.Reject(r.Context(), who, p.app.Intent(r), id, rejection(r.Context()))
	return p.decided(w, r, who, done, "request-rejected", err)
}

// linkToHome is a new link into a home, and the mail that carries it.
func (p *Portal) linkToHome(r *http.Request) store.LinkToSend {
	secret, hash := platform.NewToken()
	return store.LinkToSend{Hash: hash, Write: func(m store.LinkMail) (subject, body string) {
		return mail.Link{
			Company: m.Company, Development: m.Development, Home: m.Home,
			Address: p.residents.Join("/link/" + secret), Life: platform.LinkLife,
		}.Text(r.Context())
	}}
}

// rejection writes the mail that turns a request down.
func rejection(ctx context.Context) func(store.RejectionMail) (subject, body string) {
	return func(m store.RejectionMail) (subject, body string) {
		return mail.ClaimRejected{Company: m.Company, Development: m.Development, Contact: m.Contact, Phone: m.Phone}.Text(ctx)
	}
}

// decided answers a decision, or says why there was none to take.
func (p *Portal) decided(w http.ResponseWriter, r *http.Request, who store.Staff, done store.Decided, flash string, err error) error {
	switch {
	case err != nil:
		return p.refuseDecision(w, r, who, decisionRefusal(r.Context(), err))
	case web.WantsJSON(r):
		return web.JSON(w, http.StatusOK, done)
	}
	to := "/requests"
	if r.PostForm.Get("back") == pages.BackToHome {
		to = "/homes/" + done.HomeID.String()
	}
	p.done(w, r, to, flash)
	return nil
}

// refuseDecision shows people the queue as it is now, with what stands in the way.
func (p *Portal) refuseDecision(w http.ResponseWriter, r *http.Request, who store.Staff, cause error) error {
	var refused *web.Error
	if !errors.As(cause, &refused) || web.WantsJSON(r) {
		return cause
	}
	refusal := refused.Public.In(r.Context())
	if wrong := web.Complaints(r.Context(), cause)["kind"]; wrong != "" {
		refusal = wrong
	}
	return p.showRequests(w, r, who, refused.Status, pages.RequestsView{Refusal: refusal})
}

// decisionRefusal says to people what the store refuses.
func decisionRefusal(ctx context.Context, err error) error {
	var before *store.DecidedError
	switch {
	case errors.As(err, &before):
		at := text.DateTime(ctx, before.At)
		why := text.M("requests.decided.approved", before.By, at)
		switch {
		case before.State == store.RequestApproved && before.By == "":
			why = text.M("requests.decided.approved-by-link", at)
		case before.State == store.RequestRejected && before.By == "":
			why = text.M("requests.decided.rejected-unnamed", at)
		case before.State == store.RequestRejected:
			why = text.M("requests.decided.rejected", before.By, at)
		}
		return web.Conflict("decided", why, err)
	case errors.Is(err, store.ErrDisabled):
		return web.Conflict("disabled", text.M("people.disabled-refused"), err)
	}
	return err
}
