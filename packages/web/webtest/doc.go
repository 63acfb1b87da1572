// Package webtest holds a portal's routes to what its routes.go says.
//
// It reads every route with its guard off the portal's own chi router: the list
// is kept in a golden file, and each guarded route is called without a token,
// with the other portal's and with too low a role. For tests only; no shipped
// program imports it.
package webtest
