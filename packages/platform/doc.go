// Package platform keeps the tables that both portals share: idempotency keys
// and the audit log (as the ledger of a db.Write), sessions, the mail outbox and
// rate limits; and what secrets are made of, passwords and one-time tokens.
//
// Its functions take the handle of a scope that the caller opened, or go through
// a door where there is none yet. It refuses to know HTTP, and what a person may
// do: whom a scope stands for, the portals know.
package platform
