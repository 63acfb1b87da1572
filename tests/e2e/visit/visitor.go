package visit

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"
)

// patience is longer than any answer of a portal may take.
const patience = 40 * time.Second

// Visitor is one person's browser, or one program, at one portal. It belongs to one test and one goroutine.
type Visitor struct {
	// Token is sent as Authorization: Bearer, "" is not.
	Token string

	t      testing.TB
	base   *url.URL
	client *http.Client
}

// New comes to the portal at base with no cookies.
func New(t testing.TB, base string) *Visitor {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 4}
	t.Cleanup(transport.CloseIdleConnections)
	return &Visitor{t: t, base: u, client: &http.Client{Jar: jar, Transport: transport, Timeout: patience}}
}

// Request makes a request as this visitor's browser would: a page's, with the fields that say it comes from the
// portal's own pages. Change it before Do.
func (v *Visitor) Request(method, target string, body []byte) *http.Request {
	v.t.Helper()
	u, err := v.base.Parse(target)
	if err != nil {
		v.t.Fatal(err)
	}
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(body)
	}
	r, err := http.NewRequestWithContext(v.t.Context(), method, u.String(), reader)
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if method != http.MethodGet && method != http.MethodHead {
		r.Header.Set("Origin", v.base.Scheme+"://"+v.base.Host)
	}
	if v.Token != "" {
		r.Header.Set("Authorization", "Bearer "+v.Token)
	}
	return r
}

// Do sends a request, follows redirects and reads the answer.
func (v *Visitor) Do(r *http.Request) *Answer {
	v.t.Helper()
	response, err := v.client.Do(r)
	if err != nil {
		v.t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		v.t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	return &Answer{Status: response.StatusCode, URL: response.Request.URL, Header: response.Header, Body: body, t: v.t}
}

// DoOnce is Do without following a redirect.
func (v *Visitor) DoOnce(r *http.Request) *Answer {
	v.t.Helper()
	follow := v.client.CheckRedirect
	v.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	defer func() { v.client.CheckRedirect = follow }()
	return v.Do(r)
}

// Get opens a page.
func (v *Visitor) Get(target string) *Answer {
	v.t.Helper()
	return v.Do(v.Request(http.MethodGet, target, nil))
}

// Program turns a request into a program's: JSON wanted, no browser's fields.
func Program(r *http.Request) *http.Request {
	r.Header.Set("Accept", "application/json")
	r.Header.Del("Sec-Fetch-Site")
	r.Header.Del("Origin")
	return r
}

// JSON sends a program's request, with in as its body unless that is nil, and reads the answer.
func (v *Visitor) JSON(method, target string, in any, headers ...string) *Answer {
	v.t.Helper()
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			v.t.Fatal(err)
		}
	}
	r := Program(v.Request(method, target, body))
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return v.DoOnce(r)
}

// Cookies are those that the visitor's browser has for the portal.
func (v *Visitor) Cookies() []*http.Cookie { return v.client.Jar.Cookies(v.base) }

// Cookie is the value of one of them, "" if there is none by a name with this ending.
func (v *Visitor) Cookie(ending string) string {
	for _, c := range v.Cookies() {
		if strings.HasSuffix(c.Name, ending) {
			return c.Value
		}
	}
	return ""
}
