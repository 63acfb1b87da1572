// Package webtest is what tests of a portal need over HTTP.
//
// It holds a portal's routes to what its routes.go says: it reads every route
// with its guard off the portal's own chi router; the list is kept in a golden
// file, and each guarded route is called without a token, with the other
// portal's and with too low a role. And it has the client that a portal's tests
// ask through, and the keys that sign its tokens.
//
// For tests only; no shipped program imports it. What a test does to the
// database is pgtest's.
package webtest
