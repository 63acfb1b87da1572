package portal

import (
	"errors"
	"net/http"
	"time"

	"openhouse.example/apps/developer-portal/internal/sheets"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/db"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

// DownloadTime is how long a download may take: the sheets of 2,000 homes are some megabytes, and a phone is slow.
const DownloadTime = 10 * time.Minute

// SheetPDF is the sheets of a print: GET /sheets/{sheet}/sheets.pdf.
func (p *Portal) SheetPDF(w http.ResponseWriter, r *http.Request) error {
	return p.sheetFile(w, r, store.FilePDF, "application/pdf")
}

// SheetZIP is the codes of a print as pictures: GET /sheets/{sheet}/codes.zip.
func (p *Portal) SheetZIP(w http.ResponseWriter, r *http.Request) error {
	return p.sheetFile(w, r, store.FileZIP, "application/zip")
}

// sheetFile sends a file piece by piece: no connection to the database waits for a slow phone. A session that ends
// meanwhile ends the download. When the file's time is over the answer says so honestly: codes are not kept, whoever
// lost the file prints again.
func (p *Portal) sheetFile(w http.ResponseWriter, r *http.Request, kind, mediaType string) error {
	who, id, err := staffAnd(r, "sheet")
	if err != nil {
		return err
	}
	print, err := p.store.Print(r.Context(), who, id)
	if err != nil {
		return err
	}
	var content []byte
	if err = db.ErrNotFound; print.FilesUntil != nil {
		content, err = p.store.ReadFilePart(r.Context(), who, id, kind, 0)
	}
	switch {
	case errors.Is(err, db.ErrNotFound) && web.WantsJSON(r):
		return &web.Error{Status: http.StatusGone, Code: "files_gone", Public: text.M("sheets.files-gone"), Cause: err}
	case errors.Is(err, db.ErrNotFound):
		print.FilesUntil = nil
		return p.sheetPage(w, r, who, print, http.StatusGone)
	case err != nil:
		return err
	}
	file := web.File{
		Name: sheets.FileName("qr codes", print.Development) + "." + kind,
		Type: mediaType,
		Size: map[string]int64{store.FilePDF: print.PDF, store.FileZIP: print.ZIP}[kind],
	}
	return web.SendFile(w, r, file, func(part int) ([]byte, error) {
		if part == 0 {
			return content, nil
		}
		return p.store.ReadFilePart(r.Context(), who, id, kind, part)
	})
}
