package web

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// PublicURL is the address under which people reach a portal, such as
// https://staff.example.org. It has no path.
type PublicURL string

// Decode reads the address as written in the environment.
func (p *PublicURL) Decode(value string) error {
	u, err := url.Parse(strings.TrimSuffix(value, "/"))
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return errors.New("is not an address: write it like https://staff.example.org")
	case u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return errors.New("has more than a host: write it like https://staff.example.org, without path, query or login")
	}
	*p = PublicURL(u.Scheme + "://" + strings.ToLower(u.Host))
	return nil
}

// Secure reports whether the address is reached through TLS.
func (p PublicURL) Secure() bool { return strings.HasPrefix(string(p), "https://") }

// Origin is the address as browsers write it in the Origin header.
func (p PublicURL) Origin() string { return string(p) }

// Join makes a whole address of a path on the portal.
func (p PublicURL) Join(path string) string { return string(p) + path }

// Loopback reports whether the address leads to this machine only.
func (p PublicURL) Loopback() bool { return isLoopback(string(p)) }

// Check says whether the address will do: in production it must be there, with
// TLS, and not on this machine. name is the variable to blame.
func (p PublicURL) Check(name string, production bool) error {
	if !production {
		return nil
	}
	switch {
	case p == "":
		return fmt.Errorf("%s is required in production: it is where links in mails and printed codes lead", name)
	case !p.Secure():
		return fmt.Errorf("%s must start with https:// in production: sessions travel over it", name)
	case p.Loopback():
		return fmt.Errorf("%s leads to this machine only: give the address that people use", name)
	}
	return nil
}

func isLoopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	host := u.Hostname()
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && ip.IsLoopback()
}
