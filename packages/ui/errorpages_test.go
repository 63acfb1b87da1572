package ui_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"openhouse.example/packages/ui"
)

type failed struct {
	method, retryAfter, message string
	status                      int
	portal                      ui.Portal
}

func fail(t *testing.T, ctx context.Context, f failed) *httptest.ResponseRecorder {
	t.Helper()
	if f.method == "" {
		f.method = http.MethodGet
	}
	w := httptest.NewRecorder()
	if f.retryAfter != "" {
		w.Header().Set("Retry-After", f.retryAfter)
	}
	r := httptest.NewRequestWithContext(ctx, f.method, "/homes", nil)
	ui.ErrorPages{Portal: f.portal}.Error(w, r, f.status, "some_code", f.message, "req-42")
	return w
}

func TestErrorPagesSayWhatAndWhatNext(t *testing.T) {
	t.Parallel()
	for status, title := range map[int]string{
		400: "Something in there isn’t right", 401: "Please sign in", 403: "This is not for your role", 404: "Page not found",
		405: "Something in there isn’t right", 409: "Somebody was faster", 413: "That is too large", 422: "Something in there isn’t right",
		429: "A little slower, please", 500: "Something went wrong", 501: "Something went wrong", 502: "Back in a moment", 503: "Back in a moment", 504: "Back in a moment", 507: "Back in a moment",
	} {
		w := fail(t, t.Context(), failed{status: status, portal: ui.TenantPortal})
		if w.Code != status {
			t.Errorf("status %d became %d", status, w.Code)
		}
		if got := w.Header().Get("Content-Type"); got != "text/html; charset=utf-8" {
			t.Errorf("%d: Content-Type %q", status, got)
		}
		if got := w.Header().Get("Cache-Control"); got != "no-store" {
			t.Errorf("%d: Cache-Control %q", status, got)
		}
		has(t, w.Body.String(), "<h1>"+title+"</h1>", `data-portal="resident"`, "<code>req-42</code>", "some_code", `href="/"`)
	}
}

func TestOnlyAPageThatWasReadTriesAgainByItself(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		failed
		seconds string
	}{
		"default":       {failed{status: 503}, "5"},
		"too slow":      {failed{status: 504, retryAfter: "1"}, "1"},
		"no room":       {failed{status: 507, retryAfter: "5"}, "5"},
		"server's wish": {failed{status: 503, retryAfter: "7"}, "7"},
		"too eager":     {failed{status: 503, retryAfter: "0"}, "1"},
		"too patient":   {failed{status: 503, retryAfter: "86400"}, "60"},
		"a date":        {failed{status: 503, retryAfter: "Mon, 24 Nov 2025 14:05:00 GMT"}, "5"},
	} {
		body := fail(t, t.Context(), c.failed).Body.String()
		if !strings.Contains(body, `<noscript><meta http-equiv="refresh" content="`+c.seconds+`">`) || !strings.Contains(body, `data-retry="`+c.seconds+`"`) {
			t.Errorf("%s: doesn't try again after %s s:\n%s", name, c.seconds, body)
		}
	}
	for name, c := range map[string]failed{
		"a form": {status: 503, method: http.MethodPost}, "not found": {status: 404}, "our fault": {status: 500, retryAfter: "5"},
	} {
		hasNot(t, fail(t, t.Context(), c).Body.String(), "http-equiv", "data-retry")
		if t.Failed() {
			t.Log(name)
		}
	}
	for _, status := range []int{503, 504, 507} {
		body := fail(t, t.Context(), failed{status: status, method: http.MethodPost, retryAfter: "5"}).Body.String()
		has(t, body, "it will not be done twice")
		hasNot(t, body, "http-equiv", "data-retry")
	}
}

func TestErrorPageIsWrittenAfterTheDeadline(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	has(t, fail(t, ctx, failed{status: 503}).Body.String(), "Back in a moment", "</html>")
}

func TestErrorPageShowsItsMessageEscaped(t *testing.T) {
	t.Parallel()
	body := fail(t, t.Context(), failed{status: 422, message: "The <file> is empty."}).Body.String()
	has(t, body, "The &lt;file&gt; is empty.")
	hasNot(t, body, "<file>", "Go back, check")
	if got := fail(t, t.Context(), failed{status: 404, method: http.MethodHead}).Body.Len(); got != 0 {
		t.Errorf("HEAD answered %d bytes", got)
	}
}
