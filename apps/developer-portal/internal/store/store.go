// Package store is the developer portal's SQL. Every method takes the member of staff on whose behalf it runs as a
// typed argument and turns that into a database scope, so that Postgres shows one company, and a limited member of
// staff only some of its developments; the statements name the company once more.
//
// What happens before there is a person (signing in) goes through the door functions in doors.go.
//
// It refuses to know HTTP, tokens, words and what stands in a file. All SQL text is constant.
package store

import (
	"errors"

	"openhouse.example/packages/db"
	"openhouse.example/packages/platform"
)

// Role is the one database role that this portal's login is a member of.
const Role = platform.RoleStaff

var (
	// ErrLimited refuses a member of staff who sees some developments only what concerns the whole company.
	ErrLimited = errors.New("staff limited to developments can't do this")
	// ErrChanged says that a row is not as it was when the person looked at it.
	ErrChanged = errors.New("somebody else has changed this since")
)

// Store runs the statements on one pool. It is safe for concurrent use.
type Store struct{ pool *db.Pool }

// New returns a store on pool.
func New(pool *db.Pool) *Store { return &Store{pool: pool} }
