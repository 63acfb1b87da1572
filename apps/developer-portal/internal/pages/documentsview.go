package pages

import (
	"context"
	"strconv"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/documents"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/ui"
	"openhouse.example/packages/ui/text"
)

func documentsPath(development uuid.UUID) string { return developmentPath(development) + "/documents" }
func documentPath(id uuid.UUID) string           { return "/documents/" + id.String() }

func versionPath(id uuid.UUID, number int32) string {
	return documentPath(id) + "/versions/" + strconv.Itoa(int(number))
}

// What a document can be, in the order in which it is offered.
var (
	DocumentCategories = []string{"safety", "manual", "floor_plan", "warranty", "certificate", "legal", "general"}
	DocumentScopes     = []string{store.ScopeDevelopment, store.ScopeHouseType, store.ScopeUnit}
	DocumentStates     = []string{store.TextReady, store.TextReading, store.TextNone, store.TextFailed}
)

// The longest title of a document and note about a version, in characters.
const (
	MaxDocumentTitle = 150
	MaxVersionNote   = 200
)

// DocumentCategory names a category.
//
// text:keys document.category.*
func DocumentCategory(c string) text.Message { return text.M("document.category." + c) }

// text:keys document.scope.*
func documentScope(s string) text.Message { return text.M("document.scope." + s) }

// text:keys document.state.*
func textState(state string) text.Message { return text.M("document.state." + state) }

func textBadge(ctx context.Context, state string) ui.BadgeProps {
	tone := map[string]ui.Tone{store.TextQueued: ui.Info, store.TextProcessing: ui.Info, store.TextReady: ui.Success, store.TextFailed: ui.Danger}[state]
	return ui.BadgeProps{Label: textState(state).In(ctx), Tone: tone}
}

// versionReason is why a version has no text to search, "" if it has or nobody looked yet.
func versionReason(ctx context.Context, v store.DocumentVersion) string {
	m, ok := documents.Reason(v.Reason)
	if !ok || v.State != store.TextNone && v.State != store.TextFailed { // of the reading before
		return ""
	}
	return m.In(ctx)
}

// PlaceName says for whom a document is.
func PlaceName(ctx context.Context, p store.DocumentPlace) string {
	switch p.Scope {
	case store.ScopeHouseType:
		return text.T(ctx, "document.for-type", TypeName(p.TypeCode, p.TypeName))
	case store.ScopeUnit:
		return join(", ", text.T(ctx, "home.number", HomeNumber(p.Block, p.Home)), p.Address)
	}
	return text.T(ctx, "document.for-all")
}

// PlaceValue is that as a form sends it.
func PlaceValue(p store.DocumentPlace) string {
	switch {
	case p.Scope == store.ScopeHouseType && p.HouseTypeID != nil:
		return p.Scope + ":" + p.HouseTypeID.String()
	case p.Scope == store.ScopeUnit && p.UnitID != nil:
		return p.Scope + ":" + p.UnitID.String()
	}
	return store.ScopeDevelopment
}

func placeOptions(ctx context.Context, places []store.DocumentPlace) []ui.Option {
	list := make([]ui.Option, len(places))
	for i, p := range places {
		list[i] = ui.Option{Value: PlaceValue(p), Label: PlaceName(ctx, p)}
	}
	return list
}

// fileSize is a number of bytes as people say it.
func fileSize(ctx context.Context, n int64) string {
	if n < 1<<20 {
		return text.T(ctx, "document.kilobytes", max(1, n>>10))
	}
	return text.T(ctx, "document.megabytes", text.Number(ctx, float64(n*10>>20)/10))
}

// versionMeta is what kind of file a version is.
func versionMeta(ctx context.Context, v store.DocumentVersion) string {
	if v.Pages != nil && *v.Pages > 0 {
		return text.T(ctx, "document.meta-pages", text.T(ctx, "document.pages", int(*v.Pages)), fileSize(ctx, v.Size))
	}
	return fileSize(ctx, v.Size)
}

// DocumentsView is one page of a development's documents.
type DocumentsView struct {
	Frame
	store.Development
	Homes   int64
	Filter  store.DocumentFilter
	Figures store.DocumentFigures
	List    []store.DocumentLine
	Paging  Paging
}

func (v DocumentsView) page(ctx context.Context) ui.Page {
	p := inside(ctx, v.Frame, text.T(ctx, "documents.title", v.Development.Name), navDevelopments,
		crumbs(ctx, v.Development.Name, developmentPath(v.ID), text.T(ctx, "documents.tab"), "")...)
	if v.Figures.Reading > 0 {
		p.Refresh = refreshEvery
	}
	return p
}

func on(yes bool) string {
	if yes {
		return "on"
	}
	return ""
}

func (v DocumentsView) keep() map[string]string {
	keep := map[string]string{}
	for name, value := range map[string]string{"category": v.Filter.Category, "for": v.Filter.Scope, "state": v.Filter.State, "archived": on(v.Filter.Archived)} {
		if value != "" {
			keep[name] = value
		}
	}
	return keep
}

// states are the filters by what became of the text, and the archive.
func (v DocumentsView) states(ctx context.Context) ui.TabsProps {
	items := []ui.TabItem{{Label: text.T(ctx, "documents.all"), Href: documentsPath(v.ID), Active: v.Filter.State == "" && !v.Filter.Archived}}
	for _, s := range DocumentStates {
		count := map[string]int64{store.TextReading: v.Figures.Reading, store.TextFailed: v.Figures.Failed}[s]
		items = append(items, ui.TabItem{Label: textState(s).In(ctx), Href: documentsPath(v.ID) + "?state=" + s, Active: v.Filter.State == s, Count: int(count)})
	}
	items = append(items, ui.TabItem{Label: text.T(ctx, "documents.archive"), Href: documentsPath(v.ID) + "?archived=on", Active: v.Filter.Archived, Count: int(v.Figures.Archived)})
	return ui.TabsProps{Label: text.T(ctx, "documents.by-state"), Items: items}
}

// DocumentView is one document.
type DocumentView struct {
	Frame
	store.Document
	Error string // about the new version that was sent
}

func (v DocumentView) page(ctx context.Context) ui.Page {
	p := inside(ctx, v.Frame, v.Title, navDevelopments,
		crumbs(ctx, v.Development, developmentPath(v.DevelopmentID), text.T(ctx, "documents.tab"), documentsPath(v.DevelopmentID), v.Title, "")...)
	p.Invalid = v.Error != ""
	if v.reading() && v.Error == "" {
		p.Refresh = refreshEvery
	}
	return p
}

// current is the newest version; a document has one at least.
func (v DocumentView) current() store.DocumentVersion {
	if len(v.Versions) == 0 {
		return store.DocumentVersion{}
	}
	return v.Versions[0]
}

func (v DocumentView) reading() bool {
	state := v.current().State
	return state == store.TextQueued || state == store.TextProcessing
}

func (v DocumentView) errors() map[string]string {
	if v.Error == "" {
		return nil
	}
	return map[string]string{"file": v.Error}
}

// DocumentInput is a document as it was typed.
type DocumentInput struct {
	Title, Category, Place string
	MustRead               bool
}

// MustReadValue is the ticked box as a form sends it.
func (in DocumentInput) MustReadValue() string { return on(in.MustRead) }

// DocumentInputOf is a stored document as one would have typed it.
func DocumentInputOf(d store.Document) DocumentInput {
	return DocumentInput{Title: d.Title, Category: d.Category, Place: PlaceValue(d.Place), MustRead: d.MustRead}
}

// DocumentForm is a document being changed.
type DocumentForm struct {
	Frame
	Stored    store.Document
	Version   time.Time
	Input     DocumentInput
	Places    []store.DocumentPlace
	Errors    map[string]string
	Conflict  bool
	Conflicts Conflicts
}

func (f DocumentForm) page(ctx context.Context) ui.Page {
	return form(inside(ctx, f.Frame, text.T(ctx, "document.edit", f.Stored.Title), navDevelopments,
		crumbs(ctx, f.Stored.Development, developmentPath(f.Stored.DevelopmentID), text.T(ctx, "documents.tab"), documentsPath(f.Stored.DevelopmentID),
			f.Stored.Title, documentPath(f.Stored.ID), text.T(ctx, "action.edit"), "")...), f.Errors)
}

// documentFields names the fields of both forms in their order.
func documentFields(ctx context.Context) []ui.FormField {
	return []ui.FormField{
		named("title", text.T(ctx, "document.title")), named("category", text.T(ctx, "document.category")), named("for", text.T(ctx, "document.for")),
		named("files", text.T(ctx, "documents.files")),
	}
}

// FileResult is what became of one file.
type FileResult struct {
	Name    string
	ID      uuid.UUID     // of its document
	Problem *text.Message // why it wasn't taken; nil if it was
}

// Stored says whether the file was taken.
func (f FileResult) Stored() bool { return f.Problem == nil }

// DocumentsUpload is the form for files, and what became of those that were sent.
type DocumentsUpload struct {
	Frame
	store.Development
	Places  []store.DocumentPlace
	Input   DocumentInput
	Errors  map[string]string
	Results []FileResult
}

// Stored counts the files that were taken.
func (v DocumentsUpload) Stored() int {
	n := 0
	for _, r := range v.Results {
		if r.Stored() {
			n++
		}
	}
	return n
}

func (v DocumentsUpload) page(ctx context.Context) ui.Page {
	return form(inside(ctx, v.Frame, text.T(ctx, "documents.upload"), navDevelopments,
		crumbs(ctx, v.Development.Name, developmentPath(v.ID), text.T(ctx, "documents.tab"), documentsPath(v.ID), text.T(ctx, "documents.upload"), "")...), v.Errors)
}

// DocumentLine is a document in the list as programs read it.
type DocumentLine struct {
	store.DocumentLine
	Sentence string `json:"sentence"` // why there is no text to search
}

// DocumentLines are documents as programs read them.
func DocumentLines(ctx context.Context, list []store.DocumentLine) []DocumentLine {
	lines := make([]DocumentLine, len(list))
	for i, d := range list {
		lines[i] = DocumentLine{d, versionReason(ctx, d.Version)}
	}
	return lines
}

// DocumentAnswer is a document as programs read it.
func DocumentAnswer(ctx context.Context, d store.Document) any {
	return struct {
		store.Document
		Sentence string `json:"sentence"` // why there is no text of the current version to search
	}{d, versionReason(ctx, DocumentView{Document: d}.current())}
}

// FileAnswer is what became of a file, as programs read it.
type FileAnswer struct {
	Name     string     `json:"name"`
	Document *uuid.UUID `json:"document"` // null: it was not taken
	Problem  string     `json:"problem"`
}

// FileAnswers are the results as programs read them.
func FileAnswers(ctx context.Context, results []FileResult) []FileAnswer {
	list := make([]FileAnswer, len(results))
	for i, r := range results {
		list[i].Name = r.Name
		if r.Stored() {
			list[i].Document = &r.ID
		} else {
			list[i].Problem = r.Problem.In(ctx)
		}
	}
	return list
}
