package isolation

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"openhouse.example/tests/e2e/visit"
)

// form is what a page sends to a route that changes something.
type form struct {
	fields url.Values
	multi  bool
	from   *visit.Form // knows how files are sent
}

// body is the form as a browser sends it, with a key of its own.
func (f form) body(t testing.TB, change func(url.Values)) ([]byte, string) {
	t.Helper()
	fields := url.Values{}
	for name, values := range f.fields {
		fields[name] = slices.Clone(values)
	}
	if fields.Has("idempotency_key") {
		fields.Set("idempotency_key", uuid.NewString())
	}
	if change != nil {
		change(fields)
	}
	if !f.multi {
		return []byte(fields.Encode()), "application/x-www-form-urlencoded"
	}
	sent := *f.from
	sent.Fields = fields
	r := sent.Request()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return body, r.Header.Get("Content-Type")
}

// object is the form as a program sends it.
func (f form) object(t testing.TB, change func(map[string]any)) []byte {
	t.Helper()
	object := map[string]any{}
	for name, values := range f.fields {
		switch {
		case name == "idempotency_key":
		case strings.HasSuffix(name, "[]"):
			object[strings.TrimSuffix(name, "[]")] = values
		case len(values) > 0:
			object[name] = values[0]
		}
	}
	if change != nil {
		change(object)
	}
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(object); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// harvest reads the forms on the pages that a person can see, by the pattern of the route they are sent to.
func (m *matrix) harvest(t testing.TB, p Person) map[string]form {
	t.Helper()
	found := map[string]form{}
	if p.Portal == "" || p.Dead {
		return found
	}
	v := visit.New(t, m.w.portals[p.Portal].URL)
	v.Token = m.tokens[p.Name]
	for _, r := range m.routes {
		if r.Portal != p.Portal || r.Method != http.MethodGet || r.isAPI() || !r.admits(p) {
			continue
		}
		for _, values := range m.ownValues(r, p, 2) {
			page := v.DoOnce(v.Request(http.MethodGet, r.address(values), nil))
			if page.Status != 200 || !strings.HasPrefix(page.Header.Get("Content-Type"), "text/html") {
				continue
			}
			for _, f := range v.Forms(page) {
				if pattern := m.patternOf(p.Portal, http.MethodPost, f.Action); f.Posts() && pattern != "" {
					if f.HasFile() {
						f = f.Attach(fileField(page, f), "homes.csv", []byte("unit_number,address_line_1,house_type\n77,77 Mill Road,A\n"))
					}
					if _, known := found[pattern]; !known {
						found[pattern] = form{fields: maps.Clone(f.Fields), multi: f.HasFile(), from: f}
					}
				} else if !f.Posts() {
					for name := range f.Fields {
						m.filters[p.Portal+" "+r.Pattern] = append(m.filters[p.Portal+" "+r.Pattern], name)
					}
				}
			}
		}
	}
	return found
}

// fileField is the name of the field of a form that takes a file.
func fileField(page *visit.Answer, f *visit.Form) string {
	for _, n := range page.Page().All("form") {
		if n.Attrs["action"] != f.Action {
			continue
		}
		for _, input := range n.All("input") {
			if input.Attrs["type"] == "file" {
				return input.Attrs["name"]
			}
		}
	}
	return ""
}

var quotedName = regexp.MustCompile(`\\\{[^{}]*\\\}`)

// patternOf is the pattern of the route that an address leads to, "" for none; the one with the fewest names wins, as
// it does in the router.
func (m *matrix) patternOf(portal, method, address string) string {
	path, _, _ := strings.Cut(address, "?")
	best, fewest := "", 99
	for _, r := range m.routes {
		if r.Portal != portal || r.Method != method {
			continue
		}
		shape := quotedName.ReplaceAllString(regexp.QuoteMeta(r.Pattern), `[^/]+`)
		if n := len(r.parameters()); n < fewest && regexp.MustCompile("^"+shape+"$").MatchString(path) {
			best, fewest = r.Pattern, n
		}
	}
	return best
}
