package web

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
)

// recoverPanics answers a panic with 500 and logs its stack. http.ErrAbortHandler
// passes: it is how a handler asks for the connection to be cut.
func (a *App) recoverPanics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler { //nolint:errorlint // net/http compares it the same way
				panic(p)
			}
			q := requestOf(r)
			a.Log.LogAttrs(r.Context(), slog.LevelError, "handler panicked",
				slog.String("panic", fmt.Sprint(p)),
				slog.String("method", r.Method),
				slog.String("route", routePattern(r)),
				slog.String("request_id", q.id),
				slog.String("stack", string(debug.Stack())))
			a.answer(w, r, internal)
		}()
		next.ServeHTTP(w, r)
	})
}
