package web

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
)

// Handler answers a request or returns why it can't. It writes nothing before
// it is sure to succeed.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Handle turns a Handler into what a router mounts: errors go through the error
// table, and become JSON or a page as WantsJSON says.
func (a *App) Handle(h Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var err error
		if limit := requestOf(r).bodyLimit; r.ContentLength > limit {
			err = TooLarge(limit) // before a byte of it is read
		} else {
			err = h(w, r)
		}
		if err != nil {
			a.fail(w, r, err)
		}
	}
}

// NotFound answers for routes that don't exist, with the bytes of NotFound.
func (a *App) NotFound() http.HandlerFunc {
	return a.Handle(func(http.ResponseWriter, *http.Request) error { return NotFound() })
}

// MethodNotAllowed answers for routes that exist, but not for this method.
func (a *App) MethodNotAllowed() http.HandlerFunc {
	return a.Handle(func(w http.ResponseWriter, r *http.Request) error {
		routes := chi.RouteContext(r.Context()).Routes
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			if routes.Match(chi.NewRouteContext(), method, r.URL.Path) {
				w.Header().Add("Allow", method)
			}
		}
		return errMethod
	})
}

// fail logs an error and answers it.
func (a *App) fail(w http.ResponseWriter, r *http.Request, err error) {
	q := requestOf(r)
	out := decide(err)
	switch ended := context.Cause(q.lifetime); {
	case errors.Is(ended, errCut):
		out = stopping
	case isSlowBody(err):
		// net/http ends the request's context as well, but the client is still there.
	case errors.Is(ended, context.Canceled):
		out = clientGone
	}
	a.logFailure(r, q, out, err)
	a.answer(w, r, out)
}

// logFailure writes what the client isn't told. An error of the database comes
// with the route and the pool's figures.
func (a *App) logFailure(r *http.Request, q *request, out outcome, err error) {
	if !a.Log.Enabled(r.Context(), out.level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("error", err.Error()),
		slog.String("method", r.Method),
		slog.String("route", routePattern(r)),
		slog.Int("status", out.status),
		slog.String("code", out.code),
		slog.String("request_id", q.id),
	}
	if q.tenantID != uuid.Nil {
		attrs = append(attrs, slog.String("tenant_id", q.tenantID.String()))
	}
	if _, ok := asDatabase(err); ok && a.Pool != nil {
		stats := a.Pool.GetPoolStats()
		attrs = append(attrs, slog.Group("poolStats",
			slog.Int("totalCount", stats.TotalCount),
			slog.Int("idleCount", stats.IdleCount),
			slog.Int("waitingCount", stats.WaitingCount)))
	}
	if out.retry > 0 { // not an event but a state, which every request meets
		a.folds.write(a.Log, foldKey{out.code, r.Method + " " + routePattern(r)}, out.level, attrs)
		return
	}
	a.Log.LogAttrs(r.Context(), out.level, "request failed", attrs...)
}

// answer writes an outcome. Half an answer that was already sent can't be taken
// back: the connection is cut, so that nobody takes it for a whole one.
func (a *App) answer(w http.ResponseWriter, r *http.Request, out outcome) {
	q := requestOf(r)
	if q.writer != nil && q.writer.Status() != 0 {
		panic(http.ErrAbortHandler)
	}
	if out.status == statusClientGone {
		w.WriteHeader(statusClientGone) // without it net/http would send 200 to whoever still listens
		return
	}
	h := w.Header()
	for _, name := range []string{"Content-Length", "Content-Type", "Content-Encoding", "Content-Disposition", "ETag", "Last-Modified"} {
		h.Del(name) // of the answer that the handler had in mind
	}
	h.Set("Cache-Control", "no-store")
	if out.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(out.retry.Seconds()))))
	}
	if out.status == http.StatusUnauthorized && a.sentCookie(r) {
		a.ClearSession(w) // it is of no use any more
	}
	requestID := q.id
	if out.status == http.StatusNotFound {
		requestID = "" // a 404 has the same bytes whatever was asked for
	}
	switch {
	case WantsJSON(r):
		if out.status == http.StatusUnauthorized {
			h.Set("WWW-Authenticate", `Bearer realm="`+a.Portal+`"`)
		}
		writeErrorJSON(w, r, out, requestID)
	case out.status == http.StatusUnauthorized && a.SignInPath != "" && r.URL.Path != a.SignInPath:
		http.Redirect(w, r, a.signInURL(r), http.StatusSeeOther)
	case a.Pages != nil:
		a.Pages.Error(w, r, out.status, out.code, out.public.In(r.Context()), requestID)
	default:
		http.Error(w, out.public.In(r.Context()), out.status)
	}
}

type errorBody struct {
	Error struct {
		Code      string            `json:"code"`
		Message   string            `json:"message"`
		Fields    map[string]string `json:"fields,omitempty"`
		RequestID string            `json:"requestId,omitempty"`
	} `json:"error"`
}

func writeErrorJSON(w http.ResponseWriter, r *http.Request, out outcome, requestID string) {
	var body errorBody
	body.Error.Code, body.Error.Message = out.code, out.public.In(r.Context())
	body.Error.Fields, body.Error.RequestID = say(r.Context(), out.fields), requestID
	w.Header().Set("Content-Type", "application/json")
	w.Header().Add("Vary", "Accept")
	w.WriteHeader(out.status)
	_ = json.NewEncoder(w).Encode(body) // the client may be gone; there is nobody else to tell
}
