package portal

import (
	"net/http"
	"strings"
	"time"

	"openhouse.example/apps/tenant-portal/internal/pages"
	"openhouse.example/packages/platform/files"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

// DownloadTime is how long a download may take: a manual is large, and a phone is slow.
const DownloadTime = 10 * time.Minute

const longestSearch = 100 // characters

// Documents shows the papers of this home: GET /documents and GET /api/documents, with ?q= those whose title has the words.
func (p *Portal) Documents(w http.ResponseWriter, r *http.Request) error {
	who, err := resident(r)
	if err != nil {
		return err
	}
	words := strings.Join(strings.Fields(strings.ToValidUTF8(strings.ReplaceAll(r.URL.Query().Get("q"), "\x00", ""), "")), " ")
	if len([]rune(words)) > longestSearch {
		return web.Invalid(map[string]text.Message{"q": text.M("documents.search-long", longestSearch)})
	}
	list, err := p.store.Documents(r.Context(), who, words)
	if err != nil {
		return err
	}
	view := pages.DocumentsView{Words: words, List: make([]pages.Document, len(list))}
	for i, d := range list {
		view.List[i] = pages.Document{
			ID: d.ID, Title: d.Title, Category: d.Category, MustRead: d.MustRead, For: d.Scope, Number: d.Number, Type: d.MIME, Size: d.Size, Pages: d.Pages, Since: d.VersionAt,
		}
	}
	if web.WantsJSON(r) {
		return web.JSON(w, http.StatusOK, map[string]any{"documents": view.List})
	}
	if view.Home, err = p.around(r, who); err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, pages.Documents(view))
}

// Document sends the file of a document as it is now: GET /documents/{document}.
func (p *Portal) Document(w http.ResponseWriter, r *http.Request) error {
	return p.documentFile(w, r, 0)
}

// DocumentVersion sends the file of one version, which is where citations lead: GET /documents/{document}/versions/{number}.
func (p *Portal) DocumentVersion(w http.ResponseWriter, r *http.Request) error {
	number, err := web.PathNumber(r, "number")
	if err != nil {
		return err
	}
	return p.documentFile(w, r, number)
}

// documentFile sends a file piece by piece, and asks in between whether the person may still have it: a session that
// ends, or a document that is archived, ends the download.
func (p *Portal) documentFile(w http.ResponseWriter, r *http.Request, number int32) error {
	who, err := resident(r)
	if err != nil {
		return err
	}
	id, err := web.PathID(r, "document")
	if err != nil {
		return err
	}
	v, err := p.store.DocumentFile(r.Context(), who, id, number)
	if err != nil {
		return err
	}
	hash, err := files.HashOf(v.SHA256)
	if err != nil {
		return err
	}
	open := func() (web.Stored, error) { return p.files.Open(r.Context(), who.TenantID, hash) }
	return p.app.SendStored(w, r, web.File{Name: v.FileName, Type: v.MIME, Inline: true}, open, func() error {
		_, err := p.store.DocumentFile(r.Context(), who, id, number)
		return err
	})
}
