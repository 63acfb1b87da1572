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
	DatabaseURL    config.Secret `envconfig:"TENANT_DATABASE_URL" desc:"Stands in for DATABASE_URL in the tenant portal, so that both portals can share one environment"`
	OtherPortalURL config.Secret `envconfig:"DEVELOPER_DATABASE_URL" desc:"The developer portal's address; the tenant portal only checks that it is another login"`
	DB             db.Config
	Files          files.Config

	PublicURL web.PublicURL `envconfig:"TENANT_PUBLIC_URL" example:"https://homes.example.org" desc:"Where residents reach the tenant portal: links in mails lead there. Required in production; unset in development: http://localhost and the port"`
	Key       config.Secret `envconfig:"TENANT_JWT_KEY" file:"true" desc:"Ed25519 private key (PEM) that signs residents' sessions; several: the first signs, all verify. Required in production; unset in development: one is made in .local"`
}

// loadConfig reads the environment and refuses what can't work, all mistakes at once.
func loadConfig(lookup func(string) (string, bool), environ []string) (*Config, error) {
	var c Config
	return &c, self.Load(&c, lookup, environ)
}

// Settings are those that the developer portal has too.
func (c *Config) Settings() startup.Settings {
	return startup.Settings{Server: &c.Server, DB: &c.DB, OtherDatabase: c.OtherPortalURL, PublicURL: &c.PublicURL, Key: c.Key}
}

// Validate refuses what would be unsafe to serve with.
func (c *Config) Validate() error {
	return errors.Join(self.Check(c.Settings()), c.Files.Check(c.Server.Production()))
}
