package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/documents"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/config"
	"openhouse.example/packages/db"
	"openhouse.example/packages/knowledge"
	"openhouse.example/packages/knowledge/papertest"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/platform/files"
	"openhouse.example/packages/platform/jobs"
	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/webtest"
)

// paper is a file that is sent.
type paper struct {
	name    string
	content []byte
}

// send sends a form with files; fields are names and values by turns.
func (c *client) send(path, field string, papers []paper, fields ...string) webtest.Answer {
	c.s.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := 0; i < len(fields); i += 2 {
		if err := form.WriteField(fields[i], fields[i+1]); err != nil {
			c.s.t.Fatal(err)
		}
	}
	for _, p := range papers {
		part, err := form.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {fmt.Sprintf(`form-data; name="%s"; filename="%s"`, field, p.name)}, "Content-Type": {"application/octet-stream"},
		})
		if err == nil {
			_, err = part.Write(p.content)
		}
		if err != nil {
			c.s.t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		c.s.t.Fatal(err)
	}
	return c.Send(http.MethodPost, path, form.FormDataContentType(), &body)
}

type sent struct {
	Files []struct {
		Name, Problem string
		Document      *uuid.UUID
	}
}

// documents sends papers of the whole development and returns what became of them.
func (o office) documents(papers []paper, fields ...string) sent {
	o.t.Helper()
	a := o.send("/api/developments/"+o.development.String()+"/documents", "files", papers, append([]string{"category", "manual", "for", "development"}, fields...)...)
	if a.StatusCode != http.StatusCreated && a.StatusCode != http.StatusUnprocessableEntity {
		o.t.Fatalf("%d %s", a.StatusCode, a.Text)
	}
	return webtest.Decode[sent](o.t, a)
}

// document sends one paper that is taken.
func (o office) document(p paper, fields ...string) uuid.UUID {
	o.t.Helper()
	got := o.documents([]paper{p}, fields...)
	if len(got.Files) != 1 || got.Files[0].Document == nil {
		o.t.Fatalf("%+v", got)
	}
	return *got.Files[0].Document
}

var note = paper{"Bins.txt", []byte("The bins are emptied every second Tuesday. Put them at the gate before seven.")}

func (s *site) count(sql string, args ...any) int {
	s.t.Helper()
	return pgtest.Value[int](s.db, sql, args...)
}

// blobs lists the stored files.
func (s *site) blobs() (paths []string) {
	s.t.Helper()
	err := filepath.WalkDir(s.files, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return paths
}

func TestEachFileHasAResultOfItsOwn(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	got := o.documents([]paper{
		note,
		{"manual.pdf", papertest.PDF(t, papertest.Page{Heading: "Heating", Paragraphs: []string{"The boiler stands in the hall."}})},
		{"plan.png", papertest.PNG(t)},
		{"letter.docx", papertest.DOCX(t, `<w:p><w:r><w:t>Your alarm code</w:t></w:r></w:p>`)},
		{"rules.md", []byte("# House rules\n\nQuiet after ten.")},
		{"page.html", []byte("<!doctype html><script>alert(1)</script>")},
		{"logo.svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`)},
		{"things.zip", papertest.ZIP(t, nil)},
		{"empty.txt", nil},
		{"huge.txt", bytes.Repeat([]byte("a "), documents.MaxBytes/2+1)},
		{"program.exe", []byte("MZ\x90\x00\x03\x00\x00\x00\x04")},
	})
	var kinds []string
	for _, f := range got.Files {
		if f.Document == nil {
			kinds = append(kinds, "refused")
			if !strings.HasSuffix(f.Problem, ".") {
				t.Errorf("%s: %q", f.Name, f.Problem)
			}
			continue
		}
		kinds = append(kinds, pgtest.Value[string](o.db, `select mime from document_versions where document_id = $1`, *f.Document))
	}
	want := []string{
		"text/plain", "application/pdf", "image/png", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "text/markdown",
		"refused", "refused", "refused", "refused", "refused", "refused",
	}
	if !slices.Equal(kinds, want) {
		t.Errorf("kinds %v\nwant  %v", kinds, want)
	}
	if n := len(o.blobs()); n != 5 {
		t.Errorf("%d files are stored, want 5", n)
	}
	if n := o.count(`select count(*) from jobs where kind = 'read_document' and state = 'queued'`); n != 5 {
		t.Errorf("%d are to be read, want 5", n)
	}
	o.Get("/developments/"+o.development.String()+"/documents").Is(t, http.StatusOK).Says(t, "Bins", "Waits to be read", "0 of 5 are read")
	a := o.send("/developments/"+o.development.String()+"/documents", "files", []paper{note, {"x.exe", []byte("MZ\x00\x01")}}, "category", "legal", "for", "development")
	a.Is(t, http.StatusUnprocessableEntity).Says(t, "1 of 2 were stored", "x.exe")
}

func TestWhatIsMissingIsSaidOnTheForm(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	path := "/developments/" + o.development.String() + "/documents"
	o.Get(path+"/new").Is(t, http.StatusOK)
	o.send(path, "files", []paper{note}, "for", "development").Is(t, http.StatusUnprocessableEntity).Says(t, "f-category")
	o.send(path, "files", nil, "category", "manual", "for", "development").Is(t, http.StatusUnprocessableEntity).Says(t, "Choose a file.")
	other := o.addDevelopment(o.site.company, "Quay")
	o.send(path, "files", []paper{note}, "category", "manual", "for", "house_type:"+o.addType(o.site.company, other, "Z").String()).Is(t, http.StatusUnprocessableEntity)
	if n := len(o.blobs()); n != 0 {
		t.Errorf("%d files are stored", n)
	}
}

func TestAFormSentTwiceStoresOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	papers := []paper{note, {"Rules.txt", []byte("Quiet after ten.")}}
	first, again := o.documents(papers, "idempotency_key", "k1"), o.documents(papers, "idempotency_key", "k1")
	if len(again.Files) != 2 || *first.Files[0].Document != *again.Files[0].Document || *first.Files[1].Document != *again.Files[1].Document {
		t.Errorf("%+v\n%+v", first, again)
	}
	if n := o.count(`select count(*) from documents`); n != 2 {
		t.Errorf("%d documents", n)
	}
}

func TestVersionsAtOnceHaveNumbersOfTheirOwn(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id := o.document(note)
	const more = 8
	var all sync.WaitGroup
	for range more {
		c := o.as(o.person)
		all.Go(func() {
			if a := c.send("/api/documents/"+id.String()+"/versions", "file", []paper{note}, "note", "again"); a.StatusCode != http.StatusCreated {
				t.Errorf("%d %s", a.StatusCode, a.Text)
			}
		})
	}
	all.Wait()
	if got := pgtest.Value[[]int32](o.db, `select array_agg(number order by number) from document_versions where document_id = $1`, id); !slices.Equal(got, []int32{1, 2, 3, 4, 5, 6, 7, 8, 9}) {
		t.Errorf("numbers %v", got)
	}
	if n := o.count(`select v.number from documents d join document_versions v on v.id = d.current_version_id`); n != more+1 {
		t.Errorf("version %d is current", n)
	}
	if n := len(o.blobs()); n != 1 {
		t.Errorf("%d files are stored, want 1", n)
	}
	o.Get("/documents/"+id.String()).Is(t, http.StatusOK).Says(t, "Version 9", "again")
}

func TestNobodyReachesTheDocumentsOfOthers(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id := o.document(note).String()
	viewer, limited := o.addStaff(o.site.company, auth.RoleViewer), o.addStaff(o.site.company, auth.RoleDeveloper)
	o.limit(limited, o.addDevelopment(o.site.company, "Quay"))
	stranger := o.addStaff(o.addCompany("Meadow Homes"), auth.RoleAdmin)
	for name, c := range map[string]person{"limited staff": limited, "another company": stranger} {
		for _, path := range []string{"/documents/" + id, "/documents/" + id + "/versions/1", "/documents/" + id + "/edit", "/developments/" + o.development.String() + "/documents"} {
			if a := c.Get(path); a.StatusCode != http.StatusNotFound {
				t.Errorf("%s gets %s: %d", name, path, a.StatusCode)
			}
		}
		for _, path := range []string{"archive", "unarchive", "read-again"} {
			if a := c.Post("/documents/"+id+"/"+path, nil); a.StatusCode != http.StatusNotFound {
				t.Errorf("%s does %s: %d", name, path, a.StatusCode)
			}
		}
		c.send("/documents/"+id+"/versions", "file", []paper{note}).Is(t, http.StatusNotFound)
		c.send("/developments/"+o.development.String()+"/documents", "files", []paper{note}, "category", "legal", "for", "development").Is(t, http.StatusNotFound)
	}
	viewer.Get("/documents/"+id).Is(t, http.StatusOK)
	viewer.Get("/documents/"+id+"/versions/1").Is(t, http.StatusOK)
	viewer.Post("/documents/"+id+"/archive", nil).Is(t, http.StatusForbidden)
	viewer.send("/documents/"+id+"/versions", "file", []paper{note}).Is(t, http.StatusForbidden)
	for _, number := range []string{"0", "2", "-1", "x", "99999999999"} {
		o.Get("/documents/"+id+"/versions/"+number).Is(t, http.StatusNotFound)
	}
}

func TestAFileIsSentAsItWasStored(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	large := append(papertest.PDF(t, papertest.Page{Heading: "Plan"}), bytes.Repeat([]byte("\n%"), 600_000)...)
	id := o.document(paper{"Plan é.pdf", large}).String()
	a := o.Get("/documents/"+id+"/versions/1").Is(t, http.StatusOK)
	if a.Text != string(large) || !strings.HasPrefix(a.Header.Get("Content-Disposition"), "inline") || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d bytes, %v", len(a.Text), a.Header)
	}
	a = o.Get("/documents/"+id+"/versions/1?save=on").Is(t, http.StatusOK)
	if !strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("%v", a.Header)
	}
	o.db.Exec(`update sessions set revoked_at = now() where id = $1`, o.session)
	o.Get("/documents/"+id+"/versions/1", "Accept", "application/json").Is(t, http.StatusUnauthorized)
}

func TestAFolderThatTakesNothingLeavesNothingHalf(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	if err := os.RemoveAll(o.files); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(o.files, nil, 0o600); err != nil { // below a file nobody can make a folder
		t.Fatal(err)
	}
	got := o.documents([]paper{note})
	if got.Files[0].Document != nil || !strings.Contains(got.Files[0].Problem, "can’t be stored") {
		t.Errorf("%+v", got)
	}
	if n := o.count(`select count(*) from documents`); n != 0 {
		t.Errorf("%d documents", n)
	}
}

func TestDocumentsAreChangedAndArchived(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	home := o.addHome(o.site.company, o.development, o.addType(o.site.company, o.development, "B"), "14", "mia@example.org")
	id := o.document(note).String()
	o.Get("/documents/"+id+"/edit").Is(t, http.StatusOK)
	o.PostJSON("/api/documents/"+id, map[string]any{"title": "Bin days", "for": "unit:" + home.String(), "mustRead": true}).Is(t, http.StatusOK).
		Says(t, `"Bin days"`, `"scope":"unit"`, `"mustRead":true`)
	o.PostJSON("/api/documents/"+id, map[string]any{"title": "Late", "version": "2026-01-01T00:00:00Z"}).Is(t, http.StatusConflict)
	o.Post("/documents/"+id+"/archive", nil).Is(t, http.StatusSeeOther)
	o.Get("/documents/"+id).Says(t, "archived")
	o.send("/api/documents/"+id+"/versions", "file", []paper{note}).Is(t, http.StatusConflict)
	o.PostJSON("/api/documents/"+id+"/archive", map[string]any{}).Is(t, http.StatusConflict)
	list := "/developments/" + o.development.String() + "/documents"
	if a := o.Get(list); strings.Contains(a.Text, "Bin days") {
		t.Error("an archived document is listed among the others")
	}
	o.Get(list+"?archived=on").Says(t, "Bin days")
	o.Post("/documents/"+id+"/unarchive", nil).Is(t, http.StatusSeeOther)
	o.Get(list+"?category=manual&for=unit&state=reading&q=BIN").Says(t, "Bin days", "Home 14")
	o.Get(list+"?state=nonsense").Is(t, http.StatusUnprocessableEntity)
}

// papers is a worker's side of a site, in this process.
type papers struct {
	*site
	pool    *db.Pool
	reader  *documents.Reader
	sweeper *documents.Sweeper
}

var extractor = sync.OnceValues(func() (*knowledge.Extractor, error) { return knowledge.NewExtractor(pdfCache()) })

// pdfCache keeps the compiled PDF reader between runs.
func pdfCache() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "openhouse-tests", "pdf")
}

func (s *site) papers() papers {
	s.t.Helper()
	e, err := extractor()
	if err != nil {
		s.t.Fatal(err)
	}
	var c db.Config
	set := map[string]string{"DATABASE_URL": s.db.WorkerURL(), "DB_POOL_MAX": "6", "DB_POOL_MIN": "0"}
	if err := config.LoadFrom(&c, func(name string) (string, bool) { v, ok := set[name]; return v, ok }, nil); err != nil {
		s.t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	pool, err := db.Open(context.Background(), c, db.WithRole(platform.RoleWorker), db.WithLedger(platform.Ledger{}), db.WithLogger(log))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := pool.ClosePool(context.Background()); err != nil {
			s.t.Error(err)
		}
	})
	folder := files.NewFolder(s.files)
	return papers{s, pool, &documents.Reader{Pool: pool, Files: folder, Extractor: e}, &documents.Sweeper{Pool: pool, Files: folder, Log: log}}
}

// work does what waits until nothing does.
func (p papers) work() {
	p.t.Helper()
	queue := &jobs.Queue{
		Pool: p.pool, Log: slog.New(slog.DiscardHandler), Handlers: map[string]jobs.Handler{store.ReadDocument: p.reader.Read},
		GaveUp: map[string]func(jobs.Job) jobs.Effect{store.ReadDocument: p.reader.GaveUp},
	}
	for {
		do, err := queue.Take(p.t.Context())
		if err != nil {
			p.t.Fatal(err)
		}
		if do == nil {
			return
		}
		do(p.t.Context())
	}
}

func (s *site) textOf(document uuid.UUID) string {
	return pgtest.Value[string](s.db, `select v.text_state || ' ' || v.text_reason from documents d join document_versions v on v.id = d.current_version_id where d.id = $1`, document)
}

func TestEveryFileEndsInAClearState(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	good := papertest.PDF(t, papertest.Page{Heading: "Heating", Paragraphs: []string{"The boiler stands in the hall."}})
	want := map[string]string{}
	var all []paper
	for _, c := range []struct {
		paper
		ends string
	}{
		{note, "ready "},
		{paper{"good.pdf", good}, "ready "},
		{paper{"letter.docx", papertest.DOCX(t, `<w:p><w:r><w:t>Your alarm code is in the envelope</w:t></w:r></w:p>`)}, "ready "},
		{paper{"picture.png", papertest.PNG(t)}, "no_text picture"},
		{paper{"scan.pdf", papertest.ScannedPDF(t)}, "no_text scanned"},
		{paper{"locked.pdf", papertest.LockedPDF(t)}, "failed encrypted"},
		{paper{"cut.pdf", good[:len(good)/3]}, "failed damaged"},
		{paper{"pages.pdf", papertest.PDFOfPages(t, 5000)}, "failed too-long"},
		{paper{"bomb.docx", papertest.ZIP(t, map[string]func(func(string)){"word/document.xml": func(write func(string)) {
			for range 300 {
				write(strings.Repeat("<w:p/>", 200_000))
			}
		}})}, "failed bomb"},
	} {
		all, want[c.name] = append(all, c.paper), c.ends
	}
	got := o.documents(all)
	o.papers().work()
	for _, f := range got.Files {
		if f.Document == nil {
			t.Errorf("%s: %s", f.Name, f.Problem)
			continue
		}
		state := o.textOf(*f.Document)
		if state != want[f.Name] {
			t.Errorf("%s: %q, want %q", f.Name, state, want[f.Name])
		}
		sentence := webtest.Decode[struct{ Sentence string }](t, o.Get("/api/documents/"+f.Document.String())).Sentence
		if (sentence == "") != strings.HasPrefix(state, "ready") {
			t.Errorf("%s: the sentence is %q", f.Name, sentence)
		}
	}
	if n := o.count(`select count(*) from jobs where state <> 'done'`); n != 0 {
		t.Errorf("%d jobs are not done", n)
	}
	o.Get("/developments/"+o.development.String()+"/documents?state=failed").Says(t, "locked with a password")
}

func TestAnotherScopeMovesThePassages(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	kind := o.addType(o.site.company, o.development, "B")
	id, p := o.document(note), o.papers()
	p.work()
	o.PostJSON("/api/documents/"+id.String(), map[string]any{"for": "house_type:" + kind.String()}).Is(t, http.StatusOK)
	p.work()
	if n := o.count(`select count(*) from document_chunks where document_id = $1 and house_type_id = $2`, id, kind); n != 1 {
		t.Errorf("%d passages of the type", n)
	}
	if n := o.count(`select count(*) from document_chunks`); n != 1 {
		t.Errorf("%d passages in all", n)
	}
}

func TestAReadingThatIsGivenUpCanBeTriedAgain(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id, p := o.document(note), o.papers()
	blob := o.blobs()[0]
	if err := os.Rename(blob, blob+".away"); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		o.db.Exec(`update jobs set run_at = now()`)
		p.work()
	}
	if got := o.textOf(id); got != "failed gave-up" {
		t.Fatalf("it is %q", got)
	}
	o.Get("/documents/"+id.String()).Says(t, "failed several times", "Read again")
	if err := os.Rename(blob+".away", blob); err != nil {
		t.Fatal(err)
	}
	o.Post("/documents/"+id.String()+"/read-again", nil).Is(t, http.StatusSeeOther)
	o.PostJSON("/api/documents/"+id.String()+"/read-again", map[string]any{}).Is(t, http.StatusConflict)
	p.work()
	if got := o.textOf(id); got != "ready " {
		t.Errorf("it is %q", got)
	}
}

func TestOrphansAreSwept(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.document(note)
	if _, err := files.NewFolder(o.files).Put(t.Context(), o.site.company, strings.NewReader("nobody's"), 100); err != nil {
		t.Fatal(err)
	}
	if n, err := o.papers().sweeper.Sweep(t.Context(), time.Now().Add(time.Hour)); err != nil || n != 1 || len(o.blobs()) != 1 {
		t.Errorf("%d swept, %v; %v are left", n, err, o.blobs())
	}
}
