package mailing_test

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"testing"
	"time"

	"openhouse.example/apps/developer-portal/internal/mailing"
	"openhouse.example/apps/developer-portal/internal/mailing/smtptest"
)

func TestALetterArrives(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind    smtptest.Kind
		change  map[string]string
		private bool
	}{
		"STARTTLS":                 {smtptest.StartTLS, nil, true},
		"TLS from the start":       {smtptest.TLS, map[string]string{"SMTP_SECURITY": "tls"}, true},
		"plain, on this machine":   {smtptest.Bare, map[string]string{"SMTP_SECURITY": "none"}, false},
		"plain, without a sign-in": {smtptest.Bare, map[string]string{"SMTP_SECURITY": "none", "SMTP_USER": "", "SMTP_PASSWORD": ""}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := smtptest.New(t, c.kind)
			s := sender(t, server, c.change)
			if err := s.Check(t.Context()); err != nil {
				t.Fatalf("the check says %v", err)
			}
			if n := len(server.Taken()); n != 0 {
				t.Fatalf("the check has sent %d letters", n)
			}
			if err := s.Send(t.Context(), letter()); err != nil {
				t.Fatal(err)
			}
			m := server.Wait(t, 1)[0]
			user := smtptest.User
			if given, changed := c.change["SMTP_USER"]; changed {
				user = given
			}
			if m.To != "mia@example.org" || m.From != "no-reply@homes.example.org" || m.User != user {
				t.Errorf("from %q to %q, signed in as %q", m.From, m.To, m.User)
			}
			if m.Encrypted != c.private && c.kind != smtptest.TLS { // behind its own listener the server can't tell
				t.Errorf("encrypted: %t", m.Encrypted)
			}
			if s.Failing() {
				t.Error("it calls itself failing")
			}
		})
	}
}

// What is sent: the headers, and the same words as text and as a page.
func TestWhatALetterIsMadeOf(t *testing.T) {
	t.Parallel()
	server := smtptest.New(t, smtptest.StartTLS)
	l := letter()
	l.Company, l.Subject = "Wiśniowy Sad „Dom” Sp. z o.o.", "Twój odnośnik do "+strings.Repeat("źdźbła i łódki ", 20)+"🏡"
	l.Body = "Dzień dobry,\n\nłącze do domu <nr 14> & ogrodu:\n\nhttps://homes.example.org/link/abc?x=1&y=2\n\nKto go nie zna, niech nie klika.\n"
	s := sender(t, server, map[string]string{"MAIL_REPLY_TO": "help@homes.example.org"})
	for range 2 {
		if err := s.Send(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	both := server.Wait(t, 2)
	if both[0].Text != both[1].Text {
		t.Error("the same letter became different bytes: a reader who gets it twice can't tell")
	}
	parsed, err := mail.ReadMessage(strings.NewReader(both[0].Text))
	if err != nil {
		t.Fatal(err)
	}
	from, err := parsed.Header.AddressList("From")
	if err != nil || len(from) != 1 || from[0].Name != l.Company || from[0].Address != "no-reply@homes.example.org" {
		t.Errorf("From is %v (%v)", from, err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
	if err != nil || subject != strings.TrimSpace(l.Subject) {
		t.Errorf("Subject is %q (%v)", subject, err)
	}
	for name, want := range map[string]string{
		"To": "<mia@example.org>", "Reply-To": "<help@homes.example.org>", "Message-Id": "<" + l.ID.String() + "@homes.example.org>",
		"Auto-Submitted": "auto-generated", "Date": "Mon, 04 May 2026 10:20:30 +0000", "Bcc": "", "X-Mailer": "", "User-Agent": "",
	} {
		if got := parsed.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for _, line := range strings.Split(both[0].Text, "\n") {
		if len(line) > 998 {
			t.Errorf("a line has %d bytes", len(line))
		}
	}
	kind, params, err := mime.ParseMediaType(parsed.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("Content-Type is %s (%v)", kind, err)
	}
	parts := multipart.NewReader(parsed.Body, params["boundary"])
	next := func(want string) string {
		t.Helper()
		part, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		if kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type")); kind != want {
			t.Fatalf("the part is %s, want %s", kind, want)
		}
		text, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(string(text), "\r\n", "\n")
	}
	if text := next("text/plain"); text != l.Body {
		t.Errorf("the text is %q", text)
	}
	html := next("text/html")
	for _, want := range []string{"Dzień dobry,", "&lt;nr 14&gt; &amp; ogrodu", `href="https://homes.example.org/link/abc?x=1&amp;y=2"`} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %s:\n%s", want, html)
		}
	}
}

// Nobody's name or address adds a header or a recipient.
func TestForgedLettersAreRefused(t *testing.T) {
	t.Parallel()
	server := smtptest.New(t, smtptest.StartTLS)
	s := sender(t, server, nil)
	for name, change := range map[string]func(l *mailing.Letter){
		"a company of two lines":        func(l *mailing.Letter) { l.Company = "Harbour\r\nBcc: eve@example.org" },
		"a company with a bare return":  func(l *mailing.Letter) { l.Company = "Harbour\rBcc: eve@example.org" },
		"a company with a separator":    func(l *mailing.Letter) { l.Company = "Harbour\u2028Bcc: eve@example.org" },
		"a subject of two lines":        func(l *mailing.Letter) { l.Subject = "Hello\nBcc: eve@example.org" },
		"a subject with a nought":       func(l *mailing.Letter) { l.Subject = "Hello\x00" },
		"an address of two lines":       func(l *mailing.Letter) { l.To = "mia@example.org\r\nRCPT TO:<eve@example.org>" },
		"two addresses":                 func(l *mailing.Letter) { l.To = "mia@example.org, eve@example.org" },
		"an address with a name":        func(l *mailing.Letter) { l.To = "Mia <mia@example.org>" },
		"an address in angle brackets":  func(l *mailing.Letter) { l.To = "<mia@example.org>" },
		"an address that ends a header": func(l *mailing.Letter) { l.To = "mia@example.org> SIZE=1" },
		"no address":                    func(l *mailing.Letter) { l.To = "" },
		"no address, but a word":        func(l *mailing.Letter) { l.To = "mia" },
	} {
		l := letter()
		change(&l)
		if err := s.Send(t.Context(), l); !errors.Is(err, mailing.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	l := letter()
	l.Company = `"Bob" <bob@example.org>, Eve`
	if err := s.Send(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	taken := server.Wait(t, 1)
	from, err := mail.ParseAddressList(taken[0].Header(t, "From"))
	if err != nil || len(from) != 1 || from[0].Name != l.Company || len(taken) != 1 {
		t.Errorf("%d letters; From became %v (%v)", len(taken), from, err)
	}
}

// Which failures are final, and whose they are.
func TestFailures(t *testing.T) {
	t.Parallel()
	refusal := func(code int) error {
		return &smtptest.Refusal{Code: code, Message: "about mia@example.org: no"}
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, nobody, _ := net.SplitHostPort(closed.Addr().String())
	_ = closed.Close() // nobody listens there any more
	strange := smtptest.New(t, smtptest.StartTLS)
	for name, c := range map[string]struct {
		kind          smtptest.Kind
		change        map[string]string
		rcpt, data    error
		final, server bool
	}{
		"the recipient later":           {kind: smtptest.StartTLS, rcpt: refusal(450)},
		"the recipient never":           {kind: smtptest.StartTLS, rcpt: refusal(550), final: true},
		"the content later":             {kind: smtptest.StartTLS, data: refusal(451)},
		"the content never":             {kind: smtptest.StartTLS, data: refusal(554), final: true},
		"nobody there":                  {kind: smtptest.StartTLS, change: map[string]string{"SMTP_PORT": nobody}, server: true},
		"a wrong password":              {kind: smtptest.StartTLS, change: map[string]string{"SMTP_PASSWORD": "guess"}, final: true, server: true},
		"no password":                   {kind: smtptest.StartTLS, change: map[string]string{"SMTP_USER": "", "SMTP_PASSWORD": ""}, server: true},
		"no encryption there":           {kind: smtptest.Bare, final: true, server: true},
		"a stranger's certificate":      {kind: smtptest.StartTLS, change: map[string]string{"SMTP_CA": strange.CA}, final: true, server: true},
		"a certificate of another name": {kind: smtptest.StartTLS, change: map[string]string{"SMTP_HOST": "127.0.0.1"}, final: true, server: true},
		"TLS where there is none":       {kind: smtptest.StartTLS, change: map[string]string{"SMTP_SECURITY": "tls"}, final: true, server: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := smtptest.New(t, c.kind)
			server.Rcpt = func(string) error { return c.rcpt }
			server.Data = func(smtptest.Message) error { return c.data }
			s := sender(t, server, c.change)
			err := s.Send(t.Context(), letter())
			var failure *mailing.Failure
			if !errors.As(err, &failure) || failure.Final != c.final || failure.Server != c.server {
				t.Fatalf("it failed with %#v %v, want final %t, the server's %t", failure, err, c.final, c.server)
			}
			if strings.Contains(failure.Text, "mia@example.org") || strings.Contains(failure.Text, smtptest.Password) || strings.ContainsAny(failure.Text, "\r\n") {
				t.Errorf("its text is not for everybody: %q", failure.Text)
			}
			if n := len(server.Taken()); n != 0 {
				t.Errorf("%d letters were taken", n)
			}
			if s.Failing() != c.server {
				t.Errorf("failing: %t", s.Failing())
			}
			if check := s.Check(t.Context()); (check != nil) != (c.server && name != "no password") {
				t.Errorf("the check says %v", check)
			}
		})
	}
}

// A server that takes its time doesn't hold a worker that has to end.
func TestSendingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { // says nothing, until the other side is gone
				_, _ = io.Copy(io.Discard, conn)
				_ = conn.Close()
			}()
		}
	}()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	server := smtptest.New(t, smtptest.StartTLS)
	hang, entered := make(chan struct{}), make(chan struct{})
	server.Data = func(smtptest.Message) error { close(entered); <-hang; return nil }
	defer close(hang)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- sender(t, server, nil).Send(ctx, letter()) }()
	<-entered
	asked := time.Now()
	cancel()
	if err := <-ended; err == nil {
		t.Error("it was sent although nobody took it")
	}
	ctx, cancel = context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	var failure *mailing.Failure
	if err := sender(t, server, map[string]string{"SMTP_PORT": port}).Send(ctx, letter()); !errors.As(err, &failure) || failure.Final || !failure.Server {
		t.Errorf("a silent server: %v", err)
	}
	if took := time.Since(asked); took > 8*time.Second { // each would have taken 10 s by itself
		t.Errorf("it took %v", took)
	}
}
