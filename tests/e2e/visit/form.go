package visit

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
)

// Form is a form of a page as its reader would send it: hidden fields, preselected choices, what was typed.
type Form struct {
	Action string
	Fields url.Values

	v       *Visitor
	from    *url.URL
	method  string
	files   []file
	multi   bool
	buttons []*Node
	names   map[string]bool
}

type file struct {
	field, name string
	content     []byte
}

// Form finds the form whose action ends in the text. Several have the same action: then it is the first.
func (v *Visitor) Form(a *Answer, ending string) *Form {
	v.t.Helper()
	var known []string
	for _, n := range a.Page().All("form") {
		f := v.readForm(a, n)
		if strings.HasSuffix(f.Action, ending) {
			return f
		}
		known = append(known, f.Action)
	}
	v.t.Fatalf("%s has no form for %q, only for %q. It says:\n%.2000s", a.URL, ending, known, a.Text())
	return nil
}

// Forms are all forms of a page, in its order.
func (v *Visitor) Forms(a *Answer) []*Form {
	v.t.Helper()
	var forms []*Form
	for _, n := range a.Page().All("form") {
		forms = append(forms, v.readForm(a, n))
	}
	return forms
}

// Posts reports whether the form changes something, as opposed to asking for a page.
func (f *Form) Posts() bool { return f.method == http.MethodPost }

// HasFile reports whether the form sends files.
func (f *Form) HasFile() bool { return f.multi }

func (v *Visitor) readForm(a *Answer, n *Node) *Form {
	f := &Form{
		Action: n.Attrs["action"], Fields: url.Values{}, v: v, from: a.URL,
		method: strings.ToUpper(n.Attrs["method"]), multi: n.Attrs["enctype"] == "multipart/form-data", names: map[string]bool{},
	}
	for _, c := range n.All("input", "select", "textarea", "button") {
		name := c.Attrs["name"]
		if c.Tag == "button" || c.Attrs["type"] == "submit" {
			if kind := c.Attrs["type"]; kind == "" || kind == "submit" {
				f.buttons = append(f.buttons, c)
			}
			continue
		}
		if name == "" || c.has("disabled") {
			continue
		}
		f.names[name] = true
		f.preset(c, name)
	}
	return f
}

func (f *Form) preset(c *Node, name string) {
	switch {
	case c.Tag == "select":
		options := c.All("option")
		i := slices.IndexFunc(options, func(o *Node) bool { return o.has("selected") })
		if i < 0 && len(options) > 0 {
			i = 0
		}
		if i >= 0 {
			f.Fields.Add(name, optionValue(options[i]))
		}
	case c.Tag == "textarea":
		f.Fields.Add(name, c.Text())
	case c.Attrs["type"] == "radio" || c.Attrs["type"] == "checkbox":
		if c.has("checked") {
			value := "on"
			if c.has("value") {
				value = c.Attrs["value"]
			}
			f.Fields.Add(name, value)
		}
	case c.Attrs["type"] == "file":
	default:
		f.Fields.Add(name, c.Attrs["value"])
	}
}

func optionValue(o *Node) string {
	if o.has("value") {
		return o.Attrs["value"]
	}
	return o.Text()
}

// Set types or chooses a value. The test ends if the form has no such field, as a reader couldn't fill it in.
func (f *Form) Set(name, value string) *Form {
	f.v.t.Helper()
	if !f.names[name] {
		f.v.t.Fatalf("the form %s on %s has no field %q", f.Action, f.from, name)
	}
	f.Fields.Set(name, value)
	return f
}

// Attach chooses a file.
func (f *Form) Attach(field, name string, content []byte) *Form {
	f.v.t.Helper()
	if !f.names[field] || !f.multi {
		f.v.t.Fatalf("the form %s on %s takes no file %q", f.Action, f.from, field)
	}
	f.files = append(f.files, file{field, name, content})
	return f
}

// Choose sends the form with the button that stands for a value.
func (f *Form) Choose(name, value string) *Answer {
	f.v.t.Helper()
	for _, b := range f.buttons {
		if b.Attrs["name"] == name && b.Attrs["value"] == value {
			f.Fields.Set(name, value)
			return f.Send()
		}
	}
	f.v.t.Fatalf("the form %s on %s has no button %s=%s", f.Action, f.from, name, value)
	return nil
}

// Send sends the form with its first button.
func (f *Form) Send() *Answer {
	f.v.t.Helper()
	if len(f.buttons) == 0 {
		f.v.t.Fatalf("the form %s on %s has no button", f.Action, f.from)
	}
	return f.v.Do(f.Request())
}

// Request is what Send sends.
func (f *Form) Request() *http.Request {
	f.v.t.Helper()
	target, err := f.from.Parse(f.Action)
	if err != nil {
		f.v.t.Fatal(err)
	}
	if f.method != http.MethodPost {
		target.RawQuery = f.Fields.Encode()
		return f.v.Request(http.MethodGet, target.String(), nil)
	}
	body, kind := []byte(f.Fields.Encode()), "application/x-www-form-urlencoded"
	if f.multi {
		body, kind = f.multipart()
	}
	r := f.v.Request(http.MethodPost, target.String(), body)
	r.Header.Set("Content-Type", kind)
	return r
}

func (f *Form) multipart() (body []byte, kind string) {
	f.v.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	fail := func(err error) {
		if err != nil {
			f.v.t.Fatal(err)
		}
	}
	for name, values := range f.Fields {
		for _, value := range values {
			fail(w.WriteField(name, value))
		}
	}
	for _, file := range f.files {
		h := textproto.MIMEHeader{}
		h.Set("Content-Disposition", fmt.Sprintf(`form-data; name=%q; filename=%q`, file.field, file.name))
		h.Set("Content-Type", "text/csv")
		part, err := w.CreatePart(h)
		fail(err)
		_, err = part.Write(file.content)
		fail(err)
	}
	fail(w.Close())
	return b.Bytes(), w.FormDataContentType()
}
