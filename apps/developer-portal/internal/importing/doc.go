// Package importing carries a file of homes from its upload to the homes themselves: it reads the file, compares it
// with what the development has, stages every row for a preview, and commits the good ones when a person says so.
//
// The work goes on in the background, owned by the server's life and not by a request's. Every step of it is in the
// database before the next begins, so that another process can take over where one has died: staging begins anew,
// and a commit is one transaction that either happened or didn't.
//
// The package refuses to know HTTP and words; what is wrong with a file says package homecsv.
package importing
