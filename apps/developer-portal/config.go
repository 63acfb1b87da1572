package main

import (
	"errors"
	"fmt"

	"openhouse.example/packages/config"
	"openhouse.example/packages/db"
	"openhouse.example/packages/web"
	"openhouse.example/packages/web/startup"
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
	standing, hint := startup.Standing(lookup, "DEVELOPER_DATABASE_URL")
	err := config.LoadFrom(&c, standing, environ)
	if err != nil {
		err = errors.Join(err, hint)
	}
	c.warnings = config.Warnings(&c, environ)
	c.DB.AppName = "developer-portal"
	if c.PublicURL == "" {
		c.PublicURL = web.PublicURL(startup.Localhost(c.Listen()))
	}
	if c.ResidentsURL == "" {
		c.ResidentsURL = "http://localhost:3002"
	}
	return c, err
}

// Validate refuses what would be unsafe to serve with.
func (c Config) Validate() error {
	var errs []error
	if name, shared := startup.SharedLogin(c.DB.URL, c.OtherPortalURL); shared {
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
