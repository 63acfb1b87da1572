// Package knowledge makes answers of documents: bytes → text → passages → search → quotes. Three calls do it:
//
//	doc, err := extractor.Extract(ctx, file, size)     // outside of any transaction: it takes seconds
//	err = knowledge.Index(ctx, tx, version, doc)       // in the effect of the job, as the worker
//	answer, err := knowledge.Ask(ctx, q, tenantID, unitID, question) // in a db.Read, as a resident or as staff
//
// Extract reads PDF, DOCX, Markdown and plain text, which it tells apart by their content, and says of every other
// file, and of one that is locked, scanned, damaged or hostile, why it has no text: a Reason with a sentence for staff.
// A PDF is read in a sandbox with bounds on memory and time, so that no file can end the worker. An Extractor is made once a
// process, and closed at its end.
//
// Index writes all passages of a version, in place of those that it had, in the caller's transaction; IndexAnswer does the
// same for a published answer. Index the current version again when a document's scope changes.
//
// Ask quotes what the papers of a home say, each quote with document, version and page, or finds that they don't say.
// It has no model and asks nobody: what it answers stands in a paper that this home may see. Search gives the passages
// without judging whether they answer. Emergency tells a question that should not wait for an answer.
//
// The package refuses to know HTTP, pages, where files are kept and who may ask: row-level security and the scope that
// the caller opened decide what is found.
package knowledge
