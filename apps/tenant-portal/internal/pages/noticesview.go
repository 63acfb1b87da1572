package pages

import (
	"context"
	"time"
	_ "time/tzdata" // the names are known wherever the program runs

	"github.com/google/uuid"

	"openhouse.example/packages/ui"
	"openhouse.example/packages/ui/text"
)

// NoticesPath is the address of the list of notices.
const NoticesPath = "/notices"

// Notice is something that the company tells its residents.
type Notice struct {
	ID       uuid.UUID  `json:"id"`
	Title    string     `json:"title"`
	Category string     `json:"category"` // general, works, safety, utilities, event
	Priority string     `json:"priority"` // normal, important, urgent
	Since    time.Time  `json:"since"`
	Until    *time.Time `json:"until"`    // null: until the company ends it
	TimeZone string     `json:"timeZone"` // by whose clock the company tells its times
	Read     bool       `json:"read"`     // before now
}

// NoticeView is a notice with its text.
type NoticeView struct {
	Notice
	Body string `json:"body"` // Markdown
}

// NoticesView is one page of the list of notices. Previous and Next are addresses, "" where there is none.
type NoticesView struct {
	Home           Home
	List           []Notice
	Previous, Next string
}

func (n Notice) path() string { return NoticesPath + "/" + n.ID.String() }

// in is the context in which the company's clock counts.
func (n Notice) in(ctx context.Context) context.Context {
	zone, err := time.LoadLocation(n.TimeZone)
	if err != nil || n.TimeZone == "Local" { // of the server's clock people know nothing
		zone = time.UTC
	}
	return text.WithZone(ctx, zone)
}

// meta is what a notice is about, and since when it can be read.
//
// text:keys notice.category.*
func (n Notice) meta(ctx context.Context) string {
	return text.T(ctx, "notice.since", text.T(ctx, "notice.category."+n.Category), text.DateShort(n.in(ctx), n.Since))
}

// badges say that a notice is more than normal, and new to the person.
//
// text:keys notice.priority.*
func (n Notice) badges(ctx context.Context) []ui.BadgeProps {
	var list []ui.BadgeProps
	switch n.Priority {
	case "urgent":
		list = append(list, ui.BadgeProps{Label: text.T(ctx, "notice.priority.urgent"), Tone: ui.Danger})
	case "important":
		list = append(list, ui.BadgeProps{Label: text.T(ctx, "notice.priority.important"), Tone: ui.Warning})
	}
	if !n.Read {
		list = append(list, ui.BadgeProps{Label: text.T(ctx, "notice.new"), Tone: ui.Info})
	}
	return list
}

func (n Notice) icon() string {
	switch {
	case n.Priority == "urgent":
		return "alert"
	case n.Category == "event":
		return "calendar"
	case n.Category == "works":
		return "wrench"
	case n.Category == "safety":
		return "shield"
	}
	return "bell"
}

// noticePage is the page around one notice.
func noticePage(ctx context.Context, h Home, n NoticeView) ui.Page {
	p := inside(ctx, n.Title, navNotices, h)
	p.Narrow = true
	p.Breadcrumbs = []ui.Crumb{{Label: text.T(ctx, "notices.title"), Href: NoticesPath}, {Label: n.Title}}
	return p
}
