package pages

import (
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/ui"
	"openhouse.example/packages/ui/text"
)

// AuditKinds are who acts, where no single person is meant.
var AuditKinds = []string{"staff", "resident", "worker", "operator"}

// AuditActions are all kinds of action that have a sentence, by name. tests/structure holds that each that is written
// has one.
var AuditActions = sync.OnceValue(func() []string {
	var list []string
	for _, key := range text.Keys() {
		if action, ok := strings.CutPrefix(key, "audit.did."); ok {
			list = append(list, action)
		}
	}
	slices.Sort(list)
	return list
})

// AuditWho names who acted.
//
// text:keys audit.who.*
func AuditWho(ctx context.Context, e store.AuditEntry) string {
	switch {
	case e.Actor != "":
		return e.Actor
	case e.ActorKind == "resident" && e.ActorID != nil && !e.ActorThere:
		return text.T(ctx, "audit.who.erased")
	case e.ActorKind == "staff" && e.ActorID == nil:
		return text.T(ctx, "audit.who.somebody")
	}
	return text.T(ctx, "audit.who."+e.ActorKind)
}

// auditThing names what was acted on.
//
// text:keys audit.thing.*
// text:keys audit.gone.*
func auditThing(ctx context.Context, e store.AuditEntry) string {
	switch {
	case !slices.Contains(auditThings, e.Object):
		return ""
	case e.Object == "unit" && e.ObjectThere:
		return auditHome(ctx, e)
	case !e.ObjectThere || e.ObjectName == "":
		return text.T(ctx, "audit.gone."+e.Object)
	}
	return text.T(ctx, "audit.thing."+e.Object, e.ObjectName)
}

// auditThings are the things that have names.
var auditThings = []string{"development", "unit", "staff", "resident", "import", "invite_batch", "notice", "document"}

func auditHome(ctx context.Context, e store.AuditEntry) string {
	if e.HomeName == "" {
		return text.T(ctx, "audit.gone.unit")
	}
	return text.T(ctx, "audit.thing.unit", e.HomeName)
}

// AuditSentence says in a sentence what an entry stands for. A sentence may name who acted, on what, and in which home.
//
// text:keys audit.did.*
func AuditSentence(ctx context.Context, e store.AuditEntry) string {
	if !slices.Contains(AuditActions(), e.Action) { // of a newer program, or an older one
		return text.T(ctx, "audit.other", AuditWho(ctx, e), e.Action)
	}
	sentence := text.T(ctx, "audit.did."+e.Action, AuditWho(ctx, e), auditThing(ctx, e), auditHome(ctx, e))
	return capital(sentence)
}

// auditFieldWords are the fields that have words, by kind of thing and name.
var auditFieldWords = sync.OnceValue(func() map[string]bool {
	known := map[string]bool{}
	for _, key := range text.Keys() {
		if field, ok := strings.CutPrefix(key, "audit.field."); ok {
			known[field] = true
		}
	}
	return known
})

// AuditChanged says which fields of a thing somebody has changed; "" for an entry that doesn't tell.
//
// text:keys audit.field.*
func AuditChanged(ctx context.Context, e store.AuditEntry) string {
	var detail struct {
		Changed []string `json:"changed"`
	}
	// A detail of another form tells nothing here; the file of the log has it as it is.
	if json.Unmarshal(e.Detail, &detail) != nil || detail.Changed == nil {
		return ""
	}
	if len(detail.Changed) == 0 {
		return text.T(ctx, "audit.changed-nothing")
	}
	names := make([]string, len(detail.Changed))
	for i, field := range detail.Changed {
		names[i] = field // of a newer program, or an older one
		if name := e.Object + "." + field; auditFieldWords()[name] {
			names[i] = text.T(ctx, "audit.field."+name)
		}
	}
	return text.T(ctx, "audit.changed", strings.Join(names, ", "))
}

// AuditHref is the address of what an entry is about, "" if it has no page any more.
func AuditHref(e store.AuditEntry) string {
	if e.ObjectThere && e.ObjectID != nil {
		switch e.Object {
		case "development":
			return developmentPath(*e.ObjectID)
		case "unit":
			return homePath(*e.ObjectID)
		case "staff":
			return memberPath(*e.ObjectID)
		case "resident":
			return personPath(*e.ObjectID)
		case "import":
			return importPath(*e.ObjectID)
		case "invite_batch":
			return "/sheets/" + e.ObjectID.String()
		case "notice":
			return noticePath(*e.ObjectID)
		case "document":
			return documentPath(*e.ObjectID)
		}
	}
	if e.HomeID != nil {
		return homePath(*e.HomeID)
	}
	return ""
}

// capital makes a sentence of words that may begin with a thing.
func capital(s string) string {
	if s == "" {
		return s
	}
	r := []rune(s)
	return strings.ToUpper(string(r[:1])) + string(r[1:])
}

// AuditView is one page of the audit log.
type AuditView struct {
	Frame
	Log    store.AuditPage
	Filter url.Values        // as typed; only what is set
	Errors map[string]string // by filter
	Older  string            // address of the next page, "" behind the oldest entry
	Later  bool              // newer entries stand before this page
}

func (v AuditView) path() string {
	if len(v.Filter) == 0 {
		return "/audit"
	}
	return "/audit?" + v.Filter.Encode()
}

// pathWithout is the log without one filter.
func (v AuditView) pathWithout(name string) string {
	kept := url.Values{}
	for n := range v.Filter {
		if n != name {
			kept.Set(n, v.Filter.Get(n))
		}
	}
	return AuditView{Filter: kept}.path()
}

// day is a day among the filters; "" for what is none, which a browser's field for days can't show.
func (v AuditView) day(name string) string {
	value := v.Filter.Get(name)
	if _, err := time.Parse(time.DateOnly, value); err != nil {
		return ""
	}
	return value
}

// filtered says whether a filter of the form is set, which then is unfolded.
func (v AuditView) filtered() bool { return len(v.Filter) > 0 || len(v.Errors) > 0 }

func (v AuditView) whoOptions(ctx context.Context) []ui.Option {
	var list []ui.Option
	chosen := v.Filter.Get("who")
	known := chosen == "" || slices.Contains(AuditKinds, chosen)
	// text:keys audit.all.*
	for _, kind := range AuditKinds {
		list = append(list, ui.Option{Value: kind, Label: text.T(ctx, "audit.all."+kind)})
	}
	for _, p := range v.Log.People {
		known = known || p.ID.String() == chosen
		list = append(list, ui.Option{Value: p.ID.String(), Label: p.Name})
	}
	if !known { // a resident, who is not listed
		label := text.T(ctx, "audit.this-person")
		if len(v.Log.Entries) > 0 {
			label = AuditWho(ctx, v.Log.Entries[0])
		}
		list = append(list, ui.Option{Value: chosen, Label: label})
	}
	return list
}

func (v AuditView) actionOptions(ctx context.Context) []ui.Option {
	var list []ui.Option
	// text:keys audit.kind.*
	for _, action := range AuditActions() {
		list = append(list, ui.Option{Value: action, Label: text.T(ctx, "audit.kind."+action)})
	}
	slices.SortStableFunc(list, func(a, b ui.Option) int { return strings.Compare(strings.ToLower(a.Label), strings.ToLower(b.Label)) })
	return list
}

func (v AuditView) developmentOptions() []ui.Option {
	list := make([]ui.Option, len(v.Log.Developments))
	for i, d := range v.Log.Developments {
		list[i] = ui.Option{Value: d.ID.String(), Label: d.Name}
	}
	return list
}

func auditFields(ctx context.Context) []ui.FormField {
	return []ui.FormField{
		named("who", text.T(ctx, "audit.who")), named("action", text.T(ctx, "audit.action")), named("development", text.T(ctx, "audit.development")),
		named("from", text.T(ctx, "audit.from-day")), named("until", text.T(ctx, "audit.until-day")), named("request", text.T(ctx, "audit.request")),
	}
}

func personPath(id uuid.UUID) string { return "/residents/" + id.String() }

// auditFormats are the files that the log can be had as.
//
// text:keys audit.export.*
var auditFormats = []string{"csv", "json"}

// filterNames are the filters that are set, always in the same order.
func (v AuditView) filterNames() []string { return slices.Sorted(maps.Keys(v.Filter)) }

func auditOfRequest(id string) string { return AuditView{Filter: url.Values{"request": {id}}}.path() }

func auditPage(ctx context.Context, v AuditView) ui.Page {
	page := inside(ctx, v.Frame, text.T(ctx, "audit.title"), navAudit)
	page.Invalid = len(v.Errors) > 0
	return page
}

// brief is the beginning of a request id, enough to tell it from its neighbours; the link beside it has all.
func brief(id string) string {
	const shown = 8
	if len(id) <= shown+4 {
		return id
	}
	return id[:shown] + "…"
}
