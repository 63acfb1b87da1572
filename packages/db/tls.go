package db

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
)

// tlsPlan decides from address and settings whether to use TLS. There are two outcomes only: verified TLS (chain
// and host name), or plain text that somebody has asked for. The driver's default, to try TLS and fall back, is
// never used.
func (c *Config) tlsPlan(u *url.URL) (verify bool, err error) {
	mode := u.Query().Get("sslmode")
	supabase := isSupabase(u.Hostname())
	switch mode {
	case "", "disable", "require", "verify-ca", "verify-full":
	case "prefer", "allow":
		return false, fmt.Errorf("DATABASE_URL has sslmode=%s, which falls back to plain text: remove it and set DATABASE_SSL=true (or false)", mode)
	default:
		return false, fmt.Errorf("DATABASE_URL has sslmode=%q, which does not exist: remove it and set DATABASE_SSL=true (or false)", mode)
	}
	wanted := mode == "require" || mode == "verify-ca" || mode == "verify-full"
	switch {
	case c.SSL != nil && *c.SSL && mode == "disable":
		return false, errors.New("DATABASE_SSL=true contradicts sslmode=disable in DATABASE_URL: remove one of them")
	case c.SSL != nil && !*c.SSL && wanted:
		return false, fmt.Errorf("DATABASE_SSL=false contradicts sslmode=%s in DATABASE_URL: remove one of them", mode)
	case supabase && (c.SSL != nil && !*c.SSL || mode == "disable"):
		return false, errors.New("DATABASE_SSL=false is refused for a Supabase host, which is reached over the internet: remove it (and any sslmode=disable)")
	case c.SSL != nil:
		verify = *c.SSL
	case wanted || supabase:
		verify = true
	case mode == "disable" || isLoopback(u):
		verify = false
	default:
		return false, fmt.Errorf("DATABASE_SSL is unset and DATABASE_URL's host %q is not this machine: set DATABASE_SSL=true, or false if the network between is trusted", u.Hostname())
	}
	if c.caFile(u) != "" && !verify {
		return false, errors.New("DATABASE_SSL_CA is given but TLS is off: set DATABASE_SSL=true, or remove DATABASE_SSL_CA")
	}
	if verify {
		if _, err := c.authorities(u); err != nil {
			return false, err
		}
	}
	return verify, nil
}

func (c *Config) caFile(u *url.URL) string {
	if c.SSLCA != "" {
		return c.SSLCA
	}
	return u.Query().Get("sslrootcert")
}

// authorities returns the pool to verify with; nil means the system's.
func (c *Config) authorities(u *url.URL) (*x509.CertPool, error) {
	file := c.caFile(u)
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("DATABASE_SSL_CA can't be read: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("DATABASE_SSL_CA: %s holds no PEM certificate", file)
	}
	return pool, nil
}

// tlsConfig is for one host of the address.
func (c *Config) tlsConfig(u *url.URL, host string) (*tls.Config, error) {
	pool, err := c.authorities(u)
	if err != nil {
		return nil, err
	}
	return &tls.Config{RootCAs: pool, ServerName: host, MinVersion: tls.VersionTLS12}, nil
}

func isSupabase(host string) bool {
	for _, domain := range []string{".supabase.co", ".supabase.com", ".supabase.in"} {
		if strings.HasSuffix(host, domain) {
			return true
		}
	}
	return false
}

func isLoopback(u *url.URL) bool {
	for host := range strings.SplitSeq(u.Host, ",") {
		name := (&url.URL{Host: host}).Hostname()
		ip := net.ParseIP(name)
		if name != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return false
		}
	}
	return true
}

// tlsCure adds to an error of the TLS handshake what the operator can do.
func tlsCure(err error) string {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &unknown):
		return "the server's certificate is signed by an authority that isn't trusted: set DATABASE_SSL_CA to that authority's PEM file"
	case errors.As(err, &name):
		return "the server's certificate is for another name: use the name in the certificate as DATABASE_URL's host"
	case errors.As(err, &invalid):
		return "the server's certificate is not valid (expired, or not for servers): renew it"
	case strings.Contains(err.Error(), "server refused TLS"):
		return "the server speaks no TLS: turn it on there, or set DATABASE_SSL=false if the network between is trusted"
	}
	return ""
}

func isTLSFailure(err error) bool {
	return tlsCure(err) != ""
}
