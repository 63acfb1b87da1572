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
	standing, hint := p.standing(lookup)
	if err := config.LoadFrom(cfg, standing, environ); err != nil {
		return errors.Join(err, hint)
	}
	s := cfg.Settings()
	s.DB.AppName = p.Name
	if *s.PublicURL == "" {
		listen := s.Server.Listen(p.Port)
		*s.PublicURL = web.PublicURL("http://localhost" + listen[strings.LastIndexByte(listen, ':'):])
	}
	return nil
}

// standing returns lookup with the portal's own address in place of DATABASE_URL. hint is what to add to an error of
// loading, or nil.
func (p Portal) standing(lookup func(string) (string, bool)) (standing func(string) (string, bool), hint error) {
	variable := p.Prefix + databaseURL
	own, _ := lookup(variable)
	own = strings.TrimSpace(own)
	if own == "" {
		return lookup, nil
	}
	return func(name string) (string, bool) {
		if name == "DATABASE_URL" {
			return own, true
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
	if name := login(s.DB.URL); name != "" && name == login(s.OtherDatabase) {
		errs = append(errs, fmt.Errorf("%s and %s have the same login %q: give each portal its own, made by the migrate command",
			p.Prefix+databaseURL, p.Other+databaseURL, name))
	}
	if s.Key == "" && production {
		errs = append(errs, fmt.Errorf("%[1]s or %[1]s_FILE is required in production: make a key with openssl genpkey -algorithm ed25519",
			p.Prefix+jwtKey))
	}
	return errors.Join(errs...)
}

// login is the name in a database's address, "" if there is none.
func login(address config.Secret) string {
	u, err := url.Parse(address.Reveal())
	if err != nil {
		return ""
	}
	return u.User.Username()
}
