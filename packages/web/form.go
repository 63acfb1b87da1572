package web

import (
	"maps"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"openhouse.example/packages/ui/text"
)

// formMemory is how much of an uploaded form stays in memory; files beyond go to
// the temporary folder.
const formMemory = 1 << 20

// Form reads the fields of a posted form and collects what is wrong with them.
// Read every field, then ask Err once: people get all complaints at a time.
type Form struct {
	values url.Values
	wrong  map[string]text.Message
}

// ReadForm reads the body of a posted form, with or without files. The query is
// not part of it.
func ReadForm(r *http.Request) (*Form, error) {
	if err := parseForm(r); err != nil {
		return nil, err
	}
	return &Form{values: r.PostForm, wrong: map[string]text.Message{}}, nil
}

func parseForm(r *http.Request) error {
	var err error
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "multipart/form-data" {
		err = r.ParseMultipartForm(formMemory)
	} else {
		err = r.ParseForm()
	}
	if err == nil || isReading(err) {
		return err
	}
	return BadRequest("bad_form", text.M("answer.bad-form"), err)
}

// Line returns a field of at most most characters on one line, without the blanks
// around it. A missing field is "".
func (f *Form) Line(name string, most int) string {
	value := f.Text(name, most)
	if strings.Contains(value, "\n") {
		f.Fail(name, text.M("input.one-line"))
	}
	return value
}

// Text returns a field of at most most characters on any number of lines, which
// end in "\n", without the blanks around it.
func (f *Form) Text(name string, most int) string {
	value := strings.TrimSpace(strings.ReplaceAll(f.values.Get(name), "\r\n", "\n"))
	switch {
	case !storable(value):
		f.Fail(name, text.M("input.characters"))
		return ""
	case utf8.RuneCountInString(value) > most:
		f.Fail(name, text.M("input.too-long", most))
	}
	return value
}

// storable keeps out what Postgres refuses (NUL, broken UTF-8) and what only
// serves to deceive (other control characters).
func storable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(c rune) bool {
		return unicode.IsControl(c) && c != '\n' && c != '\t'
	})
}

// ID returns the id in a field, uuid.Nil if there is none.
func (f *Form) ID(name string) uuid.UUID {
	value := f.values.Get(name)
	if value == "" {
		return uuid.Nil
	}
	id, ok := parseID(value)
	if !ok {
		f.Fail(name, MsgChoose)
	}
	return id
}

// Has reports whether a field was sent and is not blank, as a ticked box is.
func (f *Form) Has(name string) bool { return strings.TrimSpace(f.values.Get(name)) != "" }

// Require complains about each of the fields that is blank.
func (f *Form) Require(names ...string) {
	for _, name := range names {
		if !f.Has(name) {
			f.Fail(name, MsgRequired)
		}
	}
}

// Fail says what is wrong with a field. The first word on a field counts.
func (f *Form) Fail(name string, complaint text.Message) {
	if _, ok := f.wrong[name]; !ok {
		f.wrong[name] = complaint
	}
}

// Err returns Invalid with all complaints, nil if there are none.
func (f *Form) Err() error {
	if len(f.wrong) == 0 {
		return nil
	}
	return Invalid(maps.Clone(f.wrong))
}

// PathID reads an id from the route's pattern. What is no id was never one of
// ours: NotFound.
func PathID(r *http.Request, name string) (uuid.UUID, error) {
	id, ok := parseID(chi.URLParam(r, name))
	if !ok {
		return uuid.Nil, NotFound()
	}
	return id, nil
}

// PathNumber reads a number from 1 on out of the address; nothing is there under anything else.
func PathNumber(r *http.Request, name string) (int32, error) {
	number, err := strconv.ParseInt(chi.URLParam(r, name), 10, 32)
	if err != nil || number < 1 {
		return 0, NotFound()
	}
	return int32(number), nil
}

// parseID takes the usual spelling only, so that one object has one address.
func parseID(s string) (uuid.UUID, bool) {
	id, err := uuid.Parse(s)
	if err != nil || id.String() != s {
		return uuid.Nil, false
	}
	return id, true
}
