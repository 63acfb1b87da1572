package mailing

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strings"
	"sync/atomic"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// stepLimit bounds connecting, TLS and sign-in together, and then the message.
const stepLimit = 10 * time.Second

// Sender hands letters to the mail server. It is safe for concurrent use.
type Sender struct {
	cfg    Config
	tls    *tls.Config
	broken atomic.Bool // the last attempt to use the mail server failed for a reason that is not a letter's
}

// NewSender makes a Sender from settings that were validated. It doesn't connect.
func NewSender(cfg Config) (*Sender, error) {
	roots, err := cfg.roots()
	if err != nil {
		return nil, fmt.Errorf("SMTP_CA: %w", err)
	}
	return &Sender{cfg: cfg, tls: &tls.Config{ServerName: cfg.Host, RootCAs: roots, MinVersion: tls.VersionTLS12}}, nil
}

// Failing reports whether the mail server could not be used at the last attempt. A letter that it refused doesn't
// count.
func (s *Sender) Failing() bool { return s.broken.Load() }

// Failure is why a letter was not sent.
type Failure struct {
	Final  bool   // another attempt is of no use
	Server bool   // the mail server can't be used at all; the letter is not to blame
	Text   string // one line for the operator, without addresses
	cause  error
}

func (f *Failure) Error() string { return f.Text }

func (f *Failure) Unwrap() error { return f.cause }

// Check connects, encrypts and signs in as for a letter, and sends none. An error is a *Failure; it is Final when the
// settings are to blame (a wrong password, no encryption, a certificate that can't be verified), so that it is of no
// use to wait.
func (s *Sender) Check(ctx context.Context) error {
	to, err := s.dial(ctx)
	if err != nil {
		return err
	}
	to.hangUp()
	return nil
}

// session is one connection to the mail server, encrypted and signed in.
type session struct {
	client *gomail.Client
	smtp   *smtp.Client
	close  func()
}

// dial opens a session, which ends with ctx. The library closes no connection that it could not use, nor one that its
// context has left: both happen here.
func (s *Sender) dial(ctx context.Context) (*session, error) {
	end := func() {}
	client, err := gomail.NewClient(s.cfg.Host, s.options(func(limited context.Context, network, address string) (net.Conn, error) {
		conn, err := s.connect(limited, network, address)
		if err != nil {
			return nil, err
		}
		stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
		end = func() {
			stop()
			_ = conn.Close() // whoever hangs up expects no more
		}
		return conn, nil
	})...)
	if err != nil {
		return nil, &Failure{Final: true, Server: true, Text: "the settings of the mail server (SMTP_…) can't be used: " + err.Error(), cause: err}
	}
	conn, err := client.DialToSMTPClientWithContext(ctx)
	s.broken.Store(err != nil)
	if err != nil {
		end()
		return nil, &Failure{Final: settingsToBlame(err), Server: true, Text: oneLine("the mail server can't be used: "+err.Error(), ""), cause: err}
	}
	return &session{client: client, smtp: conn, close: end}, nil
}

// connect is TCP, and TLS where that comes first.
func (s *Sender) connect(ctx context.Context, network, address string) (net.Conn, error) {
	if s.cfg.Security == TLS {
		return (&tls.Dialer{Config: s.tls}).DialContext(ctx, network, address)
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}

func (s *Sender) options(connect gomail.DialContextFunc) []gomail.Option {
	_, domain, _ := strings.Cut(s.cfg.From, "@")
	options := []gomail.Option{
		gomail.WithPort(s.cfg.port()), gomail.WithTimeout(stepLimit), gomail.WithHELO(domain),
		gomail.WithDialContextFunc(connect), gomail.WithTLSConfig(s.tls), gomail.WithTLSPolicy(gomail.NoTLS),
		gomail.WithoutRset(), gomail.WithoutNoop(), // each letter has its own connection
	}
	if s.cfg.Security == StartTLS {
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.cfg.User != "" {
		// Bare passwords too: the way is encrypted, or doesn't leave this machine.
		options = append(options, gomail.WithUsername(s.cfg.User), gomail.WithPassword(s.cfg.Password.Reveal()),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin, gomail.SMTPAuthSCRAMSHA1, gomail.SMTPAuthCramMD5))
	}
	return options
}

// hangUp says good-bye; the letter is through or not, whatever the answer.
func (t *session) hangUp() {
	_ = t.client.CloseWithSMTPClient(t.smtp)
	t.close()
}

// Send hands one letter to the mail server. An error is a *Failure, or wraps ErrRefused.
func (s *Sender) Send(ctx context.Context, l Letter) error {
	m, err := s.build(l)
	if err != nil {
		return err
	}
	to, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer to.hangUp()
	err = to.client.SendWithSMTPClient(to.smtp, m)
	if err == nil || m.IsDelivered() { // what fails after the server's "taken" changes nothing
		return nil
	}
	failure := &Failure{Text: oneLine(err.Error(), l.To), cause: err}
	var sending *gomail.SendError
	if errors.As(err, &sending) {
		refused := sending.ErrorCode() >= 500
		switch sending.Reason {
		case gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrSMTPDataClose, gomail.ErrWriteContent:
			failure.Final = refused
		case gomail.ErrGetSender, gomail.ErrGetRcpts:
			failure.Final = true
		default: // not allowed to send at all, or a broken connection
			failure.Server = true
			s.broken.Store(true)
		}
	}
	return failure
}

// settingsToBlame tells "no" from "not now".
func settingsToBlame(err error) bool {
	var answer *textproto.Error
	if errors.As(err, &answer) {
		return answer.Code >= 500
	}
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	if errors.As(err, &unknown) || errors.As(err, &host) || errors.As(err, &invalid) || errors.As(err, &record) {
		return true
	}
	// The library has no types for these two.
	return strings.Contains(err.Error(), "does not support STARTTLS") || strings.Contains(err.Error(), "does not support SMTP AUTH")
}

// oneLine makes an error short enough for the table and takes the recipient out, whom a mail server likes to repeat.
func oneLine(text, recipient string) string {
	const most = 300
	text = strings.Join(strings.Fields(text), " ")
	if recipient != "" {
		text = strings.ReplaceAll(text, recipient, "<recipient>")
	}
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most])
	}
	return text
}

// watchEvery is how often a mail server that could not be used is asked again, also without a letter that waits.
const watchEvery = 15 * time.Second

// Watch asks a mail server that could not be used from time to time, until ctx ends, so that Failing is true no longer
// than the outage.
func (s *Sender) Watch(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if s.Failing() {
			_ = s.Check(ctx) // what it finds, Failing says
		}
	}
}
