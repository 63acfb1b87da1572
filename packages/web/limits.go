package web

import (
	"context"
	"net/http"
	"strings"
	"time"
)

const (
	DefaultMaxInFlight = 2000
	DefaultBodyLimit   = 1 << 20 // bytes
	requestTime        = 15 * time.Second

	// StaticPrefix is where the app mounts its static files. They are served from
	// memory, and the page that refuses needs them too.
	StaticPrefix = "/static/"
)

// limitInFlight answers 503 to what is more than the portal can work on at
// once. A quick no keeps the answers of the others quick.
func (a *App) limitInFlight(next http.Handler) http.Handler {
	limit := int64(a.MaxInFlight)
	if limit <= 0 {
		limit = DefaultMaxInFlight
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, healthPrefix) || strings.HasPrefix(r.URL.Path, StaticPrefix) {
			next.ServeHTTP(w, r)
			return
		}
		defer a.inFlight.Add(-1)
		if a.inFlight.Add(1) > limit {
			a.fail(w, r, errOverloaded)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (a *App) limitBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := requestOf(r)
		q.limitBody(w, r, DefaultBodyLimit)
		next.ServeHTTP(w, r)
	})
}

func (q *request) limitBody(w http.ResponseWriter, r *http.Request, limit int64) {
	q.bodyLimit = limit
	r.Body = http.MaxBytesReader(w, q.body, limit)
	if r.Header.Get(keyHeader) != "" {
		q.digest = newDigestBody(r.Body)
		r.Body = q.digest
	}
}

func (a *App) limitTime(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), requestTime)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// Upload is a route's middleware that allows a body of up to limit bytes and
// gives the request d altogether, for reading it and for answering: a phone at
// the edge of its network needs more than the usual 15 s.
func (a *App) Upload(limit int64, d time.Duration) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			q := requestOf(r)
			end := time.Now().Add(d)
			control := http.NewResponseController(w)
			// Not every writer has deadlines (a test's recorder has none); where there
			// are none, none is in the way.
			_ = control.SetReadDeadline(end)
			_ = control.SetWriteDeadline(end.Add(requestTime))
			lifetime, cancel := context.WithDeadline(q.lifetime, end)
			defer cancel()
			r = r.WithContext(prolonged{lifetime, r.Context()})
			q.limitBody(w, r, limit)
			next.ServeHTTP(w, r)
		})
	}
}

// prolonged ends like one context and knows the values of another.
type prolonged struct {
	context.Context
	values context.Context
}

// Value asks the lifetime first: the standard library finds a context's parent
// through it.
func (c prolonged) Value(key any) any {
	if v := c.Context.Value(key); v != nil {
		return v
	}
	return c.values.Value(key)
}
