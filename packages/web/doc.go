// Package web is what both portals need over HTTP: the middleware around every
// request, the guard by role, the one table that turns errors into answers, the
// health routes, and the server's life from the first connection to the last.
//
// A portal makes one [App], mounts [App.Base] and [App.Authenticate] on its own
// chi router, names every route with [App.Allow] and [App.Handle], and
// hands the router to [Serve]. Handlers return an error; nothing but the table
// decides what a client gets to read about it.
//
// An error carries its sentence as a key of the catalogue (package text); the
// words are found when the answer is written, in the client's language.
//
// The package refuses to know what is on a page, what a company or a home is,
// and any table. Of the database it knows its health and its sentinel errors.
package web
