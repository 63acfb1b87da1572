package pages

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"openhouse.example/packages/ui"
	"openhouse.example/packages/ui/text"
)

const (
	// AskPath is where questions are asked, and where they stay.
	AskPath = "/ask"
	// MaxQuestion is the length of a question in letters.
	MaxQuestion = 500
)

// Citation is where a part of an answer stands. Kind is "document" or "answer", one that the company published.
type Citation struct {
	Kind    string     `json:"kind"`
	Title   string     `json:"title"`   // of the document, or the question that was answered
	Version *int32     `json:"version"` // of the document
	Page    *int32     `json:"page"`
	Date    *time.Time `json:"date"` // of a published answer
	Quote   string     `json:"quote"`
	URL     string     `json:"url"`       // opens the version at the page; "" where nothing can be opened
	Current bool       `json:"current"`   // it still says so
	There   bool       `json:"available"` // it can still be read
}

// Emergency is a danger that a question speaks of. Phone is "" if the company has given none.
type Emergency struct {
	Kind  string `json:"kind"`
	Phone string `json:"phone"`
}

// ToCompany is a question that was put to the company. AnsweredAt is null while there is no answer.
type ToCompany struct {
	At         time.Time  `json:"askedAt"`
	AnsweredAt *time.Time `json:"answeredAt"`
	Answer     string     `json:"answer"`
}

// Exchange is a question and its answer: what POST /api/chat answers, and what the page shows.
type Exchange struct {
	ID        uuid.UUID  `json:"id"`
	At        time.Time  `json:"askedAt"`
	Question  string     `json:"question"`
	Outcome   string     `json:"outcome"`   // answered, not_found, emergency
	Emergency *Emergency `json:"emergency"` // comes first
	Answer    string     `json:"answer"`
	Citations []Citation `json:"citations"`
	Company   *ToCompany `json:"company"` // null: the company was not asked
}

// AskView is one page of a person's conversation with the papers of their home.
type AskView struct {
	Home           Home
	Typed, Error   string
	List           []Exchange
	Previous, Next string
}

func (v AskView) first() bool { return v.Previous == "" }

func (e Exchange) anchor() string { return "q-" + e.ID.String() }

// Path is where an exchange stands that was just made.
func (e Exchange) Path() string { return AskPath + "#" + e.anchor() }

func (e Exchange) companyPath() string { return AskPath + "/" + e.ID.String() + "/company" }

// source names where a quote stands, in a line.
func (c Citation) source(ctx context.Context, company string) string {
	switch {
	case c.Kind == "answer" && c.Date != nil:
		return text.T(ctx, "ask.source.answer", company, text.Date(ctx, *c.Date), c.Title)
	case c.Version != nil && c.Page != nil:
		return text.T(ctx, "ask.source.page", c.Title, *c.Version, *c.Page)
	case c.Version != nil:
		return text.T(ctx, "ask.source.version", c.Title, *c.Version)
	}
	return c.Title
}

// note says that what was quoted isn't what stands there today, "" if it is.
func (c Citation) note(ctx context.Context) string {
	switch {
	case !c.There:
		return text.T(ctx, "ask.gone")
	case !c.Current && c.Kind == "answer":
		return text.T(ctx, "ask.changed")
	case !c.Current:
		return text.T(ctx, "ask.old-version")
	}
	return ""
}

// VersionPath is where a version of a document opens, at a page of it.
func VersionPath(document uuid.UUID, number int32, page *int32) string {
	at := fmt.Sprintf("/documents/%s/versions/%d", document, number)
	if page != nil {
		at += fmt.Sprintf("#page=%d", *page)
	}
	return at
}

func askPage(ctx context.Context, v AskView) ui.Page {
	p := inside(ctx, text.T(ctx, "ask.title"), navAsk, v.Home)
	p.Narrow, p.Invalid = true, v.Error != ""
	return p
}

func askErrors(ctx context.Context, v AskView) []ui.FieldError {
	if v.Error == "" {
		return nil
	}
	return ui.FieldErrors(map[string]string{"question": v.Error}, ui.FormField{Name: "question", Label: text.T(ctx, "ask.question")})
}

// lines are the lines of a plain text that have something on them.
func lines(plain string) []string {
	var list []string
	for line := range strings.Lines(plain) {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, line)
		}
	}
	return list
}

// danger names an emergency.
//
// text:keys ask.emergency.*
func (e Emergency) danger(ctx context.Context) string {
	if e.Kind == "" {
		return text.T(ctx, "home.emergency.title")
	}
	return text.T(ctx, "ask.emergency."+e.Kind)
}
