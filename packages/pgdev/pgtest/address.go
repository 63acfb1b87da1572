package pgtest

import (
	"net/url"
	"strings"

	"openhouse.example/migrations"
)

// adminURL is the superuser's address of a database of the host.
func (h *host) adminURL(db string) string {
	u := *h.admin
	u.Path, u.RawPath = "/"+db, ""
	return u.String()
}

// ownerURL connects as the superuser and then is the owner, the way migrations
// and operators' commands do.
func (h *host) ownerURL(db string) string {
	u := *h.admin
	u.Path, u.RawPath = "/"+db, ""
	q := u.Query()
	q.Set("options", strings.TrimSpace(q.Get("options")+" -c role="+migrations.RoleOwner))
	u.RawQuery = encode(q)
	return u.String()
}

// loginURL is the address for one of the login roles.
func (h *host) loginURL(db, login string) string {
	u := *h.admin
	u.Path, u.RawPath = "/"+db, ""
	u.User = url.UserPassword(login, h.loginPassword(login))
	return u.String()
}

// encode writes a space as %20: the C library of Postgres takes a plus sign for
// a plus sign.
func encode(q url.Values) string { return strings.ReplaceAll(q.Encode(), "+", "%20") }
