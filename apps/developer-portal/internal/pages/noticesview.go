package pages

import (
	"context"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/ui"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web/auth"
)

// NoticesPath is the address of the list of notices.
const NoticesPath = "/notices"

func noticePath(id uuid.UUID) string { return NoticesPath + "/" + id.String() }

// What a notice can be, in the order in which it is offered.
var (
	NoticeCategories = []string{"general", "works", "safety", "utilities", "event"}
	NoticePriorities = []string{"normal", "important", "urgent"}
	NoticeStates     = []string{store.NoticeDraft, store.NoticeScheduled, store.NoticeLive, store.NoticeOver}
)

// The longest title and text of a notice, in characters.
const (
	MaxNoticeTitle = 150
	MaxNoticeBody  = 10_000
)

// text:keys notice.category.*
func noticeCategory(c string) text.Message { return text.M("notice.category." + c) }

// text:keys notice.priority.*
func noticePriority(p string) text.Message { return text.M("notice.priority." + p) }

// text:keys notice.state.*
func noticeState(ctx context.Context, state string) ui.BadgeProps {
	tone := map[string]ui.Tone{store.NoticeScheduled: ui.Info, store.NoticeLive: ui.Success}[state]
	return ui.BadgeProps{Label: text.T(ctx, "notice.state."+state), Tone: tone}
}

// priorityBadge is a badge for what is more than normal.
func priorityBadge(ctx context.Context, priority string) ui.BadgeProps {
	tone := map[string]ui.Tone{"important": ui.Warning, "urgent": ui.Danger}[priority]
	return ui.BadgeProps{Label: noticePriority(priority).In(ctx), Tone: tone}
}

// NoticeAudience says whom a notice is for.
func NoticeAudience(ctx context.Context, a store.Audience) string {
	switch a.Scope {
	case store.ScopeCompany:
		return text.T(ctx, "notice.to-all")
	case store.ScopeDevelopment:
		return a.Development
	}
	return text.T(ctx, "notice.to-type", a.Development, TypeName(a.TypeCode, a.TypeName))
}

// AudienceValue is an audience as one field of a form carries it: "company", "development:ID" or "type:ID".
func AudienceValue(a store.Audience) string {
	switch {
	case a.Scope == store.ScopeHouseType && a.HouseTypeID != nil:
		return "type:" + a.HouseTypeID.String()
	case a.Scope == store.ScopeDevelopment && a.DevelopmentID != nil:
		return "development:" + a.DevelopmentID.String()
	case a.Scope == store.ScopeCompany:
		return store.ScopeCompany
	}
	return ""
}

// LocalTime is how a browser's field for date and time says one.
const LocalTime = "2006-01-02T15:04"

// InputTime is a moment as such a field says it by the clock of zone; seconds only where there are some.
func InputTime(t time.Time, zone *time.Location) string {
	t = t.In(zone)
	if t.Second() != 0 {
		return t.Format(LocalTime + ":05")
	}
	return t.Format(LocalTime)
}

// clock is a moment by the clock that a notice is told by, with its name.
func clock(ctx context.Context, n store.NoticeTimes, t time.Time) string {
	return text.DateTime(text.WithZone(ctx, zoneOr(n.TimeZone)), t)
}

// ending is until when a notice is seen, nil while nobody has said.
func ending(n store.NoticeTimes) *time.Time {
	if n.EndedAt != nil && (n.EndsAt == nil || n.EndedAt.Before(*n.EndsAt)) {
		return n.EndedAt
	}
	return n.EndsAt
}

// seen says how many homes have seen a notice.
func seen(ctx context.Context, r store.NoticeReach) string {
	return text.T(ctx, "notice.seen", r.Seen, r.Homes)
}

// NoticesView is one page of the list of notices.
type NoticesView struct {
	Frame
	State  string // "" for all
	List   []store.NoticeLine
	Paging Paging
}

func noticeFilters(ctx context.Context, state string) ui.TabsProps {
	items := []ui.TabItem{{Label: text.T(ctx, "notices.all"), Href: NoticesPath, Active: state == ""}}
	for _, s := range NoticeStates {
		items = append(items, ui.TabItem{Label: noticeState(ctx, s).Label, Href: NoticesPath + "?state=" + s, Active: s == state})
	}
	return ui.TabsProps{Label: text.T(ctx, "notices.filter"), Items: items}
}

// NoticeView is one notice.
type NoticeView struct {
	Frame
	store.Notice
	Conflict bool // somebody else has changed it since the person looked
}

// canChange says whether the person may change the notice; the database decides in earnest.
func (v NoticeView) canChange() bool {
	return v.May(auth.EditNotices) && !(v.Limited && v.Scope == store.ScopeCompany)
}

func noticeCrumbs(ctx context.Context, title string) []ui.Crumb {
	return []ui.Crumb{{Label: text.T(ctx, "notices.title"), Href: NoticesPath}, {Label: title}}
}

// NoticeInput is a notice as it was typed.
type NoticeInput struct {
	Title, Body, Category, Priority, Audience, StartsAt, EndsAt, TimeZone string
}

// NoticeForm is a notice being written. With a nil ID it is a new one.
type NoticeForm struct {
	Frame
	ID        uuid.UUID
	Stored    string // its title as stored
	Version   time.Time
	Input     NoticeInput
	Choices   store.NoticeChoices
	Errors    map[string]string
	Conflict  bool
	Conflicts Conflicts
	Preview   bool
}

func (f NoticeForm) isNew() bool { return f.ID == uuid.Nil }

func (f NoticeForm) title(ctx context.Context) string {
	if f.isNew() {
		return text.T(ctx, "notices.new")
	}
	return text.T(ctx, "notice.edit", f.Stored)
}

func (f NoticeForm) page(ctx context.Context) ui.Page {
	trail := noticeCrumbs(ctx, f.title(ctx))
	if !f.isNew() {
		trail = []ui.Crumb{trail[0], {Label: f.Stored, Href: noticePath(f.ID)}, {Label: text.T(ctx, "action.edit")}}
	}
	return form(inside(ctx, f.Frame, f.title(ctx), navNotices, trail...), f.Errors)
}

// address is where the form is sent, and where its last button leads back to.
func (f NoticeForm) address() string {
	if f.isNew() {
		return NoticesPath
	}
	return noticePath(f.ID)
}

func audienceOptions(ctx context.Context, f NoticeForm) []ui.Option {
	var list []ui.Option
	if !f.Limited {
		list = append(list, ui.Option{Value: store.ScopeCompany, Label: text.T(ctx, "notice.to-all")})
	}
	for _, a := range f.Choices.Audiences {
		label := NoticeAudience(ctx, a)
		if a.Scope == store.ScopeDevelopment {
			label = text.T(ctx, "notice.to-development", a.Development)
		}
		list = append(list, ui.Option{Value: AudienceValue(a), Label: label})
	}
	return list
}

// noticeFields names the fields in the form's order.
func noticeFields(ctx context.Context) []ui.FormField {
	return []ui.FormField{
		named("title", text.T(ctx, "notice.title")), named("body", text.T(ctx, "notice.body")), named("audience", text.T(ctx, "notice.audience")),
		named("category", text.T(ctx, "notice.category")), named("priority", text.T(ctx, "notice.priority")),
		named("startsAt", text.T(ctx, "notice.starts")), named("endsAt", text.T(ctx, "notice.ends")), named("timeZone", text.T(ctx, "notice.zone")),
	}
}

func saveLabel(ctx context.Context, f NoticeForm) string {
	if f.isNew() {
		return text.T(ctx, "notice.save-draft")
	}
	return text.T(ctx, "action.save")
}

func noticePage(ctx context.Context, v NoticeView) ui.Page {
	p := inside(ctx, v.Frame, v.Title, navNotices, noticeCrumbs(ctx, v.Title)...)
	p.Narrow = true
	return p
}

func noticeEnd(ctx context.Context, n store.NoticeTimes) string {
	if n.EndsAt == nil {
		return text.T(ctx, "notice.no-end")
	}
	return clock(ctx, n, *n.EndsAt)
}

// noticeNext says what can be done with a notice, and what that does.
func noticeNext(ctx context.Context, v NoticeView) string {
	switch {
	case v.State == store.NoticeDraft && v.Past:
		return text.T(ctx, "notice.next-past")
	case v.State == store.NoticeDraft:
		return text.T(ctx, "notice.next-draft")
	case v.State == store.NoticeScheduled:
		return text.T(ctx, "notice.next-scheduled", clock(ctx, v.NoticeTimes, v.StartsAt))
	case v.State == store.NoticeLive:
		return text.T(ctx, "notice.next-live")
	case v.EndedAt != nil && !v.Past:
		return text.T(ctx, "notice.next-ended")
	}
	return text.T(ctx, "notice.next-over")
}
