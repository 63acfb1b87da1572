// Package selfcheck looks at a running installation from outside and tries to get round what keeps companies apart: at
// the database with the portals' own logins, and over HTTP at the portals' public addresses.
//
// Its contract:
//
//   - [Run] changes nothing. What it tries to change is refused or rolled back.
//   - What is right comes from the program: the rules of the catalogue, the lists that the migrations make, the lists of
//     routes, the headers that packages/web sets. What is tried joins by itself when a table or a route does.
//   - A [Report] counts attempts and crossings by class, under the names that the project's own tests of isolation use.
//     A crossing is a sentence that names what was reached; it never holds what stood there.
//   - An error says that it could not look, never that all is well.
//
// It refuses to know handlers, pages and how the command is called.
package selfcheck
