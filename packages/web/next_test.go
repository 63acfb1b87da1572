package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"openhouse.example/packages/web"
)

// FuzzSafeNext: wherever somebody is sent after signing in, it is a page of this portal, also to a browser, which reads
// an address more kindly than the standard does.
func FuzzSafeNext(f *testing.F) {
	for _, seed := range []string{
		"", "/", "/homes/1?q=a&b=%2F#rows", "//evil.example.org", "/\\evil.example.org", "\\/evil.example.org", "///evil.example.org", "/\t/evil.example.org",
		"/\n/evil.example.org", " //evil.example.org", "https://evil.example.org", "https:evil.example.org", "javascript:alert(1)", "/%09/evil.example.org",
		"/..//evil.example.org", "/.//evil.example.org", "/%2F/evil.example.org", "/%5cevil.example.org", "/?next=//evil.example.org", "/#//evil.example.org",
		"/@evil.example.org", "/:80", "/\x00", "/\u2028/evil.example.org", "/\uFF0F/evil.example.org", "/%", "/a\r\nSet-Cookie: a=b", "/" + strings.Repeat("a", 3000),
	} {
		f.Add(seed)
	}
	base, err := url.Parse("https://staff.example.org/sign-in?next=x")
	if err != nil {
		f.Fatal(err)
	}
	stays := func(t *testing.T, next, address string) {
		t.Helper()
		// As browsers do: blanks around and tabs and line breaks within are dropped, and "\" is "/".
		read := strings.NewReplacer("\t", "", "\n", "", "\r", "", `\`, "/").Replace(strings.Trim(address, " \x00\x01\x1f\f"))
		if !strings.HasPrefix(read, "/") || strings.HasPrefix(read, "//") {
			t.Fatalf("%q leads to %q, which a browser reads as %q", next, address, read)
		}
		to, err := base.Parse(address)
		if err != nil || to.Host != base.Host || to.Scheme != base.Scheme || to.User != nil {
			t.Fatalf("%q leads to %q: %v, %v", next, address, to, err)
		}
	}
	f.Fuzz(func(t *testing.T, next string) {
		const fallback = "/fallback"
		got := web.SafeNext(next, fallback)
		if got != next && got != fallback {
			t.Fatalf("%q became %q", next, got)
		}
		stays(t, next, got)
		if web.SafeNext(got, "") != got {
			t.Fatalf("%q is safe once and not twice", got)
		}
		w := httptest.NewRecorder()
		http.Redirect(w, httptest.NewRequest(http.MethodPost, "/sign-in", nil), got, http.StatusSeeOther)
		if fields := w.Header().Values("Location"); len(fields) != 1 || len(w.Header().Values("Set-Cookie")) > 0 {
			t.Fatalf("%q makes a header of %q", next, w.Header())
		}
		stays(t, next, w.Header().Get("Location"))
	})
}
