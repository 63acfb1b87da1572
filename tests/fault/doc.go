// Package fault breaks the database and the network under the running portal and counts what its users see.
//
// The same load runs at the same time over the portal, over a program on plain pgxpool, and over the same program
// with twenty lines of retry, each through a proxy of its own to one private Postgres. Every request's outcome is
// counted. The faults are those of docs/reliability.md, under the same numbers.
package fault
