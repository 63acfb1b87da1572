package web

import (
	"context"
	"io"
	"net/http"
	"net/netip"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/google/uuid"
)

// request is what this package remembers of one request. It is made by the
// outermost middleware and filled on the way in, so that the access log, which
// ends last, can read it.
type request struct {
	id       string
	clientIP netip.Addr
	tenantID uuid.UUID // of the verified token; uuid.Nil without one
	quiet    bool      // a health probe

	writer    middleware.WrapResponseWriter
	lifetime  context.Context // as the server gave it: ends when the client is gone
	body      io.ReadCloser   // without a limit
	bodyLimit int64
	digest    *digestBody // nil unless the request carries an idempotency key as a header
}

type requestKey struct{}

// requestOf never returns nil: a handler that is called without Base, as in a
// unit test, gets an empty one.
func requestOf(r *http.Request) *request {
	if q, ok := r.Context().Value(requestKey{}).(*request); ok {
		return q
	}
	return &request{lifetime: r.Context(), bodyLimit: DefaultBodyLimit}
}

// RequestID returns the id under which this request stands in the log.
func RequestID(r *http.Request) string { return requestOf(r).id }

// ClientIP returns the address of the client, seen past the trusted proxies;
// the zero Addr if there is none.
func ClientIP(r *http.Request) netip.Addr { return requestOf(r).clientIP }

const unmatched = "unmatched"

// routePattern names the route as it was mounted ("/developments/{id}"), which
// unlike the URL holds nothing personal. It is complete once routing is done.
func routePattern(r *http.Request) string {
	if p := chi.RouteContext(r.Context()).RoutePattern(); p != "" {
		return p
	}
	return unmatched
}
