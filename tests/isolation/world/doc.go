// Package world fills a migrated database with two companies, a and b, that look alike down to the names, so that
// whatever crosses from one to the other can be told by nothing but its canaries: words that stand in every text of
// every row, and say which row it is.
//
// The rows are those of migrations/testdata/company.sql, which the tests of the schema keep complete, and the few
// neighbours of neighbours.sql. The canaries come from Postgres' catalogue: a new table or column joins by itself, and
// a company table without a row is an error that says where to add one. Beside the text, [World] knows of every row
// whose it is: the company, and through columns and foreign keys the developments, house types, homes and people.
//
// It refuses to know policies and grants: what it says about a row is what they are judged by.
package world
