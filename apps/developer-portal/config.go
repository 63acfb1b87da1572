package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"openhouse.example/packages/config"
	"openhouse.example/packages/db"
	"openhouse.example/packages/web"
)

// standardPort is where the portal listens unless PORT or LISTEN_ADDR says otherwise.
const standardPort = 3001

// Config is everything that the environment decides about serving.
type Config struct {
	Server web.ServerConfig

	// Two portals with one login would be one wall less: see docs/architecture.md, "The scope".
	DatabaseURL    config.Secret `envconfig:"DEVELOPER_DATABASE_URL" desc:"Stands in for DATABASE_URL in the developer portal, so that both portals can share one environment"`
	OtherPortalURL config.Secret `envconfig:"TENANT_DATABASE_URL" desc:"The tenant portal's address; the developer portal only checks that it is another login"`
	DB             db.Config

	PublicURL    web.PublicURL `envconfig:"DEVELOPER_PUBLIC_URL" example:"https://staff.example.org" desc:"Where staff reach the developer portal. Required in production; unset in development: http://localhost and the port"`
	ResidentsURL web.PublicURL `envconfig:"TENANT_PUBLIC_URL" example:"https://homes.example.org" desc:"Where residents reach the tenant portal: links in mails and printed codes lead there. Required in production; unset in development: http://localhost:3002"`
	Key          config.Secret `envconfig:"DEVELOPER_JWT_KEY" file:"true" desc:"Ed25519 private key (PEM) that signs the sessions of staff; several: the first signs, all verify. Required in production; unset in development: one is made in .local"`

	warnings []string
}

// loadConfig reads the environment and refuses what can't work, all mistakes at once.
func loadConfig(lookup func(string) (string, bool), environ []string) (Config, error) {
	var c Config
	own, _ := lookup("DEVELOPER_DATABASE_URL")
	own = strings.TrimSpace(own)
	err := config.LoadFrom(&c, func(name string) (string, bool) {
		if name == "DATABASE_URL" && own != "" {
			return own, true
		}
		return lookup(name)
	}, environ)
	if err != nil && own != "" {
		err = errors.Join(err, errors.New("(DEVELOPER_DATABASE_URL is set: it is what DATABASE_URL means here)"))
	}
	c.warnings = config.Warnings(&c, environ)
	c.DB.AppName = "developer-portal"
	if c.PublicURL == "" {
		listen := c.Listen()
		c.PublicURL = web.PublicURL("http://localhost" + listen[strings.LastIndexByte(listen, ':'):])
	}
	if c.ResidentsURL == "" {
		c.ResidentsURL = "http://localhost:3002"
	}
	return c, err
}

// Validate refuses what would be unsafe to serve with.
func (c Config) Validate() error {
	var errs []error
	if name, shared := sharedLogin(c.DB.URL.Reveal(), c.OtherPortalURL.Reveal()); shared {
		errs = append(errs, fmt.Errorf("DEVELOPER_DATABASE_URL and TENANT_DATABASE_URL have the same login %q: give each portal its own, made by the migrate command", name))
	}
	errs = append(errs,
		c.PublicURL.Check("DEVELOPER_PUBLIC_URL", c.Server.Production()),
		c.ResidentsURL.Check("TENANT_PUBLIC_URL", c.Server.Production()))
	if c.Key == "" && c.Server.Production() {
		errs = append(errs, errors.New("DEVELOPER_JWT_KEY or DEVELOPER_JWT_KEY_FILE is required in production: make a key with openssl genpkey -algorithm ed25519"))
	}
	return errors.Join(errs...)
}

// Listen is the address to listen on.
func (c Config) Listen() string { return c.Server.Listen(standardPort) }

// sharedLogin reports whether two database addresses have the same login.
func sharedLogin(one, other string) (name string, shared bool) {
	a, err := url.Parse(one)
	if err != nil {
		return "", false
	}
	b, err := url.Parse(other)
	if err != nil {
		return "", false
	}
	name = a.User.Username()
	return name, name != "" && name == b.User.Username()
}
