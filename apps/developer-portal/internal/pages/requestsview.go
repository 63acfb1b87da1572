package pages

import (
	"context"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/ui"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web/auth"
)

// RequestsPath is the queue of requests.
const RequestsPath = "/requests"

// BackToHome in the field "back" leads to the home's page after a decision, instead of to the queue.
const BackToHome = "home"

// ResidentKinds are what somebody can be approved as.
var ResidentKinds = []string{store.KindOwner, store.KindOccupier}

// How much of what somebody says is like what the company has on record.
const (
	Same    = "same"
	Near    = "near" // an address with few other letters, a name with the same last word
	Another = "another"
	Unknown = "unknown"
)

// Likeness compares somebody who asks for a home with its buyer on record. It is for those who decide only.
type Likeness struct {
	Email      string `json:"emailIs"`           // Same, Near, Another or Unknown
	Letters    int    `json:"letters,omitempty"` // that differ, if Email is Near
	Name       string `json:"nameIs"`
	BuyerName  string `json:"name"`
	BuyerEmail string `json:"email"`
}

// RequestLine is a request in the queue.
type RequestLine struct {
	store.Request
	Buyer *Likeness `json:"buyer,omitempty"` // nil for those who don't decide
}

// RequestsView is one page of the queue.
type RequestsView struct {
	Frame
	Filter      store.RequestFilter
	Development string // name of the one that is filtered by
	Counts      []store.RequestCount
	List        []RequestLine
	Total       int64
	Paging      Paging
	Refusal     string // why a decision was not taken, "" if none was tried
}

func (v RequestsView) filters(ctx context.Context) []ui.TabItem {
	all := ui.TabItem{Label: text.T(ctx, "requests.all"), Href: RequestsPath, Active: v.Filter.Development == uuid.Nil}
	items := []ui.TabItem{all}
	for _, c := range v.Counts {
		items[0].Count += int(c.Requests)
		items = append(items, ui.TabItem{
			Label: c.Name, Href: RequestsPath + "?development=" + c.ID.String(), Active: v.Filter.Development == c.ID, Count: int(c.Requests),
		})
	}
	return items
}

func requestPath(id uuid.UUID) string { return RequestsPath + "/" + id.String() }

func residentPath(home, resident uuid.UUID) string {
	return homePath(home) + "/residents/" + resident.String()
}

func requestsLead(ctx context.Context, f Frame) string {
	if f.May(auth.DecideRequests) {
		return text.T(ctx, "requests.lead")
	}
	return text.T(ctx, "requests.lead-viewer")
}

// requestTitle is what a request is called: by the name that somebody has said, for those who may see it.
func requestTitle(ctx context.Context, f Frame, r store.Request) string {
	if !f.May(auth.SeePeople) {
		return text.T(ctx, "requests.withheld")
	}
	if r.Name == "" {
		return text.T(ctx, "requests.nameless")
	}
	return r.Name
}

// requestLead says on a home's page what the card is about; in the queue the page has said so.
func requestLead(ctx context.Context, back string) string {
	if back == BackToHome {
		return text.T(ctx, "requests.asks")
	}
	return ""
}

func namedHome(ctx context.Context, h store.NamedHome) string {
	return homeTitle(ctx, store.Home{HomeFields: store.HomeFields{AddressLine1: h.AddressLine1, Block: h.Block, UnitNumber: h.UnitNumber}})
}

// emailLikeness says how an address resembles the buyer's.
func emailLikeness(ctx context.Context, l Likeness) string {
	switch l.Email {
	case Same:
		return text.T(ctx, "requests.email.same")
	case Near:
		return text.T(ctx, "requests.email.near", l.Letters)
	case Another:
		return text.T(ctx, "requests.email.another")
	}
	return text.T(ctx, "requests.email.unknown")
}

// nameLikeness says how a name resembles the buyer's, "" if one of the two isn't known.
func nameLikeness(ctx context.Context, l Likeness) string {
	switch l.Name {
	case Same:
		return text.T(ctx, "requests.name.same")
	case Near:
		return text.T(ctx, "requests.name.near", l.BuyerName)
	case Another:
		return text.T(ctx, "requests.name.another", l.BuyerName)
	}
	return ""
}

// residentKind is what somebody is in their home.
//
// text:keys people.kind.*
func residentKind(ctx context.Context, kind string) string { return text.T(ctx, "people.kind."+kind) }

// residentName is what a person of a home is called.
func residentName(ctx context.Context, r store.Resident) string {
	if r.Name == "" {
		return text.T(ctx, "people.nameless")
	}
	return r.Name
}
