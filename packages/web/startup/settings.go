package startup

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"openhouse.example/packages/config"
	"openhouse.example/packages/web"
)

// Load fills cfg, a pointer to the portal's Config, from the environment: lookup gives one variable, environ
// ("NAME=value" each) is searched for names that nobody knows. The error joins every mistake.
//
// Where the portal's own DATABASE_URL is set it stands in for DATABASE_URL, so that both portals can share one
// environment. Without a public address the portal is taken to be on this machine.
func (p Portal) Load(cfg Config, lookup func(string) (string, bool), environ []string) error {
	own, hint := OwnDatabase(p.Prefix, lookup)
	if err := config.LoadFrom(cfg, own, environ); err != nil {
		return errors.Join(err, hint)
	}
	s := cfg.Settings()
	s.DB.AppName = p.Name
	if *s.PublicURL == "" {
		listen := s.Server.Listen(p.Port)
		*s.PublicURL = web.PublicURL("http://localhost" + listen[strings.LastIndexByte(listen, ':'):])
	}
	return p.ownKey(lookup)
}

// ownKey refuses the other portal's key, where both are in one environment: whoever has one portal's key could sign
// the other's sessions.
func (p Portal) ownKey(lookup func(string) (string, bool)) error {
	for _, suffix := range []string{"", "_FILE"} {
		own, _ := lookup(p.Prefix + jwtKey + suffix)
		other, _ := lookup(p.Other + jwtKey + suffix)
		if own = strings.TrimSpace(own); own != "" && own == strings.TrimSpace(other) {
			return fmt.Errorf("%s and %s are the same key: make one for each portal with openssl genpkey -algorithm ed25519",
				p.Prefix+jwtKey+suffix, p.Other+jwtKey+suffix)
		}
	}
	return nil
}

// OwnDatabase returns lookup with the process's own address in place of DATABASE_URL, if it has one: the variable
// prefix + "_DATABASE_URL". hint is what to add to an error of loading, or nil.
func OwnDatabase(prefix string, lookup func(string) (string, bool)) (own func(string) (string, bool), hint error) {
	variable := prefix + databaseURL
	address, _ := lookup(variable)
	address = strings.TrimSpace(address)
	if address == "" {
		return lookup, nil
	}
	return func(name string) (string, bool) {
		if name == "DATABASE_URL" {
			return address, true
		}
		return lookup(name)
	}, fmt.Errorf("(%s is set: it is what DATABASE_URL means here)", variable)
}

// Check refuses what would be unsafe to serve with: a login shared with the other portal, and in production a missing
// key or a public address that people can't use. The error joins every mistake.
func (p Portal) Check(s Settings) error {
	production := s.Server.Production()
	errs := []error{s.PublicURL.Check(p.Prefix+publicURL, production)}
	// Two portals with one login would be one wall less: see docs/architecture.md, "The scope".
	if name := Login(s.DB.URL); name != "" && name == Login(s.OtherDatabase) {
		errs = append(errs, fmt.Errorf("%s and %s have the same login %q: give each portal its own, made by the migrate command",
			p.Prefix+databaseURL, p.Other+databaseURL, name))
	}
	if s.Key == "" && production {
		errs = append(errs, fmt.Errorf("%[1]s or %[1]s_FILE is required in production: make a key with openssl genpkey -algorithm ed25519",
			p.Prefix+jwtKey))
	}
	if production && madeHere(s.Key.Reveal()) {
		errs = append(errs, fmt.Errorf("%[1]s or %[1]s_FILE is the key that a portal in development made for itself: make one for production with openssl genpkey -algorithm ed25519",
			p.Prefix+jwtKey))
	}
	return errors.Join(errs...)
}

// Login is the name in a database's address, "" if there is none.
func Login(address config.Secret) string {
	u, err := url.Parse(address.Reveal())
	if err != nil {
		return ""
	}
	return u.User.Username()
}
