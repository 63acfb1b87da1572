package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

func posted(t *testing.T, values url.Values) *web.Form {
	t.Helper()
	r := request(http.MethodPost, "/?name=from-the-query", values.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	f, err := web.ReadForm(r)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFormReads(t *testing.T) {
	t.Parallel()
	id := uuid.New()
	f := posted(t, url.Values{
		"name": {"  Longview Park \r\n"}, "note": {"one\r\ntwo"}, "type": {id.String()}, "show": {"on"}, "four": {"äöüß"},
	})
	if got := f.Line("name", 20); got != "Longview Park" {
		t.Errorf("name = %q", got)
	}
	if got := f.Text("note", 20); got != "one\ntwo" {
		t.Errorf("note = %q", got)
	}
	if got := f.Line("four", 4); got != "äöüß" {
		t.Errorf("four = %q; the limit counts characters", got)
	}
	if got := f.ID("type"); got != id {
		t.Errorf("type = %v", got)
	}
	if f.ID("none") != uuid.Nil || f.Line("none", 9) != "" || f.Has("none") || !f.Has("show") {
		t.Error("a missing field isn't empty")
	}
	f.Require("name", "show")
	if err := f.Err(); err != nil {
		t.Errorf("Err = %v", err)
	}
}

func TestFormIgnoresTheQuery(t *testing.T) {
	t.Parallel()
	if got := posted(t, url.Values{}).Line("name", 20); got != "" {
		t.Errorf("name = %q came from the query", got)
	}
}

func TestFormCollectsComplaints(t *testing.T) {
	t.Parallel()
	f := posted(t, url.Values{
		"blank": {"  "}, "long": {"12345"}, "lines": {"a\nb"}, "nul": {"a\x00b"}, "broken": {"a\xff"}, "escape": {"a\x1b[31m"},
		"id": {"7"}, "braces": {"{0f6f7d9e-35c5-4f0e-9d57-b5f8bfb6b3f1}"}, "own": {"x"},
	})
	f.Require("blank", "missing")
	f.Line("long", 4)
	f.Line("lines", 9)
	for _, name := range []string{"nul", "broken", "escape"} {
		if got := f.Text(name, 9); got != "" {
			t.Errorf("%s = %q came through", name, got)
		}
	}
	f.ID("id")
	f.ID("braces")
	f.Fail("own", text.M("test.odd"))
	f.Fail("own", web.MsgChoose)
	var e *web.Error
	e, _ = f.Err().(*web.Error)
	if e == nil || e.Status != 422 {
		t.Fatalf("Err = %v", f.Err())
	}
	const odd = "This contains characters that can’t be stored."
	want := map[string]string{
		"blank": "Fill this in.", "missing": "Fill this in.", "long": "At most 4 characters, please.", "lines": "Put this on one line.",
		"nul": odd, "broken": odd, "escape": odd,
		"id": "Choose one of the offered.", "braces": "Choose one of the offered.", "own": "Odd.",
	}
	if diff := cmp.Diff(want, web.Complaints(t.Context(), f.Err())); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

func TestReadFormRefuses(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.on("/form", func(w http.ResponseWriter, r *http.Request) error {
		if _, err := web.ReadForm(r); err != nil {
			return err
		}
		return ok(w, r)
	})
	const plain = "application/x-www-form-urlencoded"
	for name, c := range map[string]struct {
		kind, body string
		want       int
	}{
		"good":               {plain, "a=1", 200},
		"bad escape":         {plain, "a=%zz", 400},
		"no boundary":        {"multipart/form-data", "a", 400},
		"cut in the middle":  {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1", 400},
		"too large":          {plain, "a=" + strings.Repeat("b", 1<<20), 413},
		"too large in parts": {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=a; filename=f\r\n\r\n" + strings.Repeat("b", 1<<20) + "\r\n--x--\r\n", 413},
		"whole":              {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x--\r\n", 200},
	} {
		r := request(http.MethodPost, "/form", c.body, "Content-Type", c.kind)
		r.ContentLength = -1
		if w := s.do(r); w.Code != c.want {
			t.Errorf("%s: %d, want %d: %s", name, w.Code, c.want, w.Body)
		}
	}
}
