package browser

import (
	"path"
	"strings"

	"github.com/google/uuid"

	"openhouse.example/packages/ui/uitest"
)

// documents are the papers that the scenes look at.
type documents struct {
	working                           string // "/developments/…" whose documents are being read
	manual, failed, archived, reading string // "/documents/…"
}

// furnishDocuments brings the demo's papers into states that the worker, which doesn't run here, would bring them into.
func (w *world) furnishDocuments() {
	w.t.Helper()
	w.DB.Exec(`update document_versions v set text_state = 'ready', pages = case d.title when 'House manual' then 5 else 1 end
		from documents d where d.tenant_id = v.tenant_id and d.id = v.document_id`)
	d := &w.documents
	list := w.staff.Get(w.longview + "/documents").Want(200)
	d.manual = list.Link("House manual")
	w.paper(path.Base(d.manual), 2, "House_manual_2026-11.pdf", "ready", "", "Bins: new days")
	w.DB.Exec("update document_versions set pages = 6 where document_id = $1 and number = 2", path.Base(d.manual))

	d.working = w.newDevelopment("Sluice Gardens")
	for i, title := range []string{"Certificate of the lift", "Heating of the apartments with a name that is long enough to need a second line", "Fire strategy", "Guarantee"} {
		state, reason := []string{"queued", "processing", "failed", "no_text"}[i], []string{"", "", "encrypted", "scanned"}[i]
		id := w.newPaper(d.working, title)
		w.paper(id, 1, strings.ReplaceAll(strings.ToLower(title), " ", "-")+".pdf", state, reason, "")
		switch state {
		case "processing":
			d.reading = "/documents/" + id
		case "failed":
			d.failed = "/documents/" + id
		}
	}
	old := w.newPaper(d.working, "Brochure of 2024")
	w.paper(old, 1, "brochure.pdf", "ready", "", "")
	w.DB.Exec("update documents set archived_at = now() where id = $1", old)
	d.archived = "/documents/" + old
}

func (w *world) newPaper(development, title string) (id string) {
	w.t.Helper()
	id = uuid.NewString()
	w.DB.Exec(`insert into documents (tenant_id, id, development_id, scope, title, category, must_read)
		select tenant_id, $2, id, 'development', $3, 'certificate', $3 = 'Fire strategy' from developments where id = $1`, path.Base(development), id, title)
	return id
}

// paper adds a version with the file of a demo document.
func (w *world) paper(document string, number int, file, state, reason, note string) {
	w.t.Helper()
	id := uuid.NewString()
	w.DB.Exec(`insert into document_versions (tenant_id, id, development_id, document_id, number, sha256, file_name, mime, size_bytes, note, text_state, text_reason, created_by)
		select d.tenant_id, $2, d.development_id, d.id, $3, v.sha256, $4, v.mime, v.size_bytes, $7, $5, $6, (select s.id from staff s where s.tenant_id = d.tenant_id and s.email = 'tomas.developer@example.org')
		from documents d join document_versions v on v.tenant_id = d.tenant_id and v.file_name = 'house-manual.pdf' and v.number = 1 where d.id = $1`,
		document, id, number, file, state, reason, note)
	w.DB.Exec("update documents set current_version_id = $2 where id = $1", document, id)
}

// documentScenes are the pages about documents, in both portals.
func (w *world) documentScenes() []scene {
	in, d, t := w.staffCookies, w.documents, w.Tenant.URL
	const send = "main form[enctype] button[type=submit]"
	return []scene{
		{name: "documents", path: w.longview + "/documents", cookies: in, says: "Type B floor plan"},
		{name: "documents-viewer", path: w.longview + "/documents", cookies: w.viewCookies, says: "Type B floor plan"},
		{name: "documents-reading", path: d.working + "/documents", cookies: in, says: "2 of 4 are read", act: quiet},
		{name: "documents-failed", path: d.working + "/documents?state=failed", cookies: in, says: "locked with a password", act: quiet},
		{name: "documents-filtered", path: w.longview + "/documents?category=legal", cookies: in, says: "No document is like that"},
		{name: "documents-none", path: w.vacant + "/documents", cookies: in, says: "No documents yet"},
		{name: "documents-none-viewer", path: w.vacant + "/documents", cookies: w.viewCookies, says: "once somebody has uploaded them"},
		{name: "documents-upload", path: w.longview + "/documents/new", cookies: in, says: "25 MB"},
		{name: "documents-upload-missing", path: w.longview + "/documents/new", cookies: in, status: 422, says: "There is a problem", act: submit(send)},
		{name: "document", path: d.manual, cookies: in, says: "Bins: new days"},
		{name: "document-viewer", path: d.manual, cookies: w.viewCookies, says: "Bins: new days"},
		{name: "document-reading", path: d.reading, cookies: in, says: "Being read", act: quiet},
		{name: "document-failed", path: d.failed, cookies: in, says: "Read again"},
		{name: "document-archived", path: d.archived, cookies: in, says: "Bring back"},
		{name: "document-version-missing", path: d.manual, cookies: in, status: 422, says: "Choose a file", act: submit(send)},
		{name: "document-edit", path: d.manual + "/edit", cookies: in, says: "Only those homes see it"},
		{name: "document-edit-wrong", path: d.manual + "/edit", cookies: in, status: 422, says: "There is a problem", act: func(p *uitest.Page) {
			p.Fill("[name=title]", "")
			p.Submit("main form button[type=submit]")
		}},
		{name: "document-conflict", path: d.manual + "/edit", cookies: in, status: 409, act: func(p *uitest.Page) {
			w.DB.Exec("update documents set updated_at = clock_timestamp() where id = $1", path.Base(d.manual))
			p.Submit("main form button[type=submit]")
		}},
		{name: "my-documents", portal: t, path: "/documents", cookies: w.homeCookies, says: "Alarm letter"},
		{name: "my-documents-search", portal: t, path: "/documents?q=letter", cookies: w.homeCookies, says: "Alarm letter"},
		{name: "my-documents-nothing", portal: t, path: "/documents?q=boat", cookies: w.homeCookies, says: "No title has these words"},
		{name: "my-documents-none", portal: t, path: "/documents", cookies: w.bareCookies, says: "No documents yet"},
	}
}
