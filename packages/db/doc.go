// Package db is the only way to Postgres: one pool, and four doors through it.
//
//   - [Read] runs read-only statements under a [Scope]. It may run its callback more than once.
//   - [Write] runs one transaction under a Scope, with an idempotency key and audit events.
//   - [Door] runs the narrow functions that are needed before there is a scope (sign-in, link look-up).
//   - [Pool.WithClient] lends one connection for raw SQL and connection-level settings, and cleans it afterwards.
//
// A connection is lent to a callback and never handed out, so it can't be forgotten. The role and the company of
// a Scope travel in the same round trip as the first statement and end with its transaction: a statement outside
// a scope is refused by Postgres itself.
//
// The package knows Postgres and the idea of a scope. It refuses to know table names, HTTP and tokens: what a
// company, a home or a session is, its callers know. No driver type that could outlive a lease leaves it.
package db
