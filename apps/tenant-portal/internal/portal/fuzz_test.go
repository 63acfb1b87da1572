package portal

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"openhouse.example/packages/platform"
)

// Whatever stands in the path after /onboarding/ is no code or one code, in the one spelling that is looked up.
func FuzzOnboardingPath(f *testing.F) {
	for _, seed := range []string{
		"K7QF2M9DX3TB", "k7qf-2m9d-x3tb", "K7QF%202M9D%20X3TB", "%4b7QF2M9DX3TB", "%ff", "%", "%2f", "..%2f..", "K7QF/2M9DX3TB",
		"OIL000000000", "%E2%80%93K7QF2M9DX3TB", "%2541", "\x00", strings.Repeat("K", 200), "{code}", "?", "#",
	} {
		f.Add(seed)
	}
	var code string
	var ok, called bool
	router := chi.NewRouter()
	router.Get("/onboarding/{code}", func(_ http.ResponseWriter, r *http.Request) { code, ok = pathCode(r); called = true })
	f.Fuzz(func(t *testing.T, tail string) {
		to, err := url.ParseRequestURI("/onboarding/" + tail)
		if err != nil {
			return
		}
		called = false
		router.ServeHTTP(httptest.NewRecorder(), &http.Request{Method: http.MethodGet, URL: to, Header: http.Header{}})
		if !called || !ok {
			return
		}
		if again, fine := platform.ParseInviteCode(code); !fine || again != code || url.PathEscape(code) != code {
			t.Fatalf("%q became %q", tail, code)
		}
	})
}
