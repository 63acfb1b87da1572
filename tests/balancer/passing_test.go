package balancer

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/tests/stack"
)

// TestWhatPasses holds what HAProxy makes of single requests against what the portals, their operators and the people
// behind rely on.
func TestWhatPasses(t *testing.T) {
	t.Parallel()
	l := newLab(t, pgtest.New(t), labOptions{})
	t.Run("plain HTTP is sent to HTTPS", func(t *testing.T) { l.plain(t) })
	t.Run("request ids", func(t *testing.T) { l.ids(t) })
	t.Run("an address can't be forged", func(t *testing.T) { l.forged(t) })
	t.Run("a write that HAProxy can't hold", func(t *testing.T) { l.large(t) })
	t.Run("no secret in the log", func(t *testing.T) { l.secrets(t) })
}

func (l *lab) plain(t *testing.T) {
	answer := l.do(t, l.client(false, ""), "http://"+homeName+"/sign-in", nil)
	if where := answer.Header.Get("Location"); answer.StatusCode != http.StatusPermanentRedirect || where != "https://"+homeName+"/sign-in" {
		t.Errorf("plain HTTP is answered %d, Location %q", answer.StatusCode, where)
	}
	answer = l.do(t, l.client(true, ""), "https://"+homeName+"/sign-in", nil)
	if answer.StatusCode != http.StatusOK || answer.ProtoMajor != 2 || answer.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("HTTPS is answered %s %d, header %v; want HTTP/2 and the portal's Strict-Transport-Security", answer.Proto, answer.StatusCode, answer.Header)
	}
	if answer := l.do(t, l.client(false, ""), "https://other.example.org/", nil); answer != nil && answer.StatusCode == http.StatusOK {
		t.Errorf("a name that nobody serves is answered %d", answer.StatusCode)
	}
	answer = l.do(t, l.client(false, ""), "https://"+homeName+"/sign-in", http.Header{"Host": {"other.example.org"}})
	if answer.StatusCode != http.StatusNotFound {
		t.Errorf("a Host that nobody serves is answered %d, want 404", answer.StatusCode)
	}
}

func (l *lab) ids(t *testing.T) {
	const given = "somebody-elses-request"
	answer := l.do(t, l.client(false, ""), "https://"+homeName+"/sign-in", http.Header{"X-Request-Id": {given}})
	ids := answer.Header.Values("X-Request-Id")
	if len(ids) != 1 || len(ids[0]) != 36 || ids[0] == given {
		t.Fatalf("X-Request-Id is %q, want one of HAProxy's own", ids)
	}
	stack.Eventually(t, 10*time.Second, "the id in HAProxy's log and in an instance's", func() bool {
		return strings.Contains(l.balancer.Log(), ids[0]) && strings.Contains(l.instances[2].Log()+l.instances[3].Log(), "request_id="+ids[0])
	})
}

// large sends more under a key than HAProxy can keep for a second try: it must go on all the same.
func (l *lab) large(t *testing.T) {
	token := l.front.Token(t, l.front.NewCompany("Moss Lane Builders"))
	status, body, err := send(l.client(true, ""), http.MethodPost, l.front.Developer.URL+"/api/developments", token, "too-long", strings.Repeat("x", 200<<10))
	if err != nil || status != http.StatusBadRequest && status != http.StatusUnprocessableEntity || !json.Valid(body) {
		t.Errorf("a name of 200 KB is answered %d %.200s (%v), want the portal's refusal", status, body, err)
	}
}

// forged asks for links until the limit on one address is reached, with another false address each time.
func (l *lab) forged(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs 127.0.0.2 and 127.0.0.3, which only Linux has by itself")
	}
	const most = 1000 // more than any limit of the tenant portal on one address
	liar, other := l.client(false, "127.0.0.2"), l.client(false, "127.0.0.3")
	ask := func(client *http.Client, header http.Header) int {
		header.Set("Content-Type", "application/x-www-form-urlencoded")
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, l.front.Tenant.URL+"/sign-in",
			strings.NewReader(url.Values{"email": {"nobody@example.org"}}.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		request.Header = header
		answer, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		return answer.StatusCode
	}
	status, asked := http.StatusOK, 0
	for ; asked < most && status == http.StatusOK; asked++ {
		status = ask(liar, lies(asked))
	}
	if status != http.StatusTooManyRequests || asked < 10 {
		t.Errorf("after %d requests from one address, each with another false one, the last is answered %d, want 429", asked, status)
	}
	if status := ask(other, http.Header{}); status != http.StatusOK {
		t.Errorf("another address is answered %d: all people are counted as one", status)
	}
}

func lies(n int) http.Header {
	false1, false2 := fmt.Sprintf("198.51.100.%d", n%250), fmt.Sprintf("203.0.113.%d, 127.0.0.1", n%250)
	return http.Header{"X-Forwarded-For": {false1, false2}, "Forwarded": {"for=" + false1}, "X-Real-Ip": {false1}}
}

// secrets sends requests that carry secrets in every place that addresses of the portals have, and some that no portal
// has, and looks for them in HAProxy's log.
func (l *lab) secrets(t *testing.T) {
	shapes := []string{
		"mZ4Vw0q1rTQyK7J9uXxSgB5nD3cLhEaPoIiUyTrEwQ8", // a token in a link by e-mail
		"K7QF-2M9D-X3TB", "k7qf2m9dx3tb", // a printed code
		"buyer00014@example.org", "Rosalind", "abcdefghijklmnop",
	}
	before := len(l.balancer.Log())
	client, sent := l.client(true, ""), 0
	for name, host := range map[string]string{stack.DeveloperPortal: staffName, stack.TenantPortal: homeName} {
		for _, route := range routes(t, name) {
			for _, secret := range shapes {
				address := "https://" + host + parameter.ReplaceAllString(route.path, url.PathEscape(secret)) + "?q=" + url.QueryEscape(secret)
				request, err := http.NewRequestWithContext(t.Context(), route.method, address, nil)
				if err != nil {
					t.Fatal(err)
				}
				request.Header = http.Header{"Referer": {address}, "Cookie": {"oh_staff=" + secret}, "User-Agent": {secret}}
				answer, err := client.Do(request)
				if err != nil {
					t.Fatal(err)
				}
				_ = answer.Body.Close()
				sent++
			}
		}
	}
	for _, secret := range shapes[:3] {
		for _, head := range []string{
			"GET /%6cink/" + secret + " HTTP/1.1\r\nHost: " + homeName,
			"GET //link/" + secret + " HTTP/1.1\r\nHost: " + homeName,
			"GET /static/../link/" + secret + " HTTP/1.1\r\nHost: " + homeName,
			"GET https://" + homeName + "/link/" + secret + " HTTP/1.1\r\nHost: " + homeName,
			"GET /Link/" + secret + " HTTP/1.1\r\nHost: " + secret,
			"GET /link\\" + secret + " HTTP/1.1\r\nHost: " + homeName,
			"GET /link;" + secret + " HTTP/1.1\r\nHost: " + homeName,
			"GET /link/" + secret + " HTTP/7.3\r\nHost: " + homeName,
			"GET /link/" + secret + "\x01 HTTP/1.1\r\nHost: " + homeName,
			"GET /link/" + secret + " HTTP/1.1\r\nHo st: " + homeName,
			secret + " /link/ HTTP/1.1\r\nHost: " + homeName,
		} {
			l.raw(t, head)
			sent++
		}
	}
	if answer := l.do(t, client, "http://"+homeName+"/link/"+shapes[0], nil); answer.StatusCode != http.StatusPermanentRedirect {
		t.Errorf("plain HTTP is answered %d", answer.StatusCode)
	}
	sent++
	stack.Eventually(t, 10*time.Second, "a line for each request", func() bool { return strings.Count(l.balancer.Log()[before:], "\n") >= sent })
	log := l.balancer.Log()[before:]
	for _, secret := range shapes {
		for _, form := range []string{secret, url.PathEscape(secret), url.QueryEscape(secret)} {
			if at := strings.Index(log, form); at >= 0 {
				t.Errorf("the log has %q: …%.200q…", form, log[max(0, at-100):])
			}
		}
	}
	for _, place := range []string{" GET /link ", " GET /password ", " POST /api/password ", " GET /developments "} {
		if !strings.Contains(log, place) {
			t.Errorf("the log has no %q:\n%.600s", place, log)
		}
	}
}

var parameter = regexp.MustCompile(`\{[^}]+\}|\*`)

// route is an address of a portal.
type route struct{ method, path string }

// routes are all addresses of a portal, as it lists them itself.
func routes(t *testing.T, portal string) (list []route) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(stack.Root(t), "apps", portal, "testdata", "routes.golden"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		r := route{fields[0], fields[1]}
		if r.method == "ANY" {
			r.method = http.MethodGet
		}
		list = append(list, r)
	}
	if len(list) < 5 {
		t.Fatalf("%s has only the routes %v", portal, list)
	}
	return list
}

// do asks once; a header "Host" is sent as the host.
func (l *lab) do(t *testing.T, client *http.Client, address string, header http.Header) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		request.Header, request.Host = header, header.Get("Host")
	}
	answer, err := client.Do(request)
	if err != nil {
		if strings.Contains(address, "other.example.org") {
			return nil // its certificate is not for that name
		}
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer
}

// raw sends the head of a request as it is, and waits for whatever comes back.
func (l *lab) raw(t *testing.T, head string) {
	t.Helper()
	settings := l.tls.Clone()
	settings.ServerName = homeName
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 10 * time.Second}, "tcp", l.balancer.HTTPS(), settings)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(conn, head+"\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, bufio.NewReader(conn)) // also a cut connection is an answer
}
