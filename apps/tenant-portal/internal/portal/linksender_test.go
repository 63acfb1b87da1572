package portal

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

func TestMain(m *testing.M) {
	text.MustRegister(os.DirFS("../.."), "words")
	os.Exit(m.Run())
}

// Whoever asks for a link while too many are waiting (web.Later) is told so at once, and when to try again.
func TestAFullQueueOfLinksIsRefused(t *testing.T) {
	t.Parallel()
	app := &web.App{Portal: "tenant", Log: slog.New(slog.DiscardHandler)}
	w := httptest.NewRecorder()
	app.Handle(func(http.ResponseWriter, *http.Request) error { return errLinksBusy })(w, httptest.NewRequest(http.MethodPost, "/api/sign-in", nil))
	body := w.Body.String()
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "5" || !strings.Contains(body, `"code":"overloaded"`) ||
		!strings.Contains(body, "Very many people ask for a link at this moment.") {
		t.Errorf("%d, Retry-After %q: %s", w.Code, w.Header().Get("Retry-After"), body)
	}
}
