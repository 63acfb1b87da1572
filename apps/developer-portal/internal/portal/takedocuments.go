package portal

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/documents"
	"openhouse.example/apps/developer-portal/internal/pages"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/db"
	"openhouse.example/packages/platform/files"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

const (
	// DocumentsLimit is what is taken from the network in one go: 200 files of the largest size, and some room.
	DocumentsLimit = 200*documents.MaxBytes + 1<<30
	// DocumentsTime is how long that may take.
	DocumentsTime = 30 * time.Minute

	mostFiles = 500 // in one go
)

// NewDocuments shows the form for files: GET /developments/{development}/documents/new.
func (p *Portal) NewDocuments(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "development")
	if err != nil {
		return err
	}
	return p.filesPage(w, r, who, http.StatusOK, id, pages.DocumentsUpload{Input: pages.DocumentInput{Place: store.ScopeDevelopment}})
}

func (p *Portal) filesPage(w http.ResponseWriter, r *http.Request, who store.Staff, status int, id uuid.UUID, v pages.DocumentsUpload) error {
	var err error
	if v.Development, err = p.store.Development(r.Context(), who, id); err != nil {
		return err
	}
	if v.Places, err = p.store.DocumentPlaces(r.Context(), who, id); err != nil {
		return err
	}
	if v.Frame, err = p.frame(w, r, who); err != nil {
		return err
	}
	return web.Render(w, r, status, pages.UploadDocuments(v))
}

// UploadDocuments makes a document of each file: POST /developments/{development}/documents. A file passes through in
// pieces, and each has a result of its own: what is wrong with one keeps none of the others out.
func (p *Portal) UploadDocuments(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "development")
	if err != nil {
		return err
	}
	if _, err := p.store.Development(r.Context(), who, id); err != nil {
		return err
	}
	places, err := p.store.DocumentPlaces(r.Context(), who, id)
	if err != nil {
		return err
	}
	stream, err := web.ReadFiles(r)
	if err != nil {
		return err
	}
	var typed pages.DocumentInput
	var results []pages.FileResult
	err = eachFile(stream, func(n int, form *web.Form, name string, content io.Reader) error {
		in := input{form}
		var fields store.DocumentFields
		typed, fields = readDocument(in, places)
		if err := in.Err(); err != nil {
			return err
		}
		result := pages.FileResult{Name: name}
		var v store.NewVersion
		if n > mostFiles {
			result.Problem = new(text.M("documents.too-many", mostFiles))
		} else if v, result.Problem, err = p.takeFile(r.Context(), who, name, content); err != nil {
			return err
		}
		if result.Stored() {
			if fields.Title == "" || n > 1 { // a title is for one file; several have their names
				fields.Title = titleOf(name)
			}
			made, err := p.store.AddDocument(r.Context(), who, fileIntent(p.app.Intent(r), n, v), id, fields, v)
			if err != nil {
				return err
			}
			result.ID = made.ID
		}
		results = append(results, result)
		return nil
	})
	if err == nil && len(results) == 0 {
		err = web.Invalid(map[string]text.Message{"files": text.M("documents.no-files")})
	}
	wrong := web.Complaints(r.Context(), err)
	if err != nil && (wrong == nil || web.WantsJSON(r)) {
		return err
	}
	return p.filesDone(w, r, who, id, pages.DocumentsUpload{Input: typed, Errors: wrong, Results: results})
}

// filesDone answers with what became of the files.
func (p *Portal) filesDone(w http.ResponseWriter, r *http.Request, who store.Staff, id uuid.UUID, v pages.DocumentsUpload) error {
	stored := v.Stored()
	status := http.StatusCreated
	if stored == 0 {
		status = http.StatusUnprocessableEntity
	}
	switch {
	case web.WantsJSON(r):
		return web.JSON(w, status, map[string]any{"files": pages.FileAnswers(r.Context(), v.Results)})
	case v.Errors != nil || stored < len(v.Results):
		return p.filesPage(w, r, who, http.StatusUnprocessableEntity, id, v)
	}
	p.done(w, r, "/developments/"+id.String()+"/documents", "documents-uploaded")
	return nil
}

// AddVersion makes a file the newest version of a document: POST /documents/{document}/versions.
func (p *Portal) AddVersion(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "document")
	if err != nil {
		return err
	}
	if _, err := p.store.Document(r.Context(), who, id); err != nil {
		return err
	}
	stream, err := web.ReadFiles(r)
	if err != nil {
		return err
	}
	taken := false
	err = eachFile(stream, func(n int, form *web.Form, name string, content io.Reader) error {
		in := input{form}
		note := in.name("note", pages.MaxVersionNote)
		if err := in.Err(); err != nil || n > 1 {
			return err
		}
		v, problem, err := p.takeFile(r.Context(), who, name, content)
		if err != nil {
			return err
		}
		if problem != nil {
			return web.Invalid(map[string]text.Message{"file": *problem})
		}
		v.Note, taken = note, true
		_, err = p.store.AddVersion(r.Context(), who, fileIntent(p.app.Intent(r), n, v), id, v)
		return err
	})
	if err == nil && !taken {
		err = web.Invalid(map[string]text.Message{"file": text.M("documents.no-files")})
	}
	if errors.Is(err, store.ErrArchived) {
		err = web.Conflict("archived", text.M("document.is-archived"), err)
	}
	wrong := web.Complaints(r.Context(), err)
	switch {
	case wrong != nil && !web.WantsJSON(r):
		mistake := wrong["file"]
		if mistake == "" {
			mistake = wrong["note"]
		}
		return p.documentPage(w, r, who, id, http.StatusUnprocessableEntity, mistake)
	case err != nil:
		return err
	case web.WantsJSON(r):
		return p.documentPage(w, r, who, id, http.StatusCreated, "")
	}
	p.done(w, r, "/documents/"+id.String(), "version-added")
	return nil
}

// eachFile calls take for each file of a form, counted from 1. After an error that is about what was sent the rest is read
// and dropped: a browser that is cut off in the middle shows its own error instead of our page.
func eachFile(stream *web.FileStream, take func(n int, form *web.Form, name string, content io.Reader) error) error {
	var failed error
	for n := 1; ; n++ {
		name, content, err := stream.Next()
		switch {
		case errors.Is(err, io.EOF):
			return failed
		case err != nil:
			return errors.Join(failed, err)
		case failed != nil:
			continue
		}
		var known *web.Error
		if err := take(n, stream.Form(), baseName(name), content); errors.As(err, &known) {
			failed = err
		} else if err != nil {
			return err
		}
	}
}

// takeFile stores a file that may be a document. problem says what is wrong with it, or with the place where files are
// kept; the error is that of the connection.
func (p *Portal) takeFile(ctx context.Context, who store.Staff, name string, content io.Reader) (v store.NewVersion, problem *text.Message, err error) {
	start := bufio.NewReaderSize(content, documents.HeadSize)
	head, err := start.Peek(documents.HeadSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return v, problem, err
	}
	kind := documents.Kind(head, name)
	if kind == "" && len(head) > 0 {
		return v, new(text.M("documents.unsupported")), nil
	}
	stored, err := p.files.Put(ctx, who.TenantID, start, documents.MaxBytes)
	switch {
	case errors.Is(err, files.ErrEmpty):
		return v, new(text.M("documents.empty")), nil
	case errors.Is(err, files.ErrTooLarge):
		return v, new(text.M("documents.too-large", documents.MaxBytes>>20)), nil
	case errors.Is(err, files.ErrUnwritable):
		p.app.Log.LogAttrs(ctx, slog.LevelError, "a file can't be stored", slog.String("error", err.Error()))
		return v, new(text.M("documents.unwritable")), nil
	case err != nil:
		return v, problem, err
	}
	return store.NewVersion{SHA256: stored.Hash[:], FileName: name, MIME: kind, Size: stored.Size}, problem, nil
}

// fileIntent is the intent of one of several files: its key and its content are its own, so that a form sent twice acts
// once for each.
func fileIntent(in db.Intent, n int, v store.NewVersion) db.Intent {
	if in.Key == "" {
		return in
	}
	sum := func(parts ...any) []byte {
		h := sha256.New()
		for _, part := range parts {
			fmt.Fprintf(h, "%q\n", part)
		}
		return h.Sum(nil)
	}
	in.BodyHash = sum(in.BodyHash, v.FileName, v.SHA256)
	in.Key = "file:" + hex.EncodeToString(sum(in.Key, fmt.Sprint(n)))
	return in
}

// baseName is what a browser called a file, fit to be shown and stored.
func baseName(sent string) string {
	if strings.Trim(sent, `./\ `) == "" {
		return "document"
	}
	return fileName(sent)
}

// titleOf is a file's name as a title: "House_manual.pdf" becomes "House manual".
func titleOf(name string) string {
	title := strings.TrimSuffix(name, filepath.Ext(name))
	title = strings.Join(strings.Fields(strings.ReplaceAll(title, "_", " ")), " ")
	if title == "" {
		title = name
	}
	if long := []rune(title); len(long) > pages.MaxDocumentTitle {
		title = string(long[:pages.MaxDocumentTitle])
	}
	return title
}
