// Package bench measures packages/knowledge on papers and questions of the project's own: thirty documents of five
// house types in two developments, in four formats, with superseded versions beside them; two halves of questions, of
// which one is for tuning and of the other only the totals are looked at; beside two plain ways to search, on the same rows.
//
// All of it is tests: go test -v ./packages/knowledge/bench prints the table. Companies, places and numbers are invented.
package bench
