package portal

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/pages"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/db"
	"openhouse.example/packages/platform/files"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

// ListDocuments shows the papers of a development and how far their reading has come:
// GET /developments/{development}/documents?q=…&category=…&for=…&state=…&archived=on.
func (p *Portal) ListDocuments(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "development")
	if err != nil {
		return err
	}
	number, page, err := pageOf(r)
	if err != nil {
		return err
	}
	filter, err := documentFilter(r)
	if err != nil {
		return err
	}
	d, err := p.store.Overview(r.Context(), who, id)
	if err != nil {
		return err
	}
	list, figures, more, err := p.store.Documents(r.Context(), who, id, filter, page)
	if err != nil {
		return err
	}
	around := paging(r, number, more)
	if web.WantsJSON(r) {
		return web.JSON(w, http.StatusOK, struct {
			Documents []pages.DocumentLine  `json:"documents"`
			Figures   store.DocumentFigures `json:"figures"`
			Next      *string               `json:"next"`
		}{pages.DocumentLines(r.Context(), list), figures, next(around)})
	}
	frame, err := p.frame(w, r, who)
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, pages.Documents(pages.DocumentsView{
		Frame: frame, Development: d.Development, Homes: d.Figures.Homes, Filter: filter, Figures: figures, List: list, Paging: around,
	}))
}

func documentFilter(r *http.Request) (store.DocumentFilter, error) {
	query := r.URL.Query()
	f := store.DocumentFilter{
		Category: query.Get("category"), Scope: query.Get("for"), State: query.Get("state"), Archived: query.Get("archived") != "",
	}
	wrong := map[string]text.Message{}
	for name, c := range map[string]struct {
		value   string
		allowed []string
	}{
		"category": {f.Category, pages.DocumentCategories}, "for": {f.Scope, pages.DocumentScopes}, "state": {f.State, pages.DocumentStates},
	} {
		if c.value != "" && !slices.Contains(c.allowed, c.value) {
			wrong[name] = web.MsgChoose
		}
	}
	if len(wrong) > 0 {
		return f, web.Invalid(wrong)
	}
	f.Words = searched(r, "q")
	return f, nil
}

// ShowDocument shows one document with its versions: GET /documents/{document}.
func (p *Portal) ShowDocument(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "document")
	if err != nil {
		return err
	}
	return p.documentPage(w, r, who, id, http.StatusOK, "")
}

// documentPage shows a document. mistake is what is wrong with a new version that was sent.
func (p *Portal) documentPage(w http.ResponseWriter, r *http.Request, who store.Staff, id uuid.UUID, status int, mistake string) error {
	d, err := p.store.Document(r.Context(), who, id)
	if err != nil {
		return err
	}
	if web.WantsJSON(r) {
		return web.JSON(w, status, pages.DocumentAnswer(r.Context(), d))
	}
	frame, err := p.frame(w, r, who)
	if err != nil {
		return err
	}
	return web.Render(w, r, status, pages.Document(pages.DocumentView{Frame: frame, Document: d, Error: mistake}))
}

// DocumentFile sends the file of a version, to be looked at or, with ?save=on, to be saved:
// GET /documents/{document}/versions/{number}.
func (p *Portal) DocumentFile(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "document")
	if err != nil {
		return err
	}
	number, err := web.PathNumber(r, "number")
	if err != nil {
		return err
	}
	v, err := p.store.VersionFile(r.Context(), who, id, number)
	if err != nil {
		return err
	}
	hash, err := files.HashOf(v.SHA256)
	if err != nil {
		return err
	}
	open := func() (web.Stored, error) { return p.files.Open(r.Context(), who.TenantID, hash) }
	return p.app.SendStored(w, r, web.File{Name: v.FileName, Type: v.MIME, Inline: r.URL.Query().Get("save") == ""}, open, func() error {
		_, err := p.store.VersionFile(r.Context(), who, id, number)
		return err
	})
}

// EditDocument shows the form for a document: GET /documents/{document}/edit.
func (p *Portal) EditDocument(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "document")
	if err != nil {
		return err
	}
	d, err := p.store.Document(r.Context(), who, id)
	if err != nil {
		return err
	}
	return p.documentForm(w, r, who, http.StatusOK, pages.DocumentForm{Stored: d, Version: d.UpdatedAt, Input: pages.DocumentInputOf(d)})
}

func (p *Portal) documentForm(w http.ResponseWriter, r *http.Request, who store.Staff, status int, f pages.DocumentForm) error {
	var err error
	if f.Places, err = p.store.DocumentPlaces(r.Context(), who, f.Stored.DevelopmentID); err != nil {
		return err
	}
	if f.Frame, err = p.frame(w, r, who); err != nil {
		return err
	}
	return web.Render(w, r, status, pages.EditDocument(f))
}

// SaveDocument changes a document's title, category and for whom it is: POST /documents/{document}.
func (p *Portal) SaveDocument(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "document")
	if err != nil {
		return err
	}
	stored, err := p.store.Document(r.Context(), who, id)
	if err != nil {
		return err
	}
	places, err := p.store.DocumentPlaces(r.Context(), who, stored.DevelopmentID)
	if err != nil {
		return err
	}
	was := pages.DocumentInputOf(stored)
	form, err := readInput(r, url.Values{
		"title": {was.Title}, "category": {was.Category}, "for": {was.Place}, "mustRead": {was.MustReadValue()},
		"version": {stored.UpdatedAt.UTC().Format(time.RFC3339Nano)},
	}, "title", "category", "for", "mustRead", "version")
	if err != nil {
		return err
	}
	in := input{form}
	typed, fields := readDocument(in, places)
	in.Require("title", "version")
	version := in.version("version")
	if err = in.Err(); err == nil {
		_, err = p.store.SaveDocument(r.Context(), who, p.app.Intent(r), id, *version, fields)
	}
	f := pages.DocumentForm{Stored: stored, Version: stored.UpdatedAt, Input: typed, Errors: web.Complaints(r.Context(), err)}
	switch {
	case errors.Is(err, store.ErrChanged):
		if web.WantsJSON(r) {
			return changed(err)
		}
		f.Conflict, f.Conflicts = true, documentConflicts(r.Context(), stored, was, typed)
		return p.documentForm(w, r, who, http.StatusConflict, f)
	case f.Errors != nil && !web.WantsJSON(r):
		if version != nil {
			f.Version = *version // what the person has seen, not what has become of it
		}
		return p.documentForm(w, r, who, http.StatusUnprocessableEntity, f)
	case err != nil:
		return err
	case web.WantsJSON(r):
		return p.documentPage(w, r, who, id, http.StatusOK, "")
	}
	p.done(w, r, "/documents/"+id.String(), "document-saved")
	return nil
}

// documentConflicts lists what is stored where something else was typed.
func documentConflicts(ctx context.Context, d store.Document, was, typed pages.DocumentInput) pages.Conflicts {
	var list pages.Conflicts
	list.Add(text.T(ctx, "document.title"), was.Title, typed.Title, was.Title)
	list.Add(text.T(ctx, "document.category"), was.Category, typed.Category, pages.DocumentCategory(was.Category).In(ctx))
	list.Add(text.T(ctx, "document.for"), was.Place, typed.Place, pages.PlaceName(ctx, d.Place))
	return list
}

// readDocument reads what was entered about a document: as typed, and as understood.
func readDocument(in input, places []store.DocumentPlace) (pages.DocumentInput, store.DocumentFields) {
	typed := pages.DocumentInput{
		Title: in.name("title", pages.MaxDocumentTitle), Category: in.oneOf("category", pages.DocumentCategories),
		Place: in.Line("for", 60), MustRead: in.ticked("mustRead"),
	}
	f := store.DocumentFields{Title: typed.Title, Category: typed.Category, MustRead: typed.MustRead}
	at := slices.IndexFunc(places, func(pl store.DocumentPlace) bool { return pages.PlaceValue(pl) == typed.Place })
	if at < 0 {
		in.Fail("for", web.MsgChoose)
		return typed, f
	}
	f.Place = places[at]
	return typed, f
}

// ticked reads a box to tick, which programs may send as true or false.
func (in input) ticked(name string) bool {
	value := in.Line(name, 10)
	return value != "" && value != "false"
}

// ArchiveDocument takes a document from residents: POST /documents/{document}/archive.
func (p *Portal) ArchiveDocument(w http.ResponseWriter, r *http.Request) error {
	return p.turnDocument(w, r, p.store.ArchiveDocument, "document-archived")
}

// UnarchiveDocument undoes that: POST /documents/{document}/unarchive.
func (p *Portal) UnarchiveDocument(w http.ResponseWriter, r *http.Request) error {
	return p.turnDocument(w, r, p.store.UnarchiveDocument, "document-unarchived")
}

// ReadDocumentAgain has the current version read again: POST /documents/{document}/read-again.
func (p *Portal) ReadDocumentAgain(w http.ResponseWriter, r *http.Request) error {
	return p.turnDocument(w, r, p.store.ReadVersionAgain, "document-queued")
}

func (p *Portal) turnDocument(w http.ResponseWriter, r *http.Request, turn func(context.Context, store.Staff, db.Intent, uuid.UUID) (store.Created, error), flash string) error {
	who, id, err := staffAnd(r, "document")
	if err != nil {
		return err
	}
	if _, err := readInput(r, nil); err != nil { // no fields but the idempotency key, which the intent needs
		return err
	}
	_, err = turn(r.Context(), who, p.app.Intent(r), id)
	switch {
	case errors.Is(err, store.ErrAlready) && !web.WantsJSON(r): // somebody else was faster: the page shows how it is
	case errors.Is(err, store.ErrAlready):
		return web.Conflict("already", text.M("document.already"), err)
	case err != nil:
		return err
	case web.WantsJSON(r):
		return p.documentPage(w, r, who, id, http.StatusOK, "")
	}
	p.done(w, r, "/documents/"+id.String(), flash)
	return nil
}
