package main

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform/files"
	"openhouse.example/packages/web/webtest"
)

// keepDocument adds a document with one version, for a type or a home if one is given.
func (s *site) keepDocument(title, content string, houseType, home *uuid.UUID) uuid.UUID {
	s.t.Helper()
	id, scope := uuid.New(), "development"
	switch {
	case houseType != nil:
		scope = "house_type"
	case home != nil:
		scope = "unit"
	}
	s.db.Exec(`insert into documents (tenant_id, id, development_id, scope, house_type_id, unit_id, title, category, must_read)
		values ($1, $2, $3, $4, $5, $6, $7, 'manual', $8)`, s.company, id, s.development, scope, houseType, home, title, strings.Contains(title, "!"))
	s.keepVersion(id, 1, content)
	return id
}

// keepVersion adds a version and makes it the current one.
func (s *site) keepVersion(document uuid.UUID, number int, content string) {
	s.t.Helper()
	stored, err := files.NewFolder(s.files).Put(s.t.Context(), s.company, strings.NewReader(content), 1<<30)
	if err != nil {
		s.t.Fatal(err)
	}
	mime := "text/plain"
	if strings.HasPrefix(content, "%PDF-") {
		mime = "application/pdf"
	}
	id := uuid.New()
	s.db.Exec(`insert into document_versions (tenant_id, id, development_id, document_id, number, sha256, file_name, mime, size_bytes)
		values ($1, $2, $3, $4, $5, $6, 'paper.pdf', $7, $8)`, s.company, id, s.development, document, number, stored.Hash[:], mime, stored.Size)
	s.db.Exec(`update documents set current_version_id = $2 where id = $1`, document, id)
}

func TestAResidentSeesThePapersOfTheirOwnHomeOnly(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	mine, theirs, typeA := s.addHome("14", "mia@example.org"), s.addHome("15", "ben@example.org"), uuid.New()
	s.db.Exec(`insert into house_types (tenant_id, id, development_id, code, name) values ($1, $2, $3, 'A', '2 bed')`, s.company, typeA, s.development)
	all := map[string]uuid.UUID{
		"For all!": s.keepDocument("For all!", "%PDF-1.7 all", nil, nil), "Type B": s.keepDocument("Type B", "b", &s.houseType, nil),
		"Type A": s.keepDocument("Type A", "a", &typeA, nil), "My letter": s.keepDocument("My letter", "mine", nil, &mine),
		"Their letter": s.keepDocument("Their letter", "theirs", nil, &theirs), "Old": s.keepDocument("Old", "old", nil, nil),
	}
	s.db.Exec(`update documents set archived_at = now() where id = $1`, all["Old"])
	seen := []string{"For all!", "My letter", "Type B"}
	c := s.enter("mia@example.org")
	var titles []string
	for _, d := range webtest.Decode[struct{ Documents []struct{ Title string } }](t, c.Get("/api/documents")).Documents {
		titles = append(titles, d.Title)
	}
	if !slices.Equal(titles, seen) {
		t.Errorf("listed: %v", titles)
	}
	c.Get("/documents").Is(t, http.StatusOK).Says(t, append(seen, "Please read", "For your home", "For homes like yours")...)
	for title, id := range all {
		want := http.StatusNotFound
		if slices.Contains(seen, title) {
			want = http.StatusOK
		}
		for _, path := range []string{"/documents/" + id.String(), "/documents/" + id.String() + "/versions/1"} {
			c.Get(path).Is(t, want)
		}
	}
	if a := c.Get("/documents?q=LETTER"); !strings.Contains(a.Text, "My letter") || strings.Contains(a.Text, "Type B") {
		t.Error("the search finds something else")
	}
	c.Get("/documents?q=nothing").Says(t, "No title has these words")
	c.Get("/documents?q="+strings.Repeat("x", 101)).Is(t, http.StatusUnprocessableEntity)
}

func TestOldVersionsAreThereForCitations(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "mia@example.org")
	id := s.keepDocument("Manual", "%PDF-1.7 first", nil, nil)
	s.keepVersion(id, 2, "%PDF-1.7 second")
	c := s.enter("mia@example.org")
	for path, want := range map[string]string{"": "second", "/versions/1": "first", "/versions/2": "second"} {
		a := c.Get("/documents/"+id.String()+path).Is(t, http.StatusOK)
		if a.Text != "%PDF-1.7 "+want || !strings.HasPrefix(a.Header.Get("Content-Disposition"), "inline") || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %q %v", path, a.Text, a.Header)
		}
	}
	for _, number := range []string{"0", "3", "-1", "x"} {
		c.Get("/documents/"+id.String()+"/versions/"+number).Is(t, http.StatusNotFound)
	}
}

// A link to a file is worth nothing without the session, from its end on.
func TestAFileEndsWithTheSession(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	home := s.addHome("14", "mia@example.org")
	path := "/documents/" + s.keepDocument("Manual", "m", nil, nil).String()
	c := s.enter("mia@example.org")
	c.Get(path).Is(t, http.StatusOK)
	s.client().Get(path, "Accept", "application/json").Is(t, http.StatusUnauthorized)
	s.db.Exec(`update occupancies set ended_at = now() where unit_id = $1`, home)
	c.Get(path, "Accept", "application/json").Is(t, http.StatusUnauthorized)
}

// A download that has begun ends within seconds of the session's end: the answer is cut, not finished.
func TestADownloadEndsWithTheSession(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "mia@example.org")
	const size = 24 << 20
	path := "/documents/" + s.keepDocument("Film", strings.Repeat("film", size/4), nil, nil).String()
	c := s.enter("mia@example.org")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.http.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, cookie := range c.Cookies() {
		r.AddCookie(cookie)
	}
	resp, err := s.http.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d", resp.StatusCode)
	}
	s.db.Exec(`update sessions set revoked_at = now()`)
	webtest.Wait(t, "the session's end is known", func() bool {
		return pgtest.Value[bool](s.db, `select clock_timestamp() > max(revoked_at) + interval '2 seconds' from sessions`)
	})
	var got bytes.Buffer
	if n, err := got.ReadFrom(resp.Body); err == nil {
		t.Errorf("all %d bytes came", n)
	}
}
