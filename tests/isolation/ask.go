package isolation

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// question is a request as it is meant to go over the wire.
type question struct {
	portal, method string
	target         string // path and query, spelled as they are sent
	token          string
	cookie         string // further cookies
	body           []byte
	kind           string // of the body
	header         [][2]string
	api            bool // asked as a program does
}

func (q question) String() string { return q.method + " " + q.target }

// answer is what came back, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
	took   time.Duration
}

func newTransport() *http.Transport {
	return &http.Transport{MaxIdleConnsPerHost: 16, DisableCompression: true, ResponseHeaderTimeout: time.Minute}
}

// send sends a question; nobody follows a redirect.
func (w *World) send(ctx context.Context, transport *http.Transport, q question) (answer, error) {
	base := strings.TrimPrefix(w.portals[q.portal].URL, "http://")
	var body io.Reader
	if q.body != nil {
		body = bytes.NewReader(q.body)
	}
	r, err := http.NewRequestWithContext(ctx, q.method, "http://"+base, body)
	if err != nil {
		return answer{}, err
	}
	// Opaque is sent as it is: nothing is cleaned on the way.
	r.URL = &url.URL{Scheme: "http", Host: base, Opaque: "//" + base + q.target}
	if !strings.HasPrefix(q.target, "//") {
		r.URL.Opaque = q.target
	}
	r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	if q.api {
		r.Header.Set("Accept", "application/json")
	} else if q.method != http.MethodGet {
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set("Origin", "http://"+base)
	}
	if q.kind != "" {
		r.Header.Set("Content-Type", q.kind)
	}
	if q.token != "" {
		r.Header.Set("Authorization", "Bearer "+q.token)
	}
	if q.cookie != "" {
		r.Header.Set("Cookie", q.cookie)
	}
	for _, h := range q.header {
		if h[0] == "Host" {
			r.Host = h[1]
			continue
		}
		r.Header.Set(h[0], h[1])
	}
	start := time.Now()
	response, err := transport.RoundTrip(r)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	a := answer{status: response.StatusCode, header: response.Header}
	a.body, err = io.ReadAll(response.Body)
	if errors.Is(err, io.ErrUnexpectedEOF) && q.method == http.MethodHead {
		err = nil
	}
	a.took = time.Since(start)
	return a, err
}

// marksIn lists the marks in all of an answer: each header, and what can be read out of the body.
func (w *World) marksIn(a answer) ([]Mark, error) {
	var head strings.Builder
	for name, values := range a.header {
		for _, v := range values {
			head.WriteString(name + ": " + v + "\n" + unescape(v) + "\n")
		}
	}
	marks := w.marksInText(head.String())
	sum := sha256.Sum256(a.body)
	if known, ok := w.files.Load(sum); ok {
		return append(marks, known.([]Mark)...), nil
	}
	texts, isFile, err := views(a.body)
	var within []Mark
	for _, text := range texts {
		within = append(within, w.marksInText(text)...)
	}
	if isFile && err == nil {
		w.files.Store(sum, within)
	}
	return append(marks, within...), err
}

var hiddenKey = regexp.MustCompile(`name="idempotency_key" value="[^"]*"`)

// print is the answer without what differs from one request to the next: its own id, the time, and the ids that were
// asked for.
func (a answer) print(ids ...string) string {
	var b strings.Builder
	names := make([]string, 0, len(a.header))
	for name := range a.header {
		if name != "Date" && name != "X-Request-Id" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		b.WriteString(name + ": " + strings.Join(a.header[name], ", ") + "\n")
	}
	b.WriteString("\n" + hiddenKey.ReplaceAllString(string(a.body), ""))
	text := b.String()
	if own := a.header.Get("X-Request-Id"); own != "" {
		text = strings.ReplaceAll(text, own, "{request}")
	}
	for _, id := range ids {
		if id != "" {
			text = strings.ReplaceAll(text, id, "{id}")
		}
	}
	return text
}

// isRefusal reports whether somebody got nothing: a 4xx, or a page that sends to the form where one signs in.
func (a answer) isRefusal() bool {
	return a.status >= 400 && a.status < 500 || a.signIn()
}

func (a answer) signIn() bool {
	return a.status == http.StatusSeeOther && strings.HasPrefix(a.header.Get("Location"), "/sign-in")
}
