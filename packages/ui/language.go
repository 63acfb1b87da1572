package ui

import (
	"net/http"

	"openhouse.example/packages/ui/text"
)

// Language is the middleware that gives a page its words in the language that the reader's browser asks for, as far
// as there is a catalogue.
func Language(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(text.With(r.Context(), r.Header.Get("Accept-Language"))))
	})
}
