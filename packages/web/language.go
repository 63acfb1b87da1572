package web

import (
	"net/http"

	"openhouse.example/packages/ui/text"
)

// language gives a request's answer its words in the language that the client
// asks for, as far as there is a catalogue.
func language(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(text.With(r.Context(), r.Header.Get("Accept-Language"))))
	})
}
