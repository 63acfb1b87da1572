package portal

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
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
	size := map[string]int64{store.FilePDF: print.PDF, store.FileZIP: print.ZIP}[kind]
	name := sheets.FileName("qr codes", print.Development) + "." + kind
	h := w.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("Content-Length", strconv.FormatInt(size, 10))
	h.Set("Cache-Control", "no-store")
	for part := 1; ; part++ {
		if _, err := w.Write(content); err != nil {
			return nil //nolint:nilerr // the client is gone; there is nobody else to tell
		}
		if size -= int64(len(content)); size <= 0 {
			return nil
		}
		if content, err = p.store.ReadFilePart(r.Context(), who, id, kind, part); err != nil {
			// Half a file is sent: the connection is cut, so that nobody takes it for a whole one.
			return fmt.Errorf("%w: the file of the sheets ends early: %w", io.ErrUnexpectedEOF, err)
		}
	}
}
