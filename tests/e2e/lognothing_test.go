package e2e

import (
	"archive/zip"
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"openhouse.example/tests/e2e/visit"
	"openhouse.example/tests/stack"
)

var printedCode = regexp.MustCompile(`/onboarding/([A-Za-z0-9-]+)`)

// codeOfHome prints the development's codes and reads the one on the list in the ZIP.
func codeOfHome(t testing.TB, s *stack.Stack, staff *visit.Visitor, development string) string {
	t.Helper()
	var made struct{ ID, State string }
	staff.JSON(http.MethodPost, "/api"+development+"/sheets", map[string]string{"reach": "development", "address": s.Tenant.URL}).Want(http.StatusAccepted).Decode(&made)
	waitFor(t, "the print", func() bool {
		staff.JSON(http.MethodGet, "/api/sheets/"+made.ID, nil).Want(200).Decode(&made)
		return made.State == "ready"
	})
	staff.Get("/sheets/" + made.ID + "/sheets.pdf").Want(200)
	packed := staff.Get("/sheets/" + made.ID + "/codes.zip").Want(200).Body
	files, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		t.Fatal(err)
	}
	list, err := files.Open("manifest.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	text, err := io.ReadAll(list)
	if err != nil {
		t.Fatal(err)
	}
	found := printedCode.FindSubmatch(text)
	if found == nil {
		t.Fatalf("no code in %s", text)
	}
	return string(found[1])
}

// TestAWholeLifeLeavesNoTraceInTheLogs goes from a company's colleague to a resident who comes in by a printed code, a
// stranger who asks, a wrong password and a forgotten one, and then looks for every name, address, phone, token, code,
// password and cookie of it in what the programs wrote.
func TestAWholeLifeLeavesNoTraceInTheLogs(t *testing.T) {
	t.Parallel()
	s := start(t)
	company := s.NewCompany("Harbour Homes")
	const (
		buyer, buyerName, buyerPhone = "quilla.buyer@example.org", "Quilla Buyerson", "+353 1 555 0177"
		stranger, strangerName       = "yorick.stranger@example.org", "Yorick Strangeways"
		colleague, colleagueName     = "bea.colleague@example.org", "Bea Colleagueson"
		wrong, another               = "a wrong guess of mine", "the heron stands at dusk"
	)
	staff := signIn(t, s, company.Email)
	development := createDevelopment(t, staff, "Longview Park")
	address, _ := preview(t, staff, development, "homes of Quilla.csv", []byte("unit,address,type,buyer,email,phone\n1,1 Longview Park,B,"+buyerName+","+buyer+","+buyerPhone+"\n2,2 Longview Park,B,,not-an-address-of-quilla,\n"))
	commit(t, staff, address)
	staff.Get(address + "/errors.csv").Want(200)
	ids, _ := homesOf(t, staff, development)
	home := "/homes/" + ids["1"]
	staff.Get(development + "/homes?q=" + url.QueryEscape(buyerName)).Want(200)
	staff.Form(staff.Get(home).Want(200), "/link").Send().Want(200)

	code := codeOfHome(t, s, staff, development)
	claim := func(name, email string) {
		v := visit.New(t, s.Tenant.URL)
		v.Form(v.Get("/onboarding/"+code).Want(200), code).Set("fullName", name).Set("email", email).Send().Want(200)
	}
	claim(buyerName, buyer)
	claim(strangerName, stranger)
	visit.New(t, s.Tenant.URL).Get("/onboarding/" + code[:len(code)-1] + "x")
	link := linkInOutbox(t, staff, buyer)
	resident := enterHome(t, s, link)
	resident.Get("/").Want(200)
	resident.Get("/link/" + path.Base(link)).Want(http.StatusGone)
	staff.Form(staff.Get("/requests").Want(200), "/approve").Send().Want(200)
	second := linkInOutbox(t, staff, stranger)
	again := visit.New(t, s.Tenant.URL)
	again.Form(again.Get("/sign-in").Want(200), "/sign-in").Set("email", buyer).Send().Want(200)

	staff.JSON(http.MethodPost, "/api/team", map[string]any{"email": colleague, "name": colleagueName, "role": "developer"}).Want(http.StatusCreated)
	invitation := passwordMail(t, staff, colleague)
	bea := choose(t, s, invitation, colleague, chosen)
	guess := visit.New(t, s.Developer.URL)
	guess.Form(guess.Get("/sign-in"), "/sign-in").Set("email", colleague).Set("password", wrong).Send().Want(http.StatusUnauthorized)
	guess.Form(guess.Get("/forgot-password").Want(200), "/forgot-password").Set("email", colleague).Send().Want(200)
	var reset string
	waitFor(t, "the mail", func() bool { reset = passwordMail(t, staff, colleague); return reset != invitation })
	cookie := bea.Cookie("oh_staff")
	after := choose(t, s, reset, colleague, another)
	person := lookUp[string](t, s.DB, "select id::text from residents where email = $1", buyer)
	staff.Get("/residents/" + person).Want(200)
	staff.JSON(http.MethodPost, "/api/residents/"+person+"/export", nil).Want(200)
	staff.Get("/audit?q=" + buyer)

	logs := s.Developer.Log() + s.Tenant.Log()
	wantAll(t, logs, "route=/onboarding/{code}", "route=/link/{token}", "route=/password/{token}", "route=/requests/{request}/approve", "route=/sheets/{sheet}/codes.zip")
	for what, secret := range map[string]string{
		"the administrator": company.Email, "the buyer": buyer, "the buyer's name": "Buyerson", "the buyer's phone": "555 0177", "their phone in an address": "5550177",
		"a bad address": "not-an-address", "a file's name": "homes of Quilla", "the stranger": stranger, "the stranger's name": "Strangeways", "the colleague": colleague,
		"the colleague's name": "Colleagueson", "a code": code, "a code without dashes": strings.ReplaceAll(code, "-", ""), "a link": path.Base(link), "another link": path.Base(second),
		"an invitation": path.Base(invitation), "a reset": path.Base(reset), "the usual password": stack.Password, "a password": chosen, "a new password": another, "a wrong password": wrong,
		"a staff cookie": staff.Cookie("oh_staff"), "a colleague's cookie": cookie, "their next cookie": after.Cookie("oh_staff"), "a resident's cookie": resident.Cookie("oh_resident"),
		"a private key": "PRIVATE KEY", "a database address": "postgres://", "an e-mail address": "@example.org",
	} {
		switch {
		case len(secret) < 5:
			t.Errorf("%s is %q: the journey has lost it", what, secret)
		case strings.Contains(strings.ToLower(logs), strings.ToLower(secret)), strings.Contains(logs, url.QueryEscape(secret)):
			t.Errorf("the log has %s: %s", what, logLine(strings.ToLower(logs), strings.ToLower(secret)))
		}
	}
}

// TestNobodyWritesTheLog sends line ends, escape sequences and lines of a made-up log in every place of a request, and
// finds one line for each request that was understood, and nothing of what was sent.
func TestNobodyWritesTheLog(t *testing.T) {
	t.Parallel()
	s := start(t)
	company := s.NewCompany("Harbour Homes")
	token := s.Token(t, company)
	const fake = `time=2026-01-01T00:00:00Z level=INFO msg=request route=/team status=200 INJECTED`
	nasty := []string{"\r\n" + fake, "\n" + fake, "\r" + fake, "\x1b[2K\x1b[1AINJECTED", "\u0085" + fake, "\u2028" + fake, "\u202EINJECTED", "\x00INJECTED", "\x7fINJECTED", "\" INJECTED=\"", "\u009b31mINJECTED"}
	headers := []string{
		"X-Request-Id", "X-Forwarded-For", "X-Forwarded-Proto", "X-Real-Ip", "Forwarded", "User-Agent", "Referer", "Origin", "Cookie", "Accept", "Accept-Language",
		"Accept-Encoding", "Content-Type", "Idempotency-Key", "If-None-Match", "Traceparent",
	}
	understood := 0
	send := func(p *stack.Portal, head, body string) {
		conn, err := net.DialTimeout("tcp", strings.TrimPrefix(p.URL, "http://"), 10*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		_ = conn.SetDeadline(time.Now().Add(60 * time.Second))
		if _, err := fmt.Fprintf(conn, "%s\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", head, len(body), body); err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%q: %v", head, err)
		}
		_ = answer.Body.Close()
		if answer.Header.Get("X-Request-Id") != "" { // it has come to our own handlers
			understood++
		}
	}
	for _, p := range []*stack.Portal{s.Developer, s.Tenant} {
		host := "\r\nHost: " + strings.TrimPrefix(p.URL, "http://")
		bearer := "\r\nAuthorization: Bearer " + token
		for _, n := range nasty {
			escaped := url.PathEscape(n)
			for _, target := range []string{"/" + escaped, "/developments/" + escaped, "/onboarding/" + escaped, "/link/" + escaped, "/sign-in?next=" + url.QueryEscape(n), "/developments?page=" + url.QueryEscape(n), "/developments?q=" + url.QueryEscape(n)} {
				send(p, "GET "+target+" HTTP/1.1"+host+bearer, "")
			}
			raw := strings.NewReplacer("\r", "", "\n", "").Replace(n) // a line end in a header is the end of the header
			for _, h := range headers {
				send(p, "GET /developments HTTP/1.1"+host+"\r\n"+h+": "+raw, "")
			}
			send(p, "GET /developments HTTP/1.1"+host+"\r\nX-Request-Id: abcdefgh\r\n "+raw, "")
			send(p, "GET /developments HTTP/1.1"+host+"\r\nAuthorization: Bearer "+raw, "")
			send(p, "GET /developments HTTP/1.1"+host+bearer+raw, "")
			send(p, "BREW"+raw+" /developments HTTP/1.1"+host, "")
			for _, place := range []string{"/sign-in", "/onboarding", "/onboarding/AAAA-BBBB-CCCC", "/forgot-password"} {
				form := "\r\nContent-Type: application/x-www-form-urlencoded"
				for _, field := range []string{"email", "password", "code", "fullName", "idempotency_key", n} {
					send(p, "POST "+place+" HTTP/1.1"+host+form, url.Values{field: {n}, "email": {n + "@example.org"}}.Encode())
				}
				send(p, "POST /api"+place+" HTTP/1.1"+host+"\r\nContent-Type: application/json", fmt.Sprintf(`{"email":%q,%q:%q}`, n, n, n))
			}
		}
		send(p, "POST /developments HTTP/1.1"+host+bearer+"\r\nContent-Type: application/x-www-form-urlencoded", url.Values{"name": {nasty[0]}, "contactEmail": {nasty[3]}}.Encode())
	}
	if understood < 400 {
		t.Errorf("only %d requests were understood", understood)
	}
	logged := func() (logs string) { return s.Developer.Log() + s.Tenant.Log() }
	waitFor(t, "a line for each request", func() bool { return strings.Count(logged(), "msg=request ") >= understood })
	logs := logged()
	if n := strings.Count(logs, "msg=request "); n != understood {
		t.Errorf("%d lines for %d requests", n, understood)
	}
	for line := range strings.Lines(logs) {
		if !strings.HasPrefix(line, "time=2") || strings.Contains(line, "INJECTED") {
			t.Errorf("somebody has written in the log: %q", line)
		}
		if at := strings.IndexFunc(strings.TrimSuffix(line, "\n"), func(c rune) bool { return c != ' ' && !unicode.IsPrint(c) }); at >= 0 {
			t.Errorf("something hides in the log: %q", line)
		}
	}
}
