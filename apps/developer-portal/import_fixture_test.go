package main

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/webtest"
)

// office is a developer of a company with one development.
type office struct {
	*site
	person
	development uuid.UUID
}

func newOffice(t *testing.T) office {
	t.Helper()
	s := newSite(t)
	return office{s, s.addStaff(s.company, auth.RoleDeveloper), s.addDevelopment(s.company, "Longview Park")}
}

func sample(t testing.TB, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", "tests", "testdata", "samples", name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// upload sends a file through the form, with an idempotency key if one is given.
func (c *client) upload(development uuid.UUID, name string, content []byte, key string, header ...string) webtest.Answer {
	c.s.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	if key != "" {
		if err := form.WriteField("idempotency_key", key); err != nil {
			c.s.t.Fatal(err)
		}
	}
	part, err := form.CreateFormFile("file", name)
	if err != nil {
		c.s.t.Fatal(err)
	}
	if _, err := part.Write(content); err != nil {
		c.s.t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		c.s.t.Fatal(err)
	}
	return c.Send(http.MethodPost, "/developments/"+development.String()+"/import", form.FormDataContentType(), &body, header...)
}

// imported is an import as programs see it.
type imported struct {
	ID                            string
	State, Note                   string
	Rows, New, Changed, Unchanged int
	Errors, Done                  int
	Version, DateOrder, Encoding  string
	Delimiter                     string
	DateAmbiguous                 bool
	Problems                      []struct{ Code, Message string }
	Columns                       []struct{ Header, Field string }
	NewHouseTypes                 []struct{ Code string }
	List                          []importedRow
}

type importedRow struct {
	Line     int
	HomeID   string
	Home     map[string]any
	Changes  []struct{ Field, Old, New string }
	Problems []struct {
		Code, Field, Message string
		Line                 int
	}
}

func (c *client) imported(id, query string) imported {
	c.s.t.Helper()
	return webtest.Decode[imported](c.s.t, c.Get("/api/imports/"+id+query).Is(c.s.t, http.StatusOK))
}

// settled waits until nobody works on the import any more.
func (c *client) settled(id string) imported {
	c.s.t.Helper()
	var i imported
	webtest.Wait(c.s.t, "end of the import's work", func() bool {
		i = c.imported(id, "")
		return i.State != "uploaded" && i.State != "committing"
	})
	return i
}

// preview uploads a file and waits for its preview.
func (o office) preview(t testing.TB, name string, content []byte) imported {
	t.Helper()
	a := o.upload(o.development, name, content, "", "Accept", "application/json").Is(t, http.StatusCreated)
	return o.settled(webtest.Decode[imported](t, a).ID)
}

// commit saves a preview and waits for the end.
func (o office) commit(t testing.TB, i imported) imported {
	t.Helper()
	o.PostJSON("/api/imports/"+i.ID+"/commit", map[string]string{"version": i.Version}).Is(t, http.StatusAccepted)
	return o.settled(i.ID)
}

type counts struct{ New, Changed, Unchanged, Errors int }

func (i imported) counts() counts { return counts{i.New, i.Changed, i.Unchanged, i.Errors} }
