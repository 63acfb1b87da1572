// Package text holds every word that a person reads on screen.
//
// A catalogue is a folder of JSON files, one per language ("en.json"), that map
// a key to a message. Rooms own their words and register their folder once, at
// start; the words that rooms share live here. English is the reference: a key
// that another language lacks is answered in English. Adding a language means
// adding one file to each folder.
//
// The package knows nothing of HTTP, pages or the database. It never decides
// which language a person gets; the caller puts that in the context.
package text
