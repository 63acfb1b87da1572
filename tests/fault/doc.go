// Package fault breaks the database and the network under the running portals and counts what their users see.
//
// A race puts the same load, at the same time, on the portal, on a program on plain pgxpool, and on the same program
// with twenty lines of retry, each through a proxy of its own to one private Postgres, while something breaks. Every
// request's outcome is counted, and a ledger of writes is held against the table afterwards. A fault that is about an
// answer rather than a load has a test of its own. The list of all faults, with where each is shown, is catalogue.
//
// The short form is part of `go test`; FAULT=full adds the long outages and judges time as well. SOAK is how long
// random faults go on, DOCS=1 renews docs/images/faults.svg and the table in docs/reliability.md.
package fault
