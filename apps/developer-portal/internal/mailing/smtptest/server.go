// Package smtptest is a mail server for tests: it speaks SMTP with TLS on this machine, keeps what it is given, and
// fails on demand. Only tests use it.
package smtptest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// The one account.
const (
	User     = "postman"
	Password = "a secret of the mail server"
)

// Refusal is an answer that is not "yes", such as 450 or 550.
type Refusal = smtp.SMTPError

// Message is one that was taken.
type Message struct {
	From, To  string // of the envelope
	Text      string // headers and body
	Encrypted bool
	User      string // who had signed in
}

// Header is one header of the message.
func (m Message) Header(t testing.TB, name string) string {
	t.Helper()
	parsed, err := mail.ReadMessage(strings.NewReader(m.Text))
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Header.Get(name)
}

// Server is a mail server on this machine. Its fields are set before the first message.
type Server struct {
	Port int
	CA   string // file with the authority of its certificate

	// Mail, Rcpt and Data are asked about each message, before it is taken; nil takes all. They may take their time.
	Mail func() error
	Rcpt func(to string) error
	Data func(m Message) error

	mu    sync.Mutex
	taken []Message
}

// Kind is how a server treats the way to it.
type Kind int

// The kinds.
const (
	StartTLS Kind = iota // offers STARTTLS, takes a password only behind it
	TLS                  // speaks TLS from the first byte
	Bare                 // knows no encryption, and takes mail from everybody
)

// New starts a server, which ends with the test. With StartTLS and TLS it demands that the client signs in.
func New(t testing.TB, kind Kind) *Server {
	t.Helper()
	s := &Server{}
	certificate := s.certificate(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if s.Port, err = strconv.Atoi(port); err != nil {
		t.Fatal(err)
	}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{server: s, conn: c, open: kind == Bare}, nil
	}))
	server.Domain, server.AllowInsecureAuth = "localhost", kind == Bare
	server.ReadTimeout, server.WriteTimeout = time.Minute, time.Minute
	server.ErrorLog = log.New(io.Discard, "", 0)
	encrypted := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	switch kind {
	case StartTLS:
		server.TLSConfig = encrypted
	case TLS:
		listener = tls.NewListener(listener, encrypted)
	case Bare:
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(listener) // ends with the listener
	}()
	t.Cleanup(func() {
		_ = server.Close() // a connection that is closed already
		<-ended
	})
	return s
}

// Taken are the messages so far, in order.
func (s *Server) Taken() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Message(nil), s.taken...)
}

// Wait waits until so many messages were taken.
func (s *Server) Wait(t testing.TB, n int) []Message {
	t.Helper()
	for limit := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if got := s.Taken(); len(got) >= n {
			return got
		}
		if time.Now().After(limit) {
			t.Fatalf("%d messages came, want %d", len(s.Taken()), n)
		}
	}
}

// Vars are the settings that lead to the server.
func (s *Server) Vars() map[string]string {
	return map[string]string{
		"SMTP_HOST": "localhost", "SMTP_PORT": strconv.Itoa(s.Port), "SMTP_CA": s.CA,
		"SMTP_USER": User, "SMTP_PASSWORD": Password, "MAIL_FROM": "no-reply@homes.example.org",
	}
}

type session struct {
	server *Server
	conn   *smtp.Conn
	open   bool // without signing in
	user   string
	m      Message
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != User || password != Password {
			return smtp.ErrAuthFailed
		}
		s.user = user
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if !s.open && s.user == "" {
		return &Refusal{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Authentication required"}
	}
	s.m = Message{From: from, User: s.user}
	if s.server.Mail != nil {
		return s.server.Mail()
	}
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.m.To = to
	if s.server.Rcpt != nil {
		return s.server.Rcpt(to)
	}
	return nil
}

func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.m.Text = string(text)
	_, s.m.Encrypted = s.conn.TLSConnectionState()
	if s.server.Data != nil {
		if err := s.server.Data(s.m); err != nil {
			return err
		}
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.taken = append(s.server.taken, s.m)
	return nil
}

func (s *session) Reset() {}

func (s *session) Logout() error { return nil }

// certificate makes one for this machine, with an authority of its own.
func (s *Server) certificate(t testing.TB) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	s.CA = filepath.Join(t.TempDir(), "ca.pem")
	err = errors.Join(err, os.WriteFile(s.CA, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
