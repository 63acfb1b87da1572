// Package startup is what both portals do around serving: read the command line and the settings, find the signing
// keys, open the pool, and in the end close what was opened, in order.
//
// A portal's main.go says with a Program what its own command is made of, its config.go gives each setting its name,
// and its run takes the Base, mounts its routes on it and serves. This package refuses to know any portal's routes,
// roles, tables and pages.
package startup

import (
	"openhouse.example/packages/config"
	"openhouse.example/packages/db"
	"openhouse.example/packages/web"
)

// Portal is by what this package tells one portal from the other.
type Portal struct {
	Name   string // auth.PortalDeveloper or auth.PortalTenant; its command has the same name
	Prefix string // how the names of its own variables begin, such as DEVELOPER
	Other  string // how the other portal's begin
	Port   int    // where it listens unless PORT or LISTEN_ADDR says otherwise
}

// What the variables are called behind the prefix.
const (
	databaseURL = "_DATABASE_URL"
	publicURL   = "_PUBLIC_URL"
	jwtKey      = "_JWT_KEY"
)

// Config is a portal's own Config, of which this package needs the Settings.
type Config interface{ Settings() Settings }

// Settings is the part of a portal's Config that both portals have, each under names of its own.
type Settings struct {
	Server        *web.ServerConfig
	DB            *db.Config
	OtherDatabase config.Secret  // address of the other portal's database, "" if not known
	PublicURL     *web.PublicURL // where people reach the portal
	Key           config.Secret  // PEM of the keys that sign and verify sessions, "" for one made on this machine
}
