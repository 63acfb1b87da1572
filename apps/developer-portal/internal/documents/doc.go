// Package documents takes files of documents in and has them read.
//
// Kind decides by a file's content whether it is taken at all. Reader is the worker's: it makes what a file says
// searchable, outside of any transaction, and notes how that ended together with the end of its job, so that whoever is
// killed in between has lost and doubled nothing. Sweeper takes stored files away that no version names.
//
// It refuses to know HTTP, pages and who may upload.
package documents
