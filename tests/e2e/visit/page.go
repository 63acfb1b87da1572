package visit

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Answer is a response that was read to its end.
type Answer struct {
	Status int
	URL    *url.URL // of the last request, after redirects
	Header http.Header
	Body   []byte

	t    testing.TB
	root *Node
}

// Page is the answer as HTML. The test ends if it isn't.
func (a *Answer) Page() *Node {
	a.t.Helper()
	if a.root != nil {
		return a.root
	}
	if kind := a.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/html") {
		a.t.Fatalf("%s answered %d with %s, not with a page:\n%.500s", a.URL, a.Status, kind, a.Body)
	}
	root, err := parse(a.Body)
	if err != nil {
		a.t.Fatalf("%s: %v\n%.2000s", a.URL, err, a.Body)
	}
	a.root = root
	return root
}

// Text is what a reader sees on the page, with single spaces.
func (a *Answer) Text() string { a.t.Helper(); return a.Page().Text() }

// Decode reads the answer as JSON. The test ends if it isn't.
func (a *Answer) Decode(into any) {
	a.t.Helper()
	if err := json.Unmarshal(a.Body, into); err != nil {
		a.t.Fatalf("%s answered %d, which is no such JSON: %v\n%.500s", a.URL, a.Status, err, a.Body)
	}
}

// Want ends the test unless the answer has the status.
func (a *Answer) Want(status int) *Answer {
	a.t.Helper()
	if a.Status != status {
		body := string(a.Body)
		if strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
			body = a.Text()
		}
		a.t.Fatalf("%s answered %d, want %d:\n%.800s", a.URL, a.Status, status, body)
	}
	return a
}

// Says ends the test unless a reader sees each of the texts on the page.
func (a *Answer) Says(texts ...string) *Answer {
	a.t.Helper()
	seen := a.Text()
	for _, text := range texts {
		if !strings.Contains(seen, text) {
			a.t.Fatalf("%s does not say %q. It says:\n%.3000s", a.URL, text, seen)
		}
	}
	return a
}

// Link is where the first link with this text (or with it somewhere in its text) leads.
func (a *Answer) Link(text string) string {
	a.t.Helper()
	var within string
	for _, n := range a.Page().All("a") {
		switch seen := n.Text(); {
		case seen == text:
			return n.Attrs["href"]
		case within == "" && strings.Contains(seen, text):
			within = n.Attrs["href"]
		}
	}
	if within == "" {
		a.t.Fatalf("%s has no link %q. It says:\n%.2000s", a.URL, text, a.Text())
	}
	return within
}

// LinkTo is the first link whose address ends in the text.
func (a *Answer) LinkTo(ending string) string {
	a.t.Helper()
	for _, n := range a.Page().All("a") {
		if to := n.Attrs["href"]; strings.HasSuffix(to, ending) {
			return to
		}
	}
	a.t.Fatalf("%s has no link to %q. It says:\n%.2000s", a.URL, ending, a.Text())
	return ""
}

// Fact is a labelled value on a page.
type Fact struct{ Label, Value string }

// Facts are the page's labelled values, in its order: each dt with its dd.
func (a *Answer) Facts() []Fact {
	a.t.Helper()
	var facts []Fact
	label := ""
	for _, n := range a.Page().All("dt", "dd") {
		if n.Tag == "dt" {
			label = n.Text()
			continue
		}
		facts = append(facts, Fact{label, n.Text()})
	}
	return facts
}

// Rows are the texts of the body's cells of every table on the page, row by row.
func (a *Answer) Rows() [][]string {
	a.t.Helper()
	var rows [][]string
	for _, body := range a.Page().All("tbody") {
		for _, tr := range body.All("tr") {
			var row []string
			for _, cell := range tr.All("th", "td") {
				row = append(row, cell.Text())
			}
			rows = append(rows, row)
		}
	}
	return rows
}
