package main

import (
	"errors"

	"openhouse.example/packages/config"
	"openhouse.example/packages/db"
	"openhouse.example/packages/platform/files"
	"openhouse.example/packages/web"
	"openhouse.example/packages/web/startup"
)

// Config is everything that the environment decides about serving.
type Config struct {
	Server web.ServerConfig

	// DatabaseURL is read by startup before the others: it takes DATABASE_URL's place.
	DatabaseURL    config.Secret `envconfig:"DEVELOPER_DATABASE_URL" desc:"Stands in for DATABASE_URL in the developer portal, so that both portals can share one environment"`
	OtherPortalURL config.Secret `envconfig:"TENANT_DATABASE_URL" desc:"The tenant portal's address; the developer portal only checks that it is another login"`
	DB             db.Config
	Files          files.Config

	PublicURL    web.PublicURL `envconfig:"DEVELOPER_PUBLIC_URL" example:"https://staff.example.org" desc:"Where staff reach the developer portal. Required in production; unset in development: http://localhost and the port"`
	ResidentsURL web.PublicURL `envconfig:"TENANT_PUBLIC_URL" example:"https://homes.example.org" desc:"Where residents reach the tenant portal: links in mails and printed codes lead there. Required in production; unset in development: http://localhost:3002"`
	SMTPHost     string        `envconfig:"SMTP_HOST" desc:"Mail server of the worker; the developer portal only looks whether there is one: without, a page shows the outbox in development"`
	Key          config.Secret `envconfig:"DEVELOPER_JWT_KEY" file:"true" desc:"Ed25519 private key (PEM) that signs the sessions of staff; several: the first signs, all verify. Required in production; unset in development: one is made in .local"`
}

// loadConfig reads the environment and refuses what can't work, all mistakes at once.
func loadConfig(lookup func(string) (string, bool), environ []string) (*Config, error) {
	var c Config
	err := self.Load(&c, lookup, environ)
	if c.ResidentsURL == "" {
		c.ResidentsURL = "http://localhost:3002"
	}
	return &c, err
}

// Settings are those that the tenant portal has too.
func (c *Config) Settings() startup.Settings {
	return startup.Settings{Server: &c.Server, DB: &c.DB, OtherDatabase: c.OtherPortalURL, PublicURL: &c.PublicURL, Key: c.Key}
}

// Outbox reports whether there is a page that shows the mail: in development, where nothing sends it.
func (c *Config) Outbox() bool { return !c.Server.Production() && c.SMTPHost == "" }

// Validate refuses what would be unsafe to serve with.
func (c *Config) Validate() error {
	return errors.Join(self.Check(c.Settings()), c.ResidentsURL.Check("TENANT_PUBLIC_URL", c.Server.Production()), c.Files.Check(c.Server.Production()))
}
