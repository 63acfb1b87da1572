package portal

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/pages"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/web"
)

var noticeNames = []string{"title", "body", "category", "priority", "audience", "startsAt", "endsAt", "timeZone", "version"}

// noticeInput is a stored notice as a form would have sent it.
func noticeInput(n store.Notice) pages.NoticeInput {
	zone := pages.Zone(n.TimeZone)
	if zone == nil {
		zone = time.UTC
	}
	in := pages.NoticeInput{
		Title: n.Title, Body: n.Body, Category: n.Category, Priority: n.Priority, Audience: pages.AudienceValue(n.Audience),
		StartsAt: pages.InputTime(n.StartsAt, zone), TimeZone: n.TimeZone,
	}
	if n.EndsAt != nil {
		in.EndsAt = pages.InputTime(*n.EndsAt, zone)
	}
	return in
}

// noticeValues is what a field means that a program leaves out.
func noticeValues(stored *store.Notice) url.Values {
	if stored == nil {
		return url.Values{"category": {"general"}, "priority": {"normal"}}
	}
	in := noticeInput(*stored)
	return url.Values{
		"title": {in.Title}, "body": {in.Body}, "category": {in.Category}, "priority": {in.Priority}, "audience": {in.Audience},
		"startsAt": {in.StartsAt}, "endsAt": {in.EndsAt}, "timeZone": {in.TimeZone}, "version": {stored.UpdatedAt.UTC().Format(time.RFC3339Nano)},
	}
}

// readNotice reads what was entered about a notice: as typed, and as understood. The error says what is wrong with it.
// stored is the notice that is changed, nil for a new one.
func (p *Portal) readNotice(r *http.Request, stored *store.Notice) (typed pages.NoticeInput, f store.NoticeFields, version *time.Time, err error) {
	form, err := readInput(r, noticeValues(stored), noticeNames...)
	if err != nil {
		return typed, f, nil, err
	}
	in := input{form}
	typed = pages.NoticeInput{
		Title: in.name("title", pages.MaxNoticeTitle), Body: in.Text("body", pages.MaxNoticeBody), Category: in.oneOf("category", pages.NoticeCategories),
		Priority: in.oneOf("priority", pages.NoticePriorities), Audience: in.Line("audience", 60),
		StartsAt: in.Line("startsAt", 40), EndsAt: in.Line("endsAt", 40), TimeZone: in.Line("timeZone", 60),
	}
	in.Require("title", "body", "audience", "timeZone")
	f = store.NoticeFields{
		Title: typed.Title, Body: typed.Body, Category: typed.Category, Priority: typed.Priority, TimeZone: typed.TimeZone, Audience: in.audience("audience"),
	}
	zone := in.zone("timeZone")
	var start, end *time.Time
	if stored != nil && stored.TimeZone == typed.TimeZone {
		start, end = &stored.StartsAt, stored.EndsAt
	}
	f.StartsAt, f.EndsAt = in.moment("startsAt", zone, start), in.moment("endsAt", zone, end)
	from := p.now()
	if f.StartsAt != nil {
		from = *f.StartsAt
	}
	if f.EndsAt != nil && !f.EndsAt.After(from) {
		in.fail("endsAt", "end")
	}
	return typed, f, in.version("version"), in.Err()
}

// audience is whom a notice is for: "company", "development:ID" or "type:ID".
func (in input) audience(field string) store.Audience {
	kind, value, _ := strings.Cut(in.Line(field, 60), ":")
	id, err := uuid.Parse(value)
	switch {
	case kind == store.ScopeCompany && value == "":
		return store.Audience{Scope: store.ScopeCompany}
	case kind == "development" && err == nil:
		return store.Audience{Scope: store.ScopeDevelopment, DevelopmentID: &id}
	case kind == "type" && err == nil:
		return store.Audience{Scope: store.ScopeHouseType, HouseTypeID: &id}
	}
	in.Fail(field, web.MsgChoose)
	return store.Audience{}
}
