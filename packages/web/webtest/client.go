package webtest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// Client is a browser in front of a portal, or a program: it keeps cookies, and
// shows redirects instead of following them. Without an answer the test fails.
type Client struct {
	Token string // sent as a program sends it, unless ""

	t    testing.TB
	base *url.URL
	http *http.Client
}

// NewClient is a browser that has never been at server.
func NewClient(t testing.TB, server *httptest.Server) *Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return &Client{t: t, base: base, http: &http.Client{
		Jar: jar, Transport: server.Client().Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Cookies are those that the browser would send.
func (c *Client) Cookies() []*http.Cookie { return c.http.Jar.Cookies(c.base) }

// SetCookie puts a cookie into the browser.
func (c *Client) SetCookie(name, value string) {
	c.http.Jar.SetCookies(c.base, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
}

// Send sends a request with a body of the given content type, "" for none.
// header is names and values by turns.
func (c *Client) Send(method, path, kind string, body io.Reader, header ...string) Answer {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.base.String()+path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if c.Token != "" {
		r.Header.Set("Authorization", "Bearer "+c.Token)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := c.http.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return Answer{resp, string(text)}
}

// Get asks for a page.
func (c *Client) Get(path string, header ...string) Answer {
	c.t.Helper()
	return c.Send(http.MethodGet, path, "", nil, header...)
}

// Post sends a form; nil is an empty one.
func (c *Client) Post(path string, form url.Values, header ...string) Answer {
	c.t.Helper()
	return c.Send(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()), header...)
}

// PostJSON sends v as a program does.
func (c *Client) PostJSON(path string, v any, header ...string) Answer {
	c.t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.Send(http.MethodPost, path, "application/json", strings.NewReader(string(body)), header...)
}

// Answer is a response that was read to its end.
type Answer struct {
	*http.Response
	Text string // the body
}

// Is fails the test at once unless the answer has this status.
func (a Answer) Is(t testing.TB, status int) Answer {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("%s %s: status %d, want %d\n%s", a.Request.Method, a.Request.URL.Path, a.StatusCode, status, a.Text)
	}
	return a
}

// Says fails the test unless the body has each of the words.
func (a Answer) Says(t testing.TB, words ...string) Answer {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(a.Text, w) {
			t.Errorf("%s %s doesn't say %q:\n%s", a.Request.Method, a.Request.URL.Path, w, a.Text)
		}
	}
	return a
}

// Decode reads a body of JSON.
func Decode[T any](t testing.TB, a Answer) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(a.Text), &v); err != nil {
		t.Fatalf("%v in %s", err, a.Text)
	}
	return v
}
