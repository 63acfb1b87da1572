package mailing

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/mail"
	"net/netip"
	"os"
	"strings"

	"openhouse.example/packages/config"
)

// Security is how the way to the mail server is encrypted.
type Security string

// The ways of Security.
const (
	StartTLS Security = "starttls" // a plain greeting, then TLS before anything else, or nothing is sent
	TLS      Security = "tls"      // TLS from the first byte
	Plain    Security = "none"     // no encryption, on this machine only
)

// Config is how mail leaves the installation.
type Config struct {
	Host     string        `envconfig:"SMTP_HOST" example:"smtp.example.org" desc:"Mail server that takes the mail. Required in production; unset in development: mail stays in the outbox, where a page shows it"`
	Port     int           `envconfig:"SMTP_PORT" unit:"TCP port" desc:"Port of the mail server; unset: 587, or 465 with SMTP_SECURITY=tls"`
	Security Security      `envconfig:"SMTP_SECURITY" default:"starttls" desc:"starttls: encryption is asked for and must be given; tls: encrypted from the start; none: not encrypted, only to a server on this machine"`
	CA       string        `envconfig:"SMTP_CA" example:"/etc/openhouse/mail-ca.pem" desc:"PEM file with the authorities that may have signed the mail server's certificate; unset: the system's"`
	User     string        `envconfig:"SMTP_USER" desc:"Name to sign in to the mail server with; unset: without signing in"`
	Password config.Secret `envconfig:"SMTP_PASSWORD" file:"true" desc:"Password that belongs to SMTP_USER"`

	From    string `envconfig:"MAIL_FROM" example:"no-reply@example.org" desc:"Address that mail comes from; the company's name stands before it. Required with SMTP_HOST"`
	ReplyTo string `envconfig:"MAIL_REPLY_TO" example:"help@example.org" desc:"Address that answers go to; unset: MAIL_FROM"`
}

// Enabled reports whether mail is sent at all.
func (c Config) Enabled() bool { return c.Host != "" }

// Validate refuses settings that can't work, all at once, each by its name.
func (c *Config) Validate() error {
	var errs []error
	refuse := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.Security != StartTLS && c.Security != TLS && c.Security != Plain {
		refuse("SMTP_SECURITY is %q: give starttls, tls or none", c.Security)
	}
	if c.Port < 0 || c.Port > 65535 {
		refuse("SMTP_PORT is %d: give a number from 1 to 65535", c.Port)
	}
	if !c.Enabled() {
		for name, set := range map[string]bool{
			"SMTP_PORT": c.Port != 0, "SMTP_CA": c.CA != "", "SMTP_USER": c.User != "", "SMTP_PASSWORD": c.Password != "",
		} {
			if set {
				refuse("%s is set, but SMTP_HOST is not: nothing would be sent; set SMTP_HOST too", name)
			}
		}
		return errors.Join(errs...)
	}
	if strings.ContainsAny(c.Host, ":/@ []") && !isAddress(c.Host) {
		refuse("SMTP_HOST is %q: give a name or an address alone; the port is SMTP_PORT", c.Host)
	}
	if c.Security == Plain && !loopback(c.Host) {
		refuse("SMTP_SECURITY is none, but %s is another machine: passwords and links would be readable on the way; use starttls or tls", c.Host)
	}
	if (c.User == "") != (c.Password == "") {
		refuse("SMTP_USER and SMTP_PASSWORD belong together: set both or none")
	}
	if _, err := c.roots(); err != nil {
		refuse("SMTP_CA: %w", err)
	}
	if c.From == "" {
		refuse("MAIL_FROM is required with SMTP_HOST: give the address that mail comes from")
	} else if !bareAddress(c.From) {
		refuse("MAIL_FROM is %q: give one address, such as no-reply@example.org", c.From)
	}
	if c.ReplyTo != "" && !bareAddress(c.ReplyTo) {
		refuse("MAIL_REPLY_TO is %q: give one address, such as help@example.org", c.ReplyTo)
	}
	return errors.Join(errs...)
}

// port is the one to connect to.
func (c Config) port() int {
	switch {
	case c.Port != 0:
		return c.Port
	case c.Security == TLS:
		return 465
	}
	return 587
}

// roots are the authorities of SMTP_CA; nil for the system's.
func (c Config) roots() (*x509.CertPool, error) {
	if c.CA == "" {
		return nil, nil
	}
	text, err := os.ReadFile(c.CA)
	if err != nil {
		return nil, fmt.Errorf("the file can't be read: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s has no certificate in PEM form", c.CA)
	}
	return pool, nil
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// bareAddress reports whether text is one address and nothing else: no name, no list, no line break.
func bareAddress(text string) bool {
	a, err := mail.ParseAddress(text)
	return err == nil && a.Name == "" && a.Address == text && !hasControl(text)
}
