package knowledge

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/db"
	"openhouse.example/packages/pgdev"
	"openhouse.example/packages/pgdev/pgtest"
)

const chunks = `select coalesce(string_agg(ordinal || ' ' || page_from || '-' || page_to || ' ' || language || ' ' || body, '; ' order by ordinal), '') from document_chunks`

func TestIndexingTwiceIsIndexingOnce(t *testing.T) {
	t.Parallel()
	w := newEstate(t)
	v := w.document("A", "House manual")
	for range 2 {
		w.index(v, "# Water\n\nThe valve is below the sink.\n\f\n# Heat\n\nThe boiler is in the hall.\n")
	}
	if got, want := pgtest.Value[string](w.DB, chunks), "0 1-1 en The valve is below the sink.; 1 2-2 en The boiler is in the hall."; got != want {
		t.Errorf("chunks %s", got)
	}
	if got := pgtest.Value[string](w.DB, `select text_state || ' ' || pages || ' ' || text_reason from document_versions`); got != "ready 2 " {
		t.Errorf("version %q", got)
	}
	if got := pgtest.Value[int64](w.DB, `select count(*) from document_chunks c join documents d on d.id = c.document_id and d.house_type_id = c.house_type_id`); got != 2 {
		t.Errorf("%d passages have their document's scope", got)
	}
	if err := w.write(func(ctx context.Context, tx *db.Tx) error { return Index(ctx, tx, v, Document{Reason: Encrypted}) }); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value[string](w.DB, chunks) + pgtest.Value[string](w.DB, `select text_state || ' ' || text_reason from document_versions`); got != "failed encrypted" {
		t.Errorf("after a locked file: %q", got)
	}
	gone := Version{v.TenantID, v.DocumentID, uuid.New()}
	if err := w.write(func(ctx context.Context, tx *db.Tx) error { return Index(ctx, tx, gone, Document{}) }); !errors.Is(err, ErrGone) {
		t.Errorf("a version that is gone: %v", err)
	}
}

// manyPassages is a text of more passages than one statement inserts.
func manyPassages(mark string) string {
	var b strings.Builder
	for i := range rowsAtOnce + 100 {
		fmt.Fprintf(&b, "# Part %d\n\nText %s.\n\n", i, mark)
	}
	return b.String()
}

// intact holds that the version has all passages of a text, once, and nothing else.
func (w *estate) intact(mark string) {
	w.t.Helper()
	if got := pgtest.Value[string](w.DB, `select count(*) || ' ' || count(distinct ordinal) || ' ' || coalesce(string_agg(distinct body, ','), '') from document_chunks`); got != fmt.Sprintf("%d %d Text %s.", rowsAtOnce+100, rowsAtOnce+100, mark) {
		w.t.Errorf("passages: %s", got)
	}
}

func init() {
	// A worker that has written everything and dies before it commits.
	children["index"] = func() error {
		ctx := context.Background()
		conn, err := pgx.Connect(ctx, os.Getenv("CHILD_DATABASE_URL"))
		if err != nil {
			return err
		}
		tx, err := conn.Begin(ctx)
		if err != nil {
			return err
		}
		v := Version{uuid.MustParse(os.Getenv("CHILD_TENANT")), uuid.MustParse(os.Getenv("CHILD_DOCUMENT")), uuid.MustParse(os.Getenv("CHILD_VERSION"))}
		if _, err := tx.Exec(ctx, `select set_config('role', 'openhouse_worker', true), set_config('app.tenant_id', $1, true)`, v.TenantID.String()); err != nil {
			return err
		}
		if err := Index(ctx, tx, v, readText(manyPassages("new"))); err != nil {
			return err
		}
		fmt.Println("written")
		time.Sleep(time.Hour)
		return nil
	}
}

func TestAWorkerKilledInTheMiddleLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	w := newEstate(t)
	v := w.document("", "House manual")
	w.index(v, manyPassages("old"))
	worker := exec.CommandContext(t.Context(), os.Args[0])
	worker.Env = append(os.Environ(), child+"=index", "CHILD_DATABASE_URL="+w.WorkerURL(),
		"CHILD_TENANT="+v.TenantID.String(), "CHILD_DOCUMENT="+v.DocumentID.String(), "CHILD_VERSION="+v.VersionID.String())
	worker.Stderr = os.Stderr
	out, err := worker.StdoutPipe()
	if err == nil {
		err = worker.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	told := make([]byte, len("written"))
	if _, err := out.Read(told); err != nil || string(told) != "written" {
		t.Errorf("the worker said %q, %v", told, err)
	}
	if err := worker.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := worker.Wait(); err == nil {
		t.Error("the worker was not killed")
	}
	w.intact("old")
	w.index(v, manyPassages("new")) // waits for the locks of the dead one, if the server hasn't noticed yet
	w.intact("new")
}

func TestPostgresKilledInTheMiddleLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	w := newEstateOn(t, pgtest.NewOn(t, server))
	v := w.document("", "House manual")
	w.index(v, manyPassages("old"))
	killed := false
	err := w.write(func(ctx context.Context, tx *db.Tx) error {
		if err := Index(ctx, tx, v, readText(manyPassages("new"))); err != nil || killed {
			return err
		}
		killed = true
		if err := server.Halt(pgdev.Immediate); err != nil {
			return err
		}
		if err := server.Resume(context.WithoutCancel(ctx)); err != nil {
			return err
		}
		w.intact("old")
		return nil
	})
	if !killed {
		t.Fatal("the server was not killed")
	}
	if err != nil { // held for as long as a request is, the write may have given up: a job is done again then
		w.intact("old")
		w.index(v, manyPassages("new"))
	}
	w.intact("new")
}

func TestAPublishedAnswerIsOnePassage(t *testing.T) {
	t.Parallel()
	w := newEstate(t)
	faq := uuid.New()
	w.Exec(`insert into faqs (tenant_id, id, development_id, question, answer, published_at) values ($1, $2, $3, 'When is bin day?', 'Every second Tuesday.', now())`, w.tenant, faq, w.development)
	index := func() {
		t.Helper()
		if err := w.write(func(ctx context.Context, tx *db.Tx) error { return IndexAnswer(ctx, tx, w.tenant, faq) }); err != nil {
			t.Fatal(err)
		}
	}
	index()
	index()
	a := w.ask("14", "what day is bin day?")
	if len(a.Quotes) != 1 || a.Quotes[0].FAQID != faq || a.Quotes[0].Title != "When is bin day?" || a.Quotes[0].Quote != "Every second Tuesday." || a.Quotes[0].Page != 0 {
		t.Errorf("%+v", a)
	}
	w.Exec(`update faqs set published_at = null`)
	if a := w.ask("14", "When is bin day?"); len(a.Quotes) > 0 {
		t.Errorf("an answer that was taken back: %+v", a)
	}
	index()
	if n := pgtest.Value[int64](w.DB, `select count(*) from document_chunks`); n != 0 {
		t.Errorf("%d passages of an answer that was taken back", n)
	}
	if err := w.write(func(ctx context.Context, tx *db.Tx) error { return IndexAnswer(ctx, tx, w.tenant, uuid.New()) }); err != nil {
		t.Errorf("an answer that is gone: %v", err)
	}
}
