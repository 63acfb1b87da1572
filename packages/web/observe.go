package web

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5/middleware"
	"github.com/google/uuid"
)

const (
	requestIDHeader = "X-Request-Id"
	// HealthPath and LivePath are where the health routes are mounted. Requests
	// under healthPrefix are quiet in the log and never refused for load.
	HealthPath   = "/api/health/db"
	LivePath     = "/api/health/live"
	healthPrefix = "/api/health/"
)

// observe gives the request its id and writes its one line of the access log:
// the route's pattern, never the URL, whose parts may be secret or personal.
func (a *App) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		q := &request{
			id:        saneRequestID(r.Header.Get(requestIDHeader)),
			clientIP:  clientIP(r, a.TrustedProxies),
			quiet:     strings.HasPrefix(r.URL.Path, healthPrefix),
			writer:    middleware.NewWrapResponseWriter(w, r.ProtoMajor),
			lifetime:  r.Context(),
			body:      r.Body,
			bodyLimit: DefaultBodyLimit,
		}
		w.Header().Set(requestIDHeader, q.id)
		r = r.WithContext(context.WithValue(r.Context(), requestKey{}, q))
		whole := false
		defer func() { a.access(r, q, time.Since(start), whole) }()
		next.ServeHTTP(q.writer, r)
		whole = true
	})
}

func (a *App) access(r *http.Request, q *request, took time.Duration, whole bool) {
	level := slog.LevelInfo
	if q.quiet {
		level = slog.LevelDebug
	}
	if !a.Log.Enabled(r.Context(), level) {
		return
	}
	status := q.writer.Status()
	if status == 0 && whole {
		status = http.StatusOK // what net/http sends for a handler that wrote nothing
	}
	attrs := []slog.Attr{
		slog.String("method", r.Method),
		slog.String("route", routePattern(r)),
		slog.Int("status", status),
		slog.Float64("ms", float64(took.Microseconds())/1000),
		slog.Int("bytes", q.writer.BytesWritten()),
		slog.String("request_id", q.id),
	}
	if q.tenantID != uuid.Nil {
		attrs = append(attrs, slog.String("tenant_id", q.tenantID.String()))
	}
	if !whole {
		attrs = append(attrs, slog.Bool("aborted", true))
	}
	a.Log.LogAttrs(r.Context(), level, "request", attrs...)
}

// saneRequestID takes the id that a proxy gave if it is one that can stand in a
// log and in a header, else it makes one.
func saneRequestID(given string) string {
	if len(given) < 8 || len(given) > 64 {
		return uuid.NewString()
	}
	for _, c := range given {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return uuid.NewString()
		}
	}
	return given
}
