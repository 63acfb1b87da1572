package main

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"openhouse.example/packages/platform"
	"openhouse.example/packages/web/webtest"
)

// printed is a print as programs see it.
type printed struct {
	ID, State, Note, Reach, Address string
	Homes, Done                     int
	Valid, Scans                    int
	Unprintable                     string
	Files                           *struct {
		Until    time.Time
		PDF, ZIP string
	}
}

// newStreet is an office with n homes in their order.
func newStreet(t *testing.T, n int) (office, []uuid.UUID) {
	t.Helper()
	o := newOffice(t)
	return o, o.addStreet(n)
}

func (o office) addStreet(n int) []uuid.UUID {
	o.t.Helper()
	ids := make([]uuid.UUID, n)
	for i := range ids {
		ids[i] = uuid.New()
	}
	houses := o.addType(o.person.company, o.development, "B")
	o.db.Exec(`insert into units (tenant_id, id, development_id, house_type_id, unit_number, address_line_1, city)
		select $1, id, $2, $3, n::text, n || ' Longview Park', 'Ballyhale' from unnest($4::uuid[]) with ordinality as h (id, n)`,
		o.person.company, o.development, houses, ids)
	return ids
}

func (o office) sheetsPath() string { return "/developments/" + o.development.String() + "/sheets" }

// printSheets asks for sheets as a program does and waits for them. path is a form's target.
func (c *client) printSheets(path string, fields map[string]string) printed {
	c.s.t.Helper()
	all := map[string]string{"address": residents}
	for name, value := range fields {
		all[name] = value
	}
	a := c.PostJSON("/api"+path, all).Is(c.s.t, http.StatusAccepted)
	return c.printed(webtest.Decode[printed](c.s.t, a).ID)
}

// printed waits until nobody works on a print any more.
func (c *client) printed(id string) printed {
	c.s.t.Helper()
	var p printed
	webtest.Wait(c.s.t, "end of the print", func() bool {
		p = webtest.Decode[printed](c.s.t, c.Get("/api/sheets/"+id).Is(c.s.t, http.StatusOK))
		return p.State != "working"
	})
	return p
}

// all prints the whole development.
func (o office) all() printed {
	o.t.Helper()
	p := o.printSheets(o.sheetsPath(), map[string]string{"reach": "development"})
	if p.State != "ready" || p.Files == nil {
		o.t.Fatalf("%+v", p)
	}
	return p
}

func (c *client) download(path string) []byte {
	c.s.t.Helper()
	return []byte(c.Get(path).Is(c.s.t, http.StatusOK).Text)
}

// manifest is the links and the typed codes of a print, in its order.
func (c *client) manifest(p printed) (links, codes []string) {
	c.s.t.Helper()
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(c.unzip(p)["manifest.csv"]), "\uFEFF"))).ReadAll()
	if err != nil {
		c.s.t.Fatal(err)
	}
	link, code := slices.Index(rows[0], "Link"), slices.Index(rows[0], "Code")
	for _, row := range rows[1:] {
		links, codes = append(links, row[link]), append(codes, row[code])
	}
	return links, codes
}

func (c *client) unzip(p printed) map[string][]byte {
	c.s.t.Helper()
	if p.Files == nil {
		c.s.t.Fatalf("no files: %+v", p)
	}
	content := c.download(p.Files.ZIP)
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		c.s.t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			c.s.t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			c.s.t.Fatal(err)
		}
		_ = r.Close()
	}
	return files
}

// secret is the code in a printed link.
func secret(t testing.TB, link string) []byte {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	return typed(t, strings.TrimPrefix(u.Path, "/onboarding/"))
}

// typed is what is stored of a code.
func typed(t testing.TB, code string) []byte {
	t.Helper()
	canonical, ok := platform.ParseInviteCode(code)
	if !ok {
		t.Fatalf("%q is no code", code)
	}
	return platform.HashToken(canonical)
}
