// Package store is the tenant portal's SQL. Every method takes the person on whose behalf it runs as a typed
// argument and turns that into a database scope, so that Postgres shows one home and nothing else; the statements
// name the company and the home once more.
//
// What happens before there is a person (asking for a link, entering by one) goes through the door functions in
// doors.go.
//
// It refuses to know HTTP, tokens and words. All SQL text is constant.
package store

import "openhouse.example/packages/db"

// Store runs the statements on one pool. It is safe for concurrent use.
type Store struct{ pool *db.Pool }

// New returns a store on pool.
func New(pool *db.Pool) *Store { return &Store{pool: pool} }
