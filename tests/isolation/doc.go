// Package isolation proves that nobody reaches what isn't theirs: every route, with every method, by everybody, over
// the real programs, with two companies whose data look alike.
//
// Its contract:
//
//   - The routes come from the programs: each app's own test writes testdata/routes.golden from its router, and the
//     guard that stands there says what each person must be answered. A new route joins by itself. Only a new kind of
//     id in a path needs a line, in [kinds]; without it the test fails and says so.
//   - The tables come from the database: every text column of every company table carries a canary, a word that names
//     the company, the development, the house type, the home and the person it belongs to. A new table joins by itself
//     once migrations/testdata/company.sql has a row for it, which the tests of the migrations demand.
//   - Every answer is searched, to the members of a ZIP, the text of a PDF and the QR codes on its pages, for canaries
//     and ids that whoever asked may not see. After each person's attacks, what they may not see is compared with how
//     it was, row for row.
//   - Attempts and crossings are counted by class; there are no crossings. The same code must find holes that are
//     made on purpose, in the database (holes_test.go) and in copies of the source (codeholes_test.go).
//
// It knows HTTP, HTML forms and the catalogue of Postgres, and nothing of the handlers.
package isolation
