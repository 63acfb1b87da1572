package portal

import (
	"errors"
	"io"
	"net/http"
	"path"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/homecsv"
	"openhouse.example/apps/developer-portal/internal/pages"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

const (
	// UploadTime is how long an upload may take: a phone on a building site is slow.
	UploadTime = 60 * time.Second
	// UploadLimit is what is taken from the network at most. A file above homecsv.MaxBytes is refused, but read to its
	// end and dropped: a browser that is cut off in the middle shows its own error instead of our page.
	UploadLimit = 1 << 30

	formRoom    = 64 << 10 // for what a form has around its file
	importsSeen = 20       // in the list of earlier imports
	// quickImport is how long an answer waits for the work: most files are done by then, and nobody sees a progress bar
	// for half a second.
	quickImport = 800 * time.Millisecond
)

// UploadForm asks for a file of homes: GET /developments/{development}/import.
func (p *Portal) UploadForm(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "development")
	if err != nil {
		return err
	}
	return p.uploadPage(w, r, who, id, http.StatusOK, "")
}

func (p *Portal) uploadPage(w http.ResponseWriter, r *http.Request, who store.Staff, id uuid.UUID, status int, mistake string) error {
	d, err := p.store.Development(r.Context(), who, id)
	if err != nil {
		return err
	}
	list, err := p.store.Imports(r.Context(), who, id, importsSeen)
	if err != nil {
		return err
	}
	if web.WantsJSON(r) {
		return web.JSON(w, status, map[string][]store.ImportLine{"imports": list})
	}
	frame, err := p.frame(w, r, who)
	if err != nil {
		return err
	}
	return web.Render(w, r, status, pages.Upload(pages.UploadView{Frame: frame, Development: d, Imports: list, Error: mistake}))
}

// Upload takes a file of homes and begins to read it: POST /developments/{development}/import.
func (p *Portal) Upload(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "development")
	if err != nil {
		return err
	}
	if _, err := p.store.Development(r.Context(), who, id); err != nil {
		return err
	}
	name, file, err := readUpload(r)
	if r.MultipartForm != nil { // the server only clears away what it parsed itself
		defer func() { _ = r.MultipartForm.RemoveAll() }()
	}
	if err != nil {
		return p.refuseUpload(w, r, who, id, err)
	}
	intent := p.app.Intent(r)
	started, err := p.store.CreateImport(r.Context(), who, intent, id, name, file)
	if err != nil {
		return err
	}
	p.imports.Start(who, intent, started.ID)
	p.imports.Wait(r.Context(), started.ID, quickImport)
	return p.toImport(w, r, who, started.ID, http.StatusCreated)
}

var (
	errNoFile   = errors.New("no file was sent")
	errTooLarge = errors.New("the file is larger than can be imported")
)

// readUpload returns the one file of the form. What is too large is read to its end all the same.
func readUpload(r *http.Request) (name string, content []byte, err error) {
	whole := r.Body
	cut := &cutBody{ReadCloser: whole, left: homecsv.MaxBytes + formRoom}
	r.Body = cut
	_, err = web.ReadForm(r)
	if cut.over {
		if _, err := io.Copy(io.Discard, whole); err != nil {
			return "", nil, err
		}
		return "", nil, errTooLarge
	}
	if err != nil {
		return "", nil, err
	}
	file, head, err := r.FormFile("file")
	if err != nil || head.Filename == "" {
		return "", nil, errNoFile
	}
	defer file.Close()
	content, err = io.ReadAll(io.LimitReader(file, homecsv.MaxBytes+1))
	switch {
	case err != nil:
		return "", nil, err
	case len(content) > homecsv.MaxBytes:
		return "", nil, errTooLarge
	}
	return fileName(head.Filename), content, nil
}

// cutBody ends a body that is too long with an error, and leaves the rest to be read.
type cutBody struct {
	io.ReadCloser
	left int64
	over bool
}

func (c *cutBody) Read(b []byte) (int, error) {
	if c.left <= 0 {
		// Only now is it known whether there is more: a body of exactly the limit is fine.
		var one [1]byte
		n, err := c.ReadCloser.Read(one[:])
		if n > 0 {
			c.over = true
			return 0, errTooLarge
		}
		return 0, err
	}
	n, err := c.ReadCloser.Read(b[:min(int64(len(b)), c.left)])
	c.left -= int64(n)
	return n, err
}

// fileName is what a browser called the file, fit to be shown and stored.
func fileName(sent string) string {
	name := path.Base(strings.ReplaceAll(strings.ToValidUTF8(sent, ""), `\`, "/"))
	name = strings.TrimSpace(strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return -1
		}
		return c
	}, name))
	if runes := []rune(name); len(runes) > 120 {
		name = string(runes[:120])
	}
	if name == "" || name == "." || name == ".." || name == "/" {
		return "homes.csv"
	}
	return name
}

// refuseUpload says what is wrong with what was sent, on the form where another file can be chosen.
func (p *Portal) refuseUpload(w http.ResponseWriter, r *http.Request, who store.Staff, id uuid.UUID, cause error) error {
	ctx := r.Context()
	switch {
	case errors.Is(cause, errTooLarge):
		if web.WantsJSON(r) {
			return web.TooLarge(homecsv.MaxBytes)
		}
		return p.uploadPage(w, r, who, id, http.StatusRequestEntityTooLarge, text.T(ctx, "upload.too-large", homecsv.MaxBytes>>20))
	case errors.Is(cause, errNoFile):
		mistake := text.M("upload.missing")
		if web.WantsJSON(r) {
			return web.Invalid(map[string]text.Message{"file": mistake})
		}
		return p.uploadPage(w, r, who, id, http.StatusUnprocessableEntity, mistake.In(ctx))
	}
	return cause
}

// toImport leads to an import, or shows it to a program.
func (p *Portal) toImport(w http.ResponseWriter, r *http.Request, who store.Staff, id uuid.UUID, status int) error {
	if !web.WantsJSON(r) {
		http.Redirect(w, r, "/imports/"+id.String(), http.StatusSeeOther)
		return nil
	}
	i, err := p.store.Import(r.Context(), who, id)
	if err != nil {
		return err
	}
	answer, err := importAnswer(r.Context(), i)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/api/imports/"+id.String())
	return web.JSON(w, status, answer)
}
