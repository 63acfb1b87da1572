package stack

import (
	"io"
	"log"
	"mime"
	"mime/multipart"
	"net"
	"net/mail"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// Post is a mail server on this machine that takes everything and keeps it: what people find in their mailboxes.
type Post struct {
	port int

	mu    sync.Mutex
	taken []Letter
}

// Letter is one mail as it came over the wire.
type Letter struct {
	To      string // of the envelope
	Subject string
	Text    string // the plain part
}

// NewPost starts a mail server, which ends with the test.
func NewPost(t testing.TB) *Post {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Post{port: listener.Addr().(*net.TCPAddr).Port}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &delivery{post: p}, nil }))
	server.Domain, server.ReadTimeout, server.WriteTimeout = "localhost", time.Minute, time.Minute
	server.ErrorLog = log.New(io.Discard, "", 0)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(listener) // ends with the listener
	}()
	t.Cleanup(func() {
		_ = server.Close() // a connection that is closed already
		<-ended
	})
	return p
}

// env are the settings that lead to the server.
func (p *Post) env() []string {
	return []string{"SMTP_HOST=127.0.0.1", "SMTP_PORT=" + strconv.Itoa(p.port), "SMTP_SECURITY=none", "MAIL_FROM=no-reply@homes.example.org"}
}

// To are the letters to an address so far, in the order in which they came.
func (p *Post) To(address string) (letters []Letter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.taken {
		if l.To == address {
			letters = append(letters, l)
		}
	}
	return letters
}

// Await waits until so many letters to an address have come, and returns the last of them.
func (p *Post) Await(t testing.TB, address string, n int) Letter {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		letters := p.To(address)
		if len(letters) >= n {
			return letters[n-1]
		}
		if time.Now().After(end) {
			t.Fatalf("%d letters to %s came within a minute, want %d: %q", len(letters), address, n, letters)
		}
	}
}

type delivery struct {
	post *Post
	to   string
}

func (d *delivery) Mail(string, *smtp.MailOptions) error { return nil }

func (d *delivery) Rcpt(to string, _ *smtp.RcptOptions) error {
	d.to = to
	return nil
}

func (d *delivery) Data(r io.Reader) error {
	letter, err := readLetter(r)
	if err != nil {
		return err // the worker's log says so, and the letter never comes
	}
	letter.To = d.to
	d.post.mu.Lock()
	defer d.post.mu.Unlock()
	d.post.taken = append(d.post.taken, letter)
	return nil
}

func (d *delivery) Reset() {}

func (d *delivery) Logout() error { return nil }

func readLetter(r io.Reader) (Letter, error) {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return Letter{}, err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		return Letter{}, err
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return Letter{}, err
	}
	part, err := multipart.NewReader(m.Body, params["boundary"]).NextPart() // the plain one comes first
	if err != nil {
		return Letter{}, err
	}
	text, err := io.ReadAll(part)
	return Letter{Subject: subject, Text: strings.ReplaceAll(string(text), "\r\n", "\n")}, err
}
