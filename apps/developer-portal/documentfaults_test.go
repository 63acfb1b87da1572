package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/google/uuid"

	"openhouse.example/packages/knowledge/papertest"
	"openhouse.example/packages/pgdev"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/webtest"
)

// startWorker runs the worker as a process of its own.
func (s *site) startWorker() *exec.Cmd {
	s.t.Helper()
	self, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = []string{
		beWorker + "=1", "OPENHOUSE_ENV=development", "DATABASE_SSL=false", "WORKER_DATABASE_URL=" + s.db.WorkerURL(), "WORKER_LISTEN_ADDR=" + freePort(s.t),
		"FILES_DIR=" + s.files, "WORKER_CACHE_DIR=" + pdfCache(), "WORKER_CONCURRENCY=2",
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = cmd.Process.Kill() // mostly gone already
		_ = cmd.Wait()
		if s.t.Failed() {
			s.t.Log(said.String())
		}
	})
	return cmd
}

// pile is n papers, each with a word of its own; every fourth is a PDF.
func pile(t testing.TB, n int) []paper {
	list := make([]paper, n)
	for i := range list {
		says := fmt.Sprintf("Paper number%d tells how to care for the boiler. Its own word is word%d.", i, i)
		list[i] = paper{fmt.Sprintf("paper-%03d.txt", i), []byte(says)}
		if i%4 == 3 {
			list[i] = paper{fmt.Sprintf("paper-%03d.pdf", i), papertest.PDF(t, papertest.Page{Heading: "Care", Paragraphs: []string{says}})}
		}
	}
	return list
}

func (s *site) inState(states ...string) int {
	s.t.Helper()
	return s.count(`select count(*) from document_versions where text_state = any($1)`, states)
}

// eachOnce demands that every paper of a pile is searchable, and that none is there twice.
func (s *site) eachOnce(n int) {
	s.t.Helper()
	if got := s.inState("ready"); got != n {
		s.t.Errorf("%d of %d are searchable", got, n)
	}
	if got := s.count(`select count(*) from documents`); got != n {
		s.t.Errorf("%d documents, want %d", got, n)
	}
	for i := range n {
		if got := s.count(`select count(*) from document_chunks where words @@ to_tsquery('openhouse_english', $1)`, fmt.Sprintf("word%d", i)); got != 1 {
			s.t.Errorf("word%d is found %d times", i, got)
		}
	}
	if got := s.count(`select count(*) from jobs where state <> 'done'`); got != 0 {
		s.t.Errorf("%d jobs are not done", got)
	}
}

func TestAKilledWorkerLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	const n = 24
	o.documents(pile(t, n))
	for range 3 {
		before := o.inState("ready")
		cmd := o.startWorker()
		webtest.Wait(t, "it is in the middle", func() bool { return o.inState("ready") > before || o.inState("ready") == n })
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		o.db.Exec(`update jobs set run_at = now(), lease_until = now() where state = 'running'`) // a minute passes
	}
	o.startWorker()
	webtest.Wait(t, "everything is read", func() bool { return o.inState("queued", "processing") == 0 })
	webtest.Wait(t, "every job is done", func() bool { return o.count(`select count(*) from jobs where state <> 'done'`) == 0 })
	o.eachOnce(n)
}

func TestARestartOfPostgresLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	s := newSiteWith(t, seams{database: pgtest.NewOn(t, server)})
	o := office{s, s.addStaff(s.company, auth.RoleDeveloper), s.addDevelopment(s.company, "Longview Park")}
	const n = 24
	o.documents(pile(t, n))
	o.startWorker()
	webtest.Wait(t, "it is in the middle", func() bool { return o.inState("ready") > 2 })
	if err := server.Restart(t.Context(), pgdev.Immediate); err != nil {
		t.Fatal(err)
	}
	webtest.Wait(t, "everything is read", func() bool { return o.inState("queued", "processing") == 0 })
	webtest.Wait(t, "every job is done", func() bool { return o.count(`select count(*) from jobs where state <> 'done'`) == 0 })
	o.eachOnce(n)
}

// Two hundred files at once: all are taken, all become searchable, none twice.
func TestManyFilesAtOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	n := 200
	if testing.Short() {
		n = 40
	}
	got := o.documents(pile(t, n))
	taken := map[uuid.UUID]bool{}
	for _, f := range got.Files {
		if f.Document != nil {
			taken[*f.Document] = true
		}
	}
	if len(taken) != n {
		t.Fatalf("%d of %d were taken", len(taken), n)
	}
	o.Get("/developments/"+o.development.String()+"/documents").Says(t, fmt.Sprintf("0 of %d are read", n))
	o.papers().work()
	o.eachOnce(n)
	if a := o.Get("/developments/" + o.development.String() + "/documents"); strings.Contains(a.Text, "are read") {
		t.Error("the progress is still shown")
	}
}

// A large upload passes through: what stays on the heap is a fraction of one file.
func TestMemoryDoesntGrowWithTheFiles(t *testing.T) {
	o := newOffice(t)
	var before, during runtime.MemStats
	large := bytes.Repeat([]byte("sixteen letters\n"), 24<<20/16)
	body, kind := slowForm(t, 20, large, func() { runtime.ReadMemStats(&during) })
	runtime.GC()
	runtime.ReadMemStats(&before)
	o.Send(http.MethodPost, "/api/developments/"+o.development.String()+"/documents", kind, body).Is(t, http.StatusCreated)
	if grown := int64(during.HeapAlloc) - int64(before.HeapAlloc); grown > 64<<20 {
		t.Errorf("the heap has grown by %d MB while 480 MB passed", grown>>20)
	}
}

// slowForm is the body of a form with n files of the same content, which is made while it is read; inside is called in the
// middle of it.
func slowForm(t *testing.T, n int, content []byte, inside func()) (_ io.Reader, kind string) {
	t.Helper()
	body, pipe := io.Pipe()
	form := multipart.NewWriter(pipe)
	go func() {
		err := errors.Join(form.WriteField("category", "manual"), form.WriteField("for", "development"))
		for i := range n {
			var part io.Writer
			if part, err = form.CreateFormFile("files", fmt.Sprintf("large-%d.txt", i)); err != nil {
				break
			}
			if _, err = part.Write(content); err != nil {
				break
			}
			if i == n/2 {
				inside()
			}
		}
		_ = pipe.CloseWithError(errors.Join(err, form.Close())) // never fails
	}()
	return body, form.FormDataContentType()
}
