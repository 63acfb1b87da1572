package ui

import (
	"context"
	"net/http"
	"strconv"

	"github.com/a-h/templ"

	"openhouse.example/packages/ui/text"
)

// known are the statuses that have words of their own; others use those of
// their class.
var known = map[int]string{
	http.StatusUnauthorized:          "lock",
	http.StatusForbidden:             "lock",
	http.StatusNotFound:              "search",
	http.StatusConflict:              "users",
	http.StatusRequestEntityTooLarge: "file",
	http.StatusUnprocessableEntity:   "edit",
	http.StatusTooManyRequests:       "clock",
	http.StatusInternalServerError:   "wrench",
	http.StatusServiceUnavailable:    "cloud-off",
}

// nearest is the status whose words fit best.
func nearest(status int) int {
	switch {
	case known[status] != "":
		return status
	case passes(status):
		return http.StatusServiceUnavailable
	case status >= 500:
		return http.StatusInternalServerError
	default:
		return http.StatusUnprocessableEntity
	}
}

// passes reports whether a failure goes away by itself: the database is away or too slow, or has no room.
func passes(status int) bool {
	switch status {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, http.StatusInsufficientStorage:
		return true
	}
	return false
}

func errorTitle(ctx context.Context, status int) string {
	return text.T(ctx, "error."+strconv.Itoa(nearest(status))+".title")
}

func errorText(ctx context.Context, status int) string {
	return text.T(ctx, "error."+strconv.Itoa(nearest(status))+".text")
}

func errorIcon(status int) string { return known[nearest(status)] }

// retryAttributes tell the script when to try again.
func retryAttributes(seconds int) templ.Attributes {
	return templ.Attributes{"data-retry": strconv.Itoa(seconds)}
}

// ErrorPages answers failed requests of one portal with ErrorPage.
type ErrorPages struct{ Portal Portal }

// defaultRetry is how long a page waits with trying again when nobody said.
const defaultRetry = 5

// Error writes the whole answer. A page that was asked for with GET while the
// service is away or too slow (502, 503, 504, 507) loads itself again, with and
// without JavaScript; a form is never sent again by itself. The wait is that of a Retry-After header which
// the caller has set, else 5 seconds.
func (e ErrorPages) Error(w http.ResponseWriter, r *http.Request, status int, code, public, requestID string) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	retry := 0
	if passes(status) && r.Method == http.MethodGet {
		retry = retryAfter(h)
	}
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return
	}
	// Without the request's deadline: when that has passed, this page is the
	// answer. A failed write means that the reader has gone.
	_ = ErrorPage(e.Portal, status, code, public, requestID, retry).Render(context.WithoutCancel(r.Context()), w)
}

// retryAfter reads the seconds of a Retry-After header, between 1 and 60.
func retryAfter(h http.Header) int {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil {
		return defaultRetry
	}
	return min(max(seconds, 1), 60)
}
