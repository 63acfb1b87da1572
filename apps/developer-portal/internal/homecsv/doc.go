// Package homecsv turns the bytes of a spreadsheet export into homes and a
// list of what is wrong with it, line by line.
//
// It takes a file as people save it: any of the usual encodings and
// delimiters, column names in other words, dates in either order. It answers
// with a [File]: what was detected and guessed (so that a page can show it and
// let the user change it), one [Row] for each line that holds a home, and for
// every row that cannot be imported each [Problem] with its line and field.
// A row is good or bad, never both: it is good when it has no problems.
//
// A blank cell says nothing. It never clears a value that is already stored,
// so a file with fewer columns or with gaps can be imported again and again;
// [Diff] follows the same rule. To clear a value, edit the home.
//
// The package refuses to know about databases, HTTP, companies and
// developments. What is already stored reaches it only as arguments.
package homecsv
