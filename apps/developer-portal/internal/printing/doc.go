// Package printing carries a print from its order to sheets that can be had: it makes a code for every home, draws the
// files into the database piece by piece, and then, in one transaction, lets the new codes work and ends the old ones.
//
// The codes themselves are nowhere but in the files, which can be had for store.FileLife: only hashes are stored. So
// files and codes are made in one go, by one process. When that is cut before the end, nothing has changed: the old
// paper works, and another process begins anew with other codes. When it is cut after the end, or the download is lost,
// the sheet is printed again: paper that nobody has can be replaced without harm.
//
// The package refuses to know HTTP, and how sheets look: that says package sheets.
package printing
